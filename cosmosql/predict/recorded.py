"""What recorded answers cost and took, as was written down beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cosmosql.evidence.observation import Item
from cosmosql.interval import Unmeasured
from cosmosql.predict.cost import LATENCIES, TOKENS, drawn, exact, quantiles
from cosmosql.predict.forecast import Distribution
from cosmosql.predict.pairing import Array, row_weights
from cosmosql.schema.measures import PERCENTILES

RECORDED_CURRENCY = "USD"
"""Of `cost_usd`."""


def recorded_measures(
    items: Sequence[Item], currency: str, *, draws: int, n_test: int, seed: int
) -> dict[str, Distribution | Unmeasured]:
    """Tokens, money and seconds of a request under the common draws of rows; what some answer does
    not say is Unmeasured. Nothing was spent to have them: `adapt_cost` and `labels` are zero."""
    found: dict[str, Distribution | Unmeasured] = {
        "adapt_cost": exact(0.0, currency, draws, "measured"),
        "labels": exact(0.0, "label", draws, "measured"),
        "cached_tokens": Unmeasured("recorded answers do not say what was cached"),
    }
    if not items:
        nothing = Unmeasured("it was not measured")
        return found | dict.fromkeys((*TOKENS, *LATENCIES, "serve_cost"), nothing)
    weights = row_weights([item.row for item in items], draws=draws, seed=seed)
    weights = weights / weights.sum(axis=1, keepdims=True)

    def of(values: Array, unit: str) -> Distribution:
        return drawn(values, unit, "measured", len(items), n_test=n_test, seed=seed)

    for name in ("prompt_tokens", "completion_tokens"):
        # A count that an answer does not say stands as 0 in evidence.
        column = np.array([float(getattr(item, name)) for item in items])
        found[name] = (
            of(weights @ column, "tok/request")
            if column.all()
            else Unmeasured(f"not every recorded answer says its `{name}`")
        )
    money = column_of([item.cost for item in items], "cost_usd")
    if not isinstance(money, Unmeasured) and currency != RECORDED_CURRENCY:
        money = Unmeasured(f"its costs were recorded in {RECORDED_CURRENCY}, not in {currency}")
    found["serve_cost"] = (
        money
        if isinstance(money, Unmeasured)
        else of(weights @ money, f"{RECORDED_CURRENCY}/request")
    )
    waits = column_of([item.seconds for item in items], "latency_ms")
    if isinstance(waits, Unmeasured):
        return found | dict.fromkeys(LATENCIES, waits)
    found["latency"] = of(weights @ waits, "s")
    return found | {
        name: of(quantiles(waits, weights, share), "s") for name, share in PERCENTILES.items()
    }


def column_of(values: Sequence[float | None], name: str) -> Array | Unmeasured:
    """The values, shape (rows,), where every answer has one."""
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return Unmeasured(f"{len(known)} of {len(values)} recorded answers say their `{name}`")
    return np.array(known)


def recorded_latencies(items: Sequence[Item]) -> Mapping[str, float]:
    """Seconds of each row by its identity; empty where some answer does not say."""
    found = {item.row: item.seconds for item in items if item.seconds is not None}
    return found if len(found) == len(items) else {}
