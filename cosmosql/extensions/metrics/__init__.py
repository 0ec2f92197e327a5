"""The metrics that come with CosmosQL."""
