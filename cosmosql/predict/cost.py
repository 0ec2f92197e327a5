"""What a candidate costs: once, and a request (docs/science.md, "Costs").

Modelled seconds come from the device profile alone, never from the timing of a single step. Money
a second is a Decimal from the declared price; draws of money are floats, rounded when written.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cosmosql.identity import seed_of
from cosmosql.interval import Unmeasured
from cosmosql.predict.forecast import Adaptation, Distribution, Forecast
from cosmosql.predict.hardware import Rates, Tariff
from cosmosql.predict.pairing import Array
from cosmosql.predict.tokens import RequestTokens

Quantities = Mapping[str, Distribution | Unmeasured]

TOKENS = ("prompt_tokens", "cached_tokens", "completion_tokens")


def exact(value: float, unit: str, draws: int, basis: str) -> Distribution:
    """A quantity without spread."""
    return Distribution(draws=np.full(draws, value), value=value, unit=unit, basis=basis, n=1)


def drawn(
    draws: Array, unit: str, basis: str, rows: int, *, n_test: int, seed: int
) -> Distribution:
    """A mean over requests. Its draws are of the mean itself; the shown interval foretells the
    mean of `n_test` other requests: by how much `rows` of them spread it, so do these."""
    noise = np.random.default_rng(seed_of("requests", seed, n_test)).standard_normal(len(draws))
    shown = draws + noise * draws.std() * np.sqrt(max(rows, 1) / max(n_test, 1))
    low, high = (float(bound) for bound in np.quantile(shown, [0.05, 0.95]))
    value = float(np.median(draws))
    return Distribution(
        draws=draws,
        value=value,
        unit=unit,
        basis=basis,
        n=max(rows, 1),
        shown=(min(max(low, 0.0), value), max(high, value)),
    )


def request_seconds(tokens: RequestTokens, rates: Rates) -> Array:
    """Accelerator seconds of one request, shape (draws,): what is cached is not read again."""
    read = tokens.prompt - tokens.cached + tokens.query
    return np.asarray(read / rates.prefill + tokens.completion / rates.decode)


def serving(
    tokens: RequestTokens | Unmeasured,
    rates: Rates | Unmeasured,
    tariff: Tariff | Unmeasured,
    *,
    n_test: int,
    seed: int,
) -> Quantities:
    """`prompt_tokens`, `cached_tokens` of them, `completion_tokens`, `latency` and `serve_cost` of
    one request: seconds times the price, over the share of the paid time in which requests are
    served."""
    if isinstance(tokens, Unmeasured):
        return dict.fromkeys((*TOKENS, "latency", "serve_cost"), tokens)

    def of(draws: Array, unit: str, basis: str) -> Distribution:
        return drawn(draws, unit, basis, tokens.rows, n_test=n_test, seed=seed)

    found: dict[str, Distribution | Unmeasured] = {
        "prompt_tokens": of(tokens.prompt, "tok/request", tokens.basis),
        "cached_tokens": of(tokens.cached, "tok/request", tokens.basis),
        "completion_tokens": of(tokens.completion, "tok/request", tokens.basis),
    }
    if isinstance(rates, Unmeasured):
        return found | {"latency": rates, "serve_cost": rates}
    seconds = request_seconds(tokens, rates)
    found["latency"] = of(seconds, "s", "predicted")
    if isinstance(tariff, Unmeasured):
        return found | {"serve_cost": tariff}
    money = seconds * float(tariff.money_a_second) / tariff.utilisation
    return found | {"serve_cost": of(money, f"{tariff.currency}/request", "predicted")}


def adapting(
    once: Adaptation | Unmeasured,
    rates: Rates | Unmeasured,
    tariff: Tariff | Unmeasured,
    *,
    draws: int,
    seed: int,
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
    noise = np.random.default_rng(seed_of("training tokens", seed)).standard_normal(draws)
    a_second = float(tariff.money_a_second)
    training = once.training_tokens / rates.training * a_second
    indexing = once.indexed_tokens / rates.prefill * a_second
    return Distribution(
        draws=training * np.maximum(1 + once.spread * noise, 0.0) + indexing,
        value=training + indexing,
        unit=tariff.currency,
        basis="predicted",
        n=1,
    )


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
