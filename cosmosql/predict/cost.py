"""What a candidate costs: once, and a request (docs/science.md, "Costs").

Modelled seconds come from the device profile alone, never from the timing of a single step. Money
a second is a Decimal from the declared price; draws of money are floats, rounded when written.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cosmosql.interval import Unmeasured
from cosmosql.predict.forecast import Adaptation, Distribution, Forecast
from cosmosql.predict.hardware import Rates, Tariff
from cosmosql.predict.pairing import Array
from cosmosql.predict.tokens import RequestTokens

Quantities = Mapping[str, Distribution | Unmeasured]


def exact(value: float, unit: str, draws: int, basis: str) -> Distribution:
    """A quantity without spread."""
    return Distribution(draws=np.full(draws, value), value=value, unit=unit, basis=basis, n=1)


def drawn(draws: Array, unit: str, basis: str, rows: int) -> Distribution:
    return Distribution(
        draws=draws, value=float(np.median(draws)), unit=unit, basis=basis, n=max(rows, 1)
    )


def request_seconds(tokens: RequestTokens, rates: Rates) -> Array:
    """Accelerator seconds of one request, shape (draws,)."""
    return np.asarray(tokens.prompt / rates.prefill + tokens.completion / rates.decode)


def serving(
    tokens: RequestTokens | Unmeasured, rates: Rates | Unmeasured, tariff: Tariff | Unmeasured
) -> Quantities:
    """`prompt_tokens`, `completion_tokens`, `latency` and `serve_cost` of one request: seconds
    times the price, over the share of the paid time in which requests are served."""
    if isinstance(tokens, Unmeasured):
        return dict.fromkeys(
            ("prompt_tokens", "completion_tokens", "latency", "serve_cost"), tokens
        )
    found: dict[str, Distribution | Unmeasured] = {
        "prompt_tokens": drawn(tokens.prompt, "tok/request", tokens.basis, tokens.rows),
        "completion_tokens": drawn(tokens.completion, "tok/request", tokens.basis, tokens.rows),
    }
    if isinstance(rates, Unmeasured):
        return found | {"latency": rates, "serve_cost": rates}
    seconds = request_seconds(tokens, rates)
    found["latency"] = drawn(seconds, "s", "predicted", tokens.rows)
    if isinstance(tariff, Unmeasured):
        return found | {"serve_cost": tariff}
    money = seconds * float(tariff.money_a_second) / tariff.utilisation
    unit = f"{tariff.currency}/request"
    return found | {"serve_cost": drawn(money, unit, "predicted", tokens.rows)}


def adapting(
    once: Adaptation | Unmeasured,
    rates: Rates | Unmeasured,
    tariff: Tariff | Unmeasured,
    *,
    draws: int,
) -> Distribution | Unmeasured:
    """The one-off cost: tokens of training and of embedding for an index, at the measured rates.
    Nothing to do costs exactly nothing."""
    if isinstance(once, Unmeasured):
        return once
    if isinstance(tariff, Unmeasured):
        return tariff
    if once.training_tokens == 0 and once.indexed_tokens == 0:
        return exact(0.0, tariff.currency, draws, "measured")
    if isinstance(rates, Unmeasured):
        return rates
    seconds = once.training_tokens / rates.training + once.indexed_tokens / rates.prefill
    return exact(seconds * float(tariff.money_a_second), tariff.currency, draws, "predicted")


def break_even(left: Forecast, right: Forecast) -> float | None:
    """The number of requests at which two candidates have cost the same; None where one is never
    dearer at any volume, or a cost is unmeasured."""
    costs = []
    for forecast in (left, right):
        once, each = forecast.measures.get("adapt_cost"), forecast.measures.get("serve_cost")
        if not (isinstance(once, Distribution) and isinstance(each, Distribution)):
            return None
        costs.append((once.value, each.value))
    (once_left, each_left), (once_right, each_right) = costs
    if each_left == each_right:
        return None
    volume = (once_right - once_left) / (each_left - each_right)
    return volume if volume > 0 else None
