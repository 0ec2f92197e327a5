"""The predictors that come with CosmosQL."""
