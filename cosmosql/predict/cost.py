"""What a candidate costs: once, and a request (docs/science.md, "Costs").

Modelled seconds come from the device profile alone, never from the timing of a single step. Money
a second is a Decimal from the declared price; draws of money are floats, rounded when written.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cosmosql.evidence.throughput import (
    Work,
    answering,
    embedding,
    latency,
    seconds,
    training,
)
from cosmosql.identity import seed_of
from cosmosql.interval import Unmeasured
from cosmosql.predict.forecast import Adaptation, Distribution
from cosmosql.predict.hardware import Rates, Tariff
from cosmosql.predict.pairing import Array, row_weights
from cosmosql.predict.tokens import RequestTokens
from cosmosql.schema.measures import PERCENTILES

Quantities = Mapping[str, Distribution | Unmeasured]

TOKENS = ("prompt_tokens", "cached_tokens", "completion_tokens")

LATENCIES = ("latency", *PERCENTILES)


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


def request_work(tokens: RequestTokens) -> Work:
    """What one request computes, as draws of its mean."""
    return answering(tokens.prompt, tokens.cached, tokens.completion) + query_work(tokens)


def query_work(tokens: RequestTokens) -> Work:
    """What looking a query up in the model's own index computes."""
    return embedding(tokens.query, 1.0) if tokens.query else Work()


def serving(
    tokens: RequestTokens | Unmeasured,
    rates: Rates | Unmeasured,
    tariff: Tariff | Unmeasured,
    *,
    n_test: int,
    seed: int,
) -> Quantities:
    """`prompt_tokens`, `cached_tokens` of them, `completion_tokens`, `latency` and its percentiles,
    and `serve_cost` of one request: accelerator seconds in full batches times the price, over the
    share of the paid time in which requests are served. Latency is that of a request alone."""
    if isinstance(tokens, Unmeasured):
        return dict.fromkeys((*TOKENS, *LATENCIES, "serve_cost"), tokens)

    def of(draws: Array, unit: str, basis: str) -> Distribution:
        return drawn(draws, unit, basis, tokens.rows, n_test=n_test, seed=seed)

    found: dict[str, Distribution | Unmeasured] = {
        "prompt_tokens": of(tokens.prompt, "tok/request", tokens.basis),
        "cached_tokens": of(tokens.cached, "tok/request", tokens.basis),
        "completion_tokens": of(tokens.completion, "tok/request", tokens.basis),
    }
    if isinstance(rates, Unmeasured):
        return found | dict.fromkeys((*LATENCIES, "serve_cost"), rates)
    mean = np.asarray(latency(request_work(tokens), rates))
    found["latency"] = of(mean, "s", "predicted")
    waits = latency_draws(tokens, rates, mean, seed=seed)
    found |= {name: of(draws, "s", "predicted") for name, draws in waits.items()}
    if isinstance(tariff, Unmeasured):
        return found | {"serve_cost": tariff}
    money = np.asarray(seconds(request_work(tokens), rates)) * float(tariff.money_a_second)
    return found | {
        "serve_cost": of(money / tariff.utilisation, f"{tariff.currency}/request", "predicted")
    }


def row_latencies(
    tokens: RequestTokens | Unmeasured, rates: Rates | Unmeasured
) -> dict[str, float]:
    """Seconds of each probe row alone, by row: its tokens differ from the candidate's mean as they
    do from that of the run that it was answered in. Empty where they are unknown."""
    if isinstance(tokens, Unmeasured) or isinstance(rates, Unmeasured):
        return {}
    prompts = np.array([item.prompt_tokens for item in tokens.items], np.float64)
    completions = np.array([item.completion_tokens for item in tokens.items], np.float64)
    cached = float(np.median(tokens.cached))
    prompts += float(np.median(tokens.prompt)) - prompts.mean()
    completions += float(np.median(tokens.completion)) - completions.mean()
    work = answering(np.maximum(prompts, cached), cached, np.maximum(completions, 0.0))
    taken = np.asarray(latency(work + query_work(tokens), rates)) + np.zeros(len(prompts))
    return {item.row: float(value) for item, value in zip(tokens.items, taken, strict=True)}


def latency_draws(
    tokens: RequestTokens, rates: Rates, mean: Array, *, seed: int
) -> dict[str, Array]:
    """Draws of each percentile of the latency: of the rows under each draw of them, moved by as
    much as the draw of the mean differs from theirs."""
    found = row_latencies(tokens, rates)
    values = np.array(list(found.values()))
    weights = row_weights(list(found), draws=len(mean), seed=seed)
    moved = mean - weights @ values / weights.sum(axis=1)
    return {
        name: np.maximum(quantiles(values, weights, share) + moved, 0.0)
        for name, share in PERCENTILES.items()
    }


def quantiles(values: Array, weights: Array, share: float) -> Array:
    """The least value that this share of the weight does not exceed, under each draw of weights of
    shape (draws, values).

    >>> quantiles(np.array([3.0, 1.0, 2.0]), np.array([[1.0, 1.0, 1.0], [8.0, 1.0, 1.0]]), 0.5)
    array([2., 3.])
    """
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[:, order], axis=1)
    # Rounding must not push a share of exactly the whole beyond the last value.
    wanted = share * reached[:, -1:] * (1 - 1e-12)
    return np.asarray(values[order][(reached < wanted).sum(axis=1)])


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
    training = float(seconds(training_work(once), rates)) * a_second
    indexing = float(seconds(index_work(once), rates)) * a_second
    return Distribution(
        draws=training * np.maximum(1 + once.spread * noise, 0.0) + indexing,
        value=training + indexing,
        unit=tariff.currency,
        basis="predicted",
        n=1,
    )


def training_work(once: Adaptation) -> Work:
    return training(once.training_tokens, length=once.example_tokens, batch=once.batch_size)


def index_work(once: Adaptation) -> Work:
    return embedding(once.indexed_tokens, once.indexed_rows)
