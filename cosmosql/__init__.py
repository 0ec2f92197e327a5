"""CosmosQL: forecast, decide and execute LLM adaptation plans written as `.cosmos` specs."""

__version__ = "0.1.0"
