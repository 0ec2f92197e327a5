"""A metric from per-row outcomes: its draws under the common rows, and what test rows will show.

Two things are kept apart. *Draws* are of the metric itself and decide. The *shown* interval
foretells the value that `n_test` other rows will give, so their sampling noise is in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np

from cosmosql.contracts.metric import Metric
from cosmosql.evidence.observation import Item
from cosmosql.identity import seed_of
from cosmosql.predict.forecast import Distribution
from cosmosql.predict.pairing import Array, row_weights
from cosmosql.schema import registry

PSEUDO_ROWS = 0.5
"""Jeffreys' prior: half a row of value 0 and half a row of value 1, so that a metric of exactly 1
on the probe rows is not certain."""


def metric_named(name: str) -> Metric:
    """The implementation of a metric; raises InputError E0501 or E0502."""
    return cast(Metric, registry.load(registry.extension("metric", name)))


def value_of(metric: Metric, items: Sequence[Item]) -> float:
    """The plain metric of the items."""
    return float(aggregated(metric, items, np.ones((1, len(items))))[0])


def aggregated(metric: Metric, items: Sequence[Item], weights: Array) -> Array:
    scores = np.array([item.score for item in items])
    return np.asarray(
        metric.aggregate(
            scores, [item.predicted for item in items], [item.target for item in items], weights
        ),
        np.float64,
    )


def metric_draws(metric: Metric, items: Sequence[Item], *, draws: int, seed: int) -> Array:
    """Posterior draws of the metric, shape (draws,): Bayesian bootstrap over the items' rows,
    whose weights are the same for every candidate, with Jeffreys' half rows."""
    weights = row_weights([item.row for item in items], draws=draws, seed=seed)
    values = aggregated(metric, items, weights)
    rng = np.random.default_rng(
        seed_of("pseudo rows", seed, [[item.row, item.score] for item in items])
    )
    zeros, ones = rng.gamma(PSEUDO_ROWS, size=(2, draws))
    total = rng.gamma(len(items), size=draws)
    return np.asarray((values * total + ones) / (total + zeros + ones))


def row_efficiency(draws: Array, rows: int) -> float:
    """How many binomial rows one row is worth for this metric: 1 for accuracy, less where a metric
    varies more (macro F1 with rare labels)."""
    mean = float(np.clip(draws.mean(), 0.01, 0.99))
    variance = float(draws.var())
    if variance <= 0:
        return 1.0
    return float(np.clip(mean * (1 - mean) / (variance * (rows + 1)), 0.05, 4.0))


def measured_on(draws: Array, n_test: int | None, *, seed: int, efficiency: float = 1.0) -> Array:
    """The draws with the sampling noise of `n_test` rows; unchanged where that is None."""
    if n_test is None:
        return draws
    rows = max(1, round(n_test * efficiency))
    rng = np.random.default_rng(seed_of("test rows", seed, n_test))
    return np.asarray(rng.binomial(rows, np.clip(draws, 0.0, 1.0)) / rows)


def distribution(
    draws: Array, *, value: float, basis: str, rows: int, n_test: int, seed: int, efficiency: float
) -> Distribution:
    """A metric's distribution, its shown interval foretelling `n_test` rows."""
    shown = measured_on(draws, n_test, seed=seed, efficiency=efficiency)
    low, high = (float(bound) for bound in np.quantile(shown, [0.05, 0.95]))
    return Distribution(
        draws=draws,
        value=value,
        unit="",
        basis=basis,
        n=rows,
        shown=(min(low, value), max(high, value)),
        efficiency=efficiency,
    )
