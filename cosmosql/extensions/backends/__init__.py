"""The backends that come with CosmosQL."""
