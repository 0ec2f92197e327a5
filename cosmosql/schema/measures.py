"""The quantities of a candidate that a query may ask for, besides the metrics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from cosmosql.schema.registry import extension, names

MEASURES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "adapt_cost": ("money", "One-off money: training, indexing, labels."),
        "serve_cost": ("money per request", "Money a request."),
        "endpoint_cost": (
            "money per request",
            "Money a request at the endpoint whose `price` the model names.",
        ),
        "batch_cost": (
            "money per request",
            "Money a request at that endpoint, of requests that may wait.",
        ),
        "latency": ("time", "Seconds a request takes on the declared hardware, on average."),
        "latency_p50": ("time", "Seconds within which half of the requests are answered."),
        "latency_p95": ("time", "Seconds within which 95 % of the requests are answered."),
        "latency_p99": ("time", "Seconds within which 99 % of the requests are answered."),
        "prompt_tokens": ("tokens per request", "Tokens of a request's prompt."),
        "cached_tokens": (
            "tokens per request",
            "Tokens of a request's prompt that earlier requests had in common: not read again.",
        ),
        "completion_tokens": ("tokens per request", "Tokens answered a request."),
        "memory": (
            "bytes",
            "Memory of the accelerator while it answers: weights, adapters, the longest request. "
            "Tiers of a policy that adapt the same model hold its weights once.",
        ),
        "labels": ("labels", "New labels to pay for: rows that it needs beyond the given ones."),
    }
)
"""Name of a measure to the name of its dimension and what it means. Metrics are ratios."""

PERCENTILES: Mapping[str, float] = MappingProxyType(
    {"latency_p50": 0.5, "latency_p95": 0.95, "latency_p99": 0.99}
)
"""The measures that are a quantile of the latency, and which."""

COSTS = ("adapt_cost", "serve_cost")
"""The measures that rest on a declared price."""


def quantities() -> Iterator[tuple[str, str, str]]:
    """Name, dimension and meaning of all that a query may ask for: metrics first, then measures."""
    for name in names("metric"):
        yield name, "ratio", extension("metric", name).doc
    for name, (dimension, doc) in MEASURES.items():
        yield name, dimension, doc
