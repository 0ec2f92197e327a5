"""The sources that come with CosmosQL."""
