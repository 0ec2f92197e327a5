"""The strategies that come with CosmosQL."""
