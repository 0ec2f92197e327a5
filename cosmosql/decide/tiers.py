"""Two candidates on the same rows: mixes of them, and cascades by the first one's uncertainty.

A mix sends a random share p of the queries to the large tier and the rest to the small one. A
margin cascade asks the small tier always and escalates where its margin is below a threshold
(Ramírez, Birch, Titov 2024, arXiv 2405.02134). Costs a request are c1 < c2.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cosmosql.decide.decision import CurvePoint
from cosmosql.identity import seed_of
from cosmosql.interval import Unmeasured
from cosmosql.predict.forecast import Distribution, Forecast
from cosmosql.predict.items import row_scores
from cosmosql.predict.pairing import Array, row_weights
from cosmosql.schema.kinds import RISING

FOLDS = 5
BUDGETS = 100
DIGITS = 12
"""Of a share: half of the queries is exactly half, so that a cost cap can be met to the cent."""

SHARES = np.linspace(0.0, 1.0, 41)
"""Shares of queries for the large tier that are considered; the first and the last are the single
tiers themselves (a cascade pays the small one all the same)."""

SUBSTITUTES = ("margin", "label_margin", "mean_logprob")
"""What stands in, in this order, for a signal that the small tier does not give."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """The small and the large tier on the `rows` that both answered: expected `scores` of each
    under each draw, shape (draws, rows), `weights` of the draws, and the small one's `confidence`
    per row, NaN where it gives none."""

    small: Forecast
    large: Forecast
    rows: tuple[str, ...]
    weights: Array = field(repr=False)
    small_scores: Array = field(repr=False)
    large_scores: Array = field(repr=False)
    signal: str | None
    confidence: Array = field(repr=False)


def pair_of(small: Forecast, large: Forecast, signal: str, *, seed: int) -> Pair | Unmeasured:
    """The pair on its common rows; Unmeasured where a tier has no row outcomes or none in
    common."""
    if small.items is None or large.items is None or isinstance(small.metric, Unmeasured):
        return Unmeasured("its tiers' answers row by row were not measured")
    common = set(large.items.rows)
    rows = tuple(row for row in small.items.rows if row in common)
    if len(rows) < 2 * FOLDS:
        return Unmeasured(f"its tiers share only {len(rows)} rows")
    draws = len(small.metric.draws)
    name = next(
        (name for name in (signal, *SUBSTITUTES) if has_signal(small, name)),
        None,
    )
    place = {row: index for index, row in enumerate(small.items.rows)}
    confidence = np.full(len(rows), np.nan)
    if name is not None:
        found = small.items.signals[name][[place[row] for row in rows]]
        confidence = found if name in RISING else -found
    return Pair(
        small=small,
        large=large,
        rows=rows,
        weights=row_weights(rows, draws=draws, seed=seed),
        small_scores=row_scores(small.items, rows, draws),
        large_scores=row_scores(large.items, rows, draws),
        signal=name,
        confidence=confidence,
    )


def has_signal(forecast: Forecast, name: str) -> bool:
    return (
        forecast.items is not None
        and name in forecast.items.signals
        and bool(np.isfinite(forecast.items.signals[name]).any())
    )


def threshold(confidence: Array, share: float) -> float:
    """The value below which a share of the rows lies: element floor(n p) of the sorted margins;
    infinite where every row must escalate. A row without a signal counts as the least sure."""
    ordered = np.sort(np.nan_to_num(confidence, nan=-np.inf))
    place = int(len(ordered) * share)
    return float(ordered[place]) if place < len(ordered) else np.inf


def escalations(pair: Pair, shares: Array = SHARES) -> Array:
    """Which rows each share escalates (1, else 0), shape (shares, rows), by thresholds
    cross-fitted: a row's threshold comes from the other folds."""
    sure = np.nan_to_num(pair.confidence, nan=-np.inf)
    folds = fold_of(pair.rows)
    escalated = np.zeros((len(shares), len(pair.rows)))
    for fold in range(FOLDS):
        inside = folds == fold
        for index, share in enumerate(shares):
            limit = threshold(pair.confidence[~inside], float(share))
            escalated[index, inside] = (sure[inside] < limit) | (share >= 1)
    return escalated


def fold_of(rows: tuple[str, ...]) -> NDArray[np.intp]:
    """The fold of every row, by its identity: equally many rows in each, to within one."""
    order = np.argsort([seed_of("fold", row) for row in rows], kind="stable")
    folds = np.empty(len(rows), np.intp)
    folds[order] = np.arange(len(rows)) % FOLDS
    return folds


def weighted(pair: Pair, scores: Array) -> Array:
    """Mean of row values under each draw of rows, shape (draws,)."""
    return np.asarray((pair.weights * scores).sum(axis=1) / pair.weights.sum(axis=1))


def gains(pair: Pair, escalated: Array) -> tuple[Array, Array]:
    """Draws of what escalating adds to the small tier's mean row score, and of the escalated
    share. `escalated` has shape (ways, rows), values 0 to 1; both results (draws, ways)."""
    totals = pair.weights.sum(axis=1, keepdims=True)
    gained = (pair.weights * (pair.large_scores - pair.small_scores)) @ escalated.T / totals
    share = np.round(pair.weights @ escalated.T / totals, DIGITS)
    return gained, share


def outcomes(pair: Pair, escalated: Array) -> tuple[Array, Array]:
    """Draws of the metric and of the escalated share for every way to escalate.

    The mean row score is exact for accuracy. What a tier's metric differs from its mean row score
    by (half rows of the prior, macro F1) is taken over in proportion to the shares.
    """
    gained, share = gains(pair, escalated)
    small, large = tier_metrics(pair)
    beside = (large - small) - weighted(pair, pair.large_scores - pair.small_scores)
    metric = small[:, None] + gained + share * beside[:, None]
    return np.clip(metric, 0.0, 1.0), share


def tier_metrics(pair: Pair) -> tuple[Array, Array]:
    small, large = pair.small.metric, pair.large.metric
    if isinstance(small, Unmeasured) or isinstance(large, Unmeasured):
        raise ValueError("a pair's tiers are measured or predicted")
    return small.draws, large.draws


def unit_costs(pair: Pair) -> tuple[float, float] | None:
    """Mean money a request of the two tiers; None where one is unmeasured or small is not
    cheaper."""
    costs = []
    for forecast in (pair.small, pair.large):
        cost = forecast.measures.get("serve_cost")
        if not isinstance(cost, Distribution):
            return None
        costs.append(float(cost.draws.mean()))
    return (costs[0], costs[1]) if costs[0] < costs[1] else None


def cascade_share(budget: float, small_cost: float, large_cost: float) -> float:
    """Share of queries that a cascade may escalate at a mean budget: min((b - c1) / c2, 1)."""
    return min((budget - small_cost) / large_cost, 1.0)


def mix_share(budget: float, small_cost: float, large_cost: float) -> float:
    """Share of queries that a mix may send to the large tier: min((b - c1) / (c2 - c1), 1)."""
    return min((budget - small_cost) / (large_cost - small_cost), 1.0)


def cascade_curve(pair: Pair) -> tuple[CurvePoint, ...]:
    """Expected metric of the margin cascade at 100 budgets from c1 to c2, thresholds
    cross-fitted."""
    costs = unit_costs(pair)
    if costs is None:
        return ()
    budgets = np.linspace(*costs, BUDGETS)
    shares = np.array([cascade_share(float(budget), *costs) for budget in budgets])
    metric, share = outcomes(pair, escalations(pair, shares))
    return tuple(
        CurvePoint(budget=float(budget), accuracy=float(value), share=float(part))
        for budget, value, part in zip(
            budgets, metric.mean(axis=0), share.mean(axis=0), strict=True
        )
    )


def mix_curve(pair: Pair) -> tuple[CurvePoint, ...]:
    """Accuracy of the random mix at 100 budgets from c1 to c2: a straight line."""
    costs = unit_costs(pair)
    if costs is None:
        return ()
    small, large = (float(draws.mean()) for draws in tier_metrics(pair))
    budgets = np.linspace(*costs, BUDGETS)
    shares = [mix_share(float(budget), *costs) for budget in budgets]
    return tuple(
        CurvePoint(
            budget=float(budget), accuracy=float(small + share * (large - small)), share=share
        )
        for budget, share in zip(budgets, shares, strict=True)
    )


def area(curve: tuple[CurvePoint, ...]) -> float | None:
    """AUC = 1 / (c2 - c1) times the integral of accuracy over the budget, by trapezoids; None
    where there is no curve."""
    if len(curve) < 2:
        return None
    budgets = np.array([point.budget for point in curve])
    accuracies = np.array([point.accuracy for point in curve])
    steps = np.diff(budgets)
    return float((steps * (accuracies[1:] + accuracies[:-1]) / 2).sum() / steps.sum())
