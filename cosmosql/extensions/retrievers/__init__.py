"""The retrievers that come with CosmosQL."""
