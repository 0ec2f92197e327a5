"""Two candidates on the same rows: how much better one was measured to be than the other.

Common random numbers: what makes a row hard is hard for both, so a difference needs far fewer
rows than two levels do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

from cosmosql.interval import Estimate
from cosmosql.predict.forecast import Distribution, Forecast

Array = NDArray[np.float64]

ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """The metric of one candidate minus that of another, both measured in full.

    `difference` has the 90 % interval of the bootstrap of their `rows` common rows. On `better`
    and `worse` of these the first one scored higher and lower.
    """

    difference: Estimate
    rows: int
    better: int
    worse: int
    p_value: float | None
    """Two-sided, of the exact McNemar test (binomial of the discordant rows); None where the
    metric is no mean of rows that are right or wrong, or was measured in several runs."""

    @property
    def discordant(self) -> int:
        return self.better + self.worse


def paired(first: Forecast, second: Forecast) -> Paired | None:
    """The difference of two candidates; None where one was not measured in full or they share no
    row.

    The interval is that of the Bayesian bootstrap (Rubin 1981): the draws of both hold the same
    weights of the same rows, whatever the metric.
    """
    ours, theirs = measured(first), measured(second)
    outcomes = common_scores(first, second)
    if ours is None or theirs is None or outcomes is None:
        return None
    better = int((outcomes[0] > outcomes[1]).sum())
    worse = int((outcomes[0] < outcomes[1]).sum())
    rows = len(outcomes[0])
    exact = counts_rows(first) and counts_rows(second)
    return Paired(
        difference=difference(ours, theirs, rows),
        rows=rows,
        better=better,
        worse=worse,
        p_value=mcnemar(better, worse) if exact else None,
    )


def measured(forecast: Forecast) -> Distribution | None:
    """The metric of a candidate that was measured in full, rows and all."""
    metric, items = forecast.metric, forecast.items
    if not isinstance(metric, Distribution) or metric.basis != "measured":
        return None
    return metric if items is not None and items.shift is None else None


def common_scores(first: Forecast, second: Forecast) -> tuple[Array, Array] | None:
    """The scores of both on their common rows, in the first one's order."""
    if first.items is None or second.items is None:
        return None
    places = {row: place for place, row in enumerate(second.items.rows)}
    ours = [place for place, row in enumerate(first.items.rows) if row in places]
    if not ours:
        return None
    theirs = [places[first.items.rows[place]] for place in ours]
    return first.items.score[ours], second.items.score[theirs]


def counts_rows(forecast: Forecast) -> bool:
    """Whether the metric is the share of its rows that are right: one run, scores of 0 and 1."""
    if forecast.items is None or not isinstance(forecast.metric, Distribution):
        return False
    scores = forecast.items.score
    whole = bool(np.isin(scores, (0.0, 1.0)).all())
    return whole and abs(float(scores.mean()) - forecast.metric.value) < ROUNDING


def difference(first: Distribution, second: Distribution, rows: int) -> Estimate:
    gap = first.value - second.value
    low, high = (float(b) for b in np.quantile(first.draws - second.draws, [0.05, 0.95]))
    return Estimate(gap, min(low, gap), max(high, gap), rows)


def mcnemar(better: int, worse: int) -> float:
    """The exact two-sided McNemar test (McNemar 1947; binomial with chance one half).

    >>> mcnemar(5, 0), mcnemar(0, 0)
    (0.0625, 1.0)
    """
    discordant = better + worse
    return float(binomtest(better, discordant).pvalue) if discordant else 1.0
