"""The policies that come with CosmosQL."""
