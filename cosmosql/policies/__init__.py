"""Who answers a query: gains of larger tiers, thresholds and prices from known rows. Arrays only."""
