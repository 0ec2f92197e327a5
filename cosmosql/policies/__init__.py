"""Who answers a query: gains of larger tiers, thresholds and prices, from arrays of known rows."""
