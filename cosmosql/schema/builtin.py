"""The extensions that come with CosmosQL: one row each, and the only place that lists them."""

from __future__ import annotations

BUILTIN: tuple[tuple[str, str, str], ...] = (
    ("dataset", "jsonl", "cosmosql.extensions.sources.jsonl"),
    ("dataset", "csv", "cosmosql.extensions.sources.csv"),
    ("dataset", "parquet", "cosmosql.extensions.sources.parquet"),
    ("dataset", "hf", "cosmosql.extensions.sources.hf"),
    ("dataset", "generated", "cosmosql.extensions.sources.generated_source"),
    ("model", "hf", "cosmosql.extensions.backends.hf"),
    ("model", "recorded", "cosmosql.extensions.backends.recorded"),
    ("strategy", "baseline", "cosmosql.extensions.strategies.baseline"),
    ("strategy", "prompt", "cosmosql.extensions.strategies.prompt"),
    ("strategy", "icl", "cosmosql.extensions.strategies.icl"),
    ("strategy", "lora", "cosmosql.extensions.strategies.lora"),
    ("strategy", "qlora", "cosmosql.extensions.strategies.qlora"),
    ("retriever", "random", "cosmosql.extensions.retrievers.random"),
    ("retriever", "bm25", "cosmosql.extensions.retrievers.bm25"),
    ("retriever", "dense", "cosmosql.extensions.retrievers.dense"),
    ("metric", "accuracy", "cosmosql.extensions.metrics.accuracy"),
    ("metric", "macro_f1", "cosmosql.extensions.metrics.macro_f1"),
    ("metric", "exact_match", "cosmosql.extensions.metrics.exact_match"),
    ("metric", "token_f1", "cosmosql.extensions.metrics.token_f1"),
    ("predictor", "proxy", "cosmosql.extensions.predictors.proxy"),
    ("predictor", "finetune", "cosmosql.extensions.predictors.finetune"),
    ("predictor", "icl", "cosmosql.extensions.predictors.icl"),
    ("policy", "mix", "cosmosql.extensions.policies.mix"),
    ("policy", "cascade", "cosmosql.extensions.policies.cascade"),
    ("policy", "route", "cosmosql.extensions.policies.route"),
    ("policy", "cascade_route", "cosmosql.extensions.policies.cascade_route"),
)
"""(kind, name, module); the module is light to import and exposes `EXTENSION`."""
