"""The operating point of a mix or cascade: which share goes to the large tier, for this query."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cosmosql.decide.formulas import values
from cosmosql.decide.frontier import mean_metric
from cosmosql.decide.requirements import satisfied
from cosmosql.decide.subject import Subject, subject_of
from cosmosql.decide.tiers import (
    FOLDS,
    SHARES,
    Pair,
    escalations,
    fold_of,
    gains,
    outcomes,
    threshold,
)
from cosmosql.interval import Unmeasured
from cosmosql.model.program import Query
from cosmosql.predict.forecast import Distribution, Forecast
from cosmosql.predict.metric import distribution, row_efficiency
from cosmosql.predict.pairing import Array

INNER = SHARES[1:-1]
"""A share of 0 or 1 is a single candidate, not a policy."""

SUMMED = ("adapt_cost", "labels")
"""What both tiers take once; everything else is taken a request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPoint:
    """A policy at one share: its quantities, the share and threshold that all rows choose, and
    expected metric and cost a request."""

    subject: Subject
    share: float
    threshold: float
    mean_metric: float
    mean_cost: float | None

    def beaten_by(self, singles: Sequence[Forecast], query: Query) -> str | None:
        """The single candidate that meets the requirements, in expectation, and is as good by the
        query's objective, if any."""
        own = expected_objective(self.subject, query)
        for single in singles:
            other = expected_objective(subject_of(single), query)
            if other is not None and (own is None or other >= own):
                return f"{single.candidate.name} alone is as good by `{query.objective.text}`"
        return None


def expected_objective(subject: Subject, query: Query) -> float | None:
    """The objective at expected quantities, larger is better; None where it is unmeasured or a
    requirement is not met there."""
    found = scores(query, at_means(subject))
    if found is None or not np.isfinite(found[0]):
        return None
    return float(found[0])


def at_means(subject: Subject) -> Subject:
    """The subject with one draw of each quantity: its mean."""
    return replace(
        subject,
        quantities={
            name: found
            if isinstance(found, Unmeasured)
            else replace(found, draws=found.draws.mean(keepdims=True))
            for name, found in subject.quantities.items()
        },
    )


def scores(query: Query, grid: Subject) -> Array | None:
    """The objective along a subject whose draws run over a grid, larger is better, minus infinity
    where a requirement is not met; None where the objective is unmeasured."""
    objective = values(query.objective.formula, grid, {})
    if isinstance(objective, Unmeasured):
        return None
    result = objective if query.objective.direction == "maximize" else -objective
    result = np.array(np.atleast_1d(result))
    for requirement in query.requirements:
        met = satisfied(requirement, grid, {})
        if not isinstance(met, Unmeasured):
            result = np.where(met, result, -np.inf)
    return np.asarray(result)


def operating_point(
    pair: Pair, kind: str, query: Query, *, n_test: int | None, seed: int
) -> OperatingPoint:
    """The share that serves the query best. What is reported of it is cross-fitted: on each fold
    the share that the other folds choose."""
    if kind == "mix":
        escalated: Array = np.repeat(INNER[:, None], len(pair.rows), axis=1)
    else:
        escalated = escalations(pair, INNER)
    folds = fold_of(pair.rows)
    honest = np.empty(len(pair.rows))
    for fold in range(FOLDS):
        chosen = best_share(pair, kind, query, escalated, folds != fold)
        honest[folds == fold] = escalated[chosen][folds == fold]
    final = best_share(pair, kind, query, escalated, np.ones(len(pair.rows), bool))
    limit = threshold(pair.confidence, float(INNER[final])) if kind == "cascade" else np.inf
    return point_at(pair, kind, honest, limit, n_test=n_test, seed=seed)


def fixed_threshold(pair: Pair, limit: float, *, n_test: int | None, seed: int) -> OperatingPoint:
    """A cascade whose threshold the user wrote."""
    below = np.nan_to_num(pair.confidence, nan=-np.inf) < limit
    return point_at(pair, "cascade", below.astype(np.float64), limit, n_test=n_test, seed=seed)


def best_share(
    pair: Pair, kind: str, query: Query, escalated: Array, inside: NDArray[np.bool_]
) -> int:
    """The index of the best share by expected quantities on the rows inside. Where no share meets
    the requirements, the one with the best metric."""
    judged = replace(pair, weights=pair.weights * inside)
    gained, share = gains(judged, escalated)
    metrics, shares = mean_metric(pair.small) + gained.mean(axis=0), share.mean(axis=0)
    grid = subject_at(pair, kind, metrics, shares, mean_only)
    found = scores(query, grid)
    if found is None or not np.isfinite(found).any():
        return int(np.argmax(metrics))
    return int(np.argmax(found))


def point_at(
    pair: Pair, kind: str, escalated: Array, limit: float, *, n_test: int | None, seed: int
) -> OperatingPoint:
    """The policy that escalates rows (0 to 1) as told, as draws."""
    metric, share = (draws[:, 0] for draws in outcomes(pair, escalated[None, :]))
    subject = subject_at(pair, kind, metric, share, lambda draws: draws)
    rows = len(pair.rows)
    found = subject.quantities[subject.metric_name]
    if isinstance(found, Unmeasured):
        raise ValueError("a policy of measured tiers has a metric")
    if n_test is not None:
        found = distribution(
            metric,
            value=float(np.median(metric)),
            basis=found.basis,
            rows=rows,
            n_test=n_test,
            seed=seed,
            efficiency=row_efficiency(metric, rows),
        )
    cost = subject.quantities.get("serve_cost")
    return OperatingPoint(
        subject=replace(subject, quantities={**subject.quantities, subject.metric_name: found}),
        share=float(share.mean()),
        threshold=limit,
        mean_metric=float(metric.mean()),
        mean_cost=float(cost.draws.mean()) if isinstance(cost, Distribution) else None,
    )


def mean_only(draws: Array) -> Array:
    return np.asarray(draws.mean())


def subject_at(
    pair: Pair, kind: str, metric: Array, share: Array, of_tier: Callable[[Array], Array]
) -> Subject:
    """The policy's quantities at a metric and share, draws or grid. A cascade pays the small tier
    for every query, a mix only for those that it answers; both make both tiers ready."""
    small, large = pair.small, pair.large
    quantities: dict[str, Distribution | Unmeasured] = {
        small.metric_name: Distribution(
            draws=metric,
            value=float(np.median(metric)),
            unit="",
            basis=basis_of(pair),
            n=len(pair.rows),
        )
    }
    for name in sorted(set(small.measures) & set(large.measures)):
        first, second = small.measures[name], large.measures[name]
        if isinstance(first, Unmeasured) or isinstance(second, Unmeasured):
            quantities[name] = first if isinstance(first, Unmeasured) else second
            continue
        left, right = of_tier(first.draws), of_tier(second.draws)
        if name in SUMMED:
            draws = np.broadcast_to(left + right, share.shape)
        elif kind == "cascade":
            draws = left + share * right
        else:
            draws = (1 - share) * left + share * right
        quantities[name] = Distribution(
            draws=np.asarray(draws),
            value=float(np.median(draws)),
            unit=first.unit,
            basis="predicted",
            n=len(pair.rows),
        )
    return Subject(name="", strategy=None, metric_name=small.metric_name, quantities=quantities)


def basis_of(pair: Pair) -> str:
    both = (pair.small.metric, pair.large.metric)
    measured = all(isinstance(one, Distribution) and one.basis == "measured" for one in both)
    return "measured" if measured else "predicted"
