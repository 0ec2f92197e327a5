"""The operating point of a mix or cascade: which share goes to the large tier, for this query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cosmosql.decide.formulas import Strategies, measures_in, values
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
from cosmosql.model.program import Measure, Query
from cosmosql.predict.cost import quantiles
from cosmosql.predict.forecast import Distribution, Forecast
from cosmosql.predict.metric import distribution, row_efficiency
from cosmosql.predict.pairing import Array
from cosmosql.schema.measures import PERCENTILES

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

    def beaten_by(
        self, singles: Sequence[Forecast], query: Query, strategies: Strategies
    ) -> str | None:
        """The single candidate that meets the requirements, in expectation, and is as good by the
        query's objective, if any."""
        own = expected_objective(self.subject, query, strategies)
        for single in singles:
            other = expected_objective(subject_of(single), query, strategies)
            if other is not None and (own is None or other >= own):
                return f"{single.candidate.name} alone is as good by `{query.objective.text}`"
        return None


def expected_objective(subject: Subject, query: Query, strategies: Strategies) -> float | None:
    """The expected objective, larger is better; None where it is unmeasured or a requirement is
    not shown to hold."""
    judged = judge_ways(query, in_column(subject), strategies)
    if judged is None or judged.shortfall[0] > 0:
        return None
    return float(judged.objective[0])


def in_column(subject: Subject) -> Subject:
    """The subject as one way of a grid: draws of shape (draws, 1)."""
    quantities = {
        name: found if isinstance(found, Unmeasured) else replace(found, draws=found.draws[:, None])
        for name, found in subject.quantities.items()
    }
    return replace(subject, quantities=quantities)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """Per way to escalate: the expected objective, larger is better, and by how much the
    probability of a requirement falls short of its confidence, at worst; shape (ways,)."""

    objective: Array
    shortfall: Array


def judge_ways(query: Query, grid: Subject, strategies: Strategies) -> Ways | None:
    """The ways of a subject whose draws have shape (draws, ways) or (draws, 1); None where the
    objective is unmeasured. What is unmeasured asks nothing of a way. The `strategies` that the
    query's formulas may name have one way each, as `in_column` makes them."""
    objective = values(query.objective.formula, grid, strategies)
    if isinstance(objective, Unmeasured):
        return None
    sign = 1.0 if query.objective.direction == "maximize" else -1.0
    means = sign * np.atleast_2d(objective).mean(axis=0)
    metric = grid.metric
    ways = metric.draws.shape[1] if isinstance(metric, Distribution) else len(means)
    shortfall = np.zeros(ways)
    for requirement in query.requirements:
        met = satisfied(requirement, grid, strategies)
        if not isinstance(met, Unmeasured):
            missing = float(requirement.confidence) - np.atleast_2d(met).mean(axis=0)
            shortfall = np.maximum(shortfall, missing)
    return Ways(objective=np.broadcast_to(means, (ways,)), shortfall=shortfall)


def operating_point(
    pair: Pair,
    kind: str,
    query: Query,
    strategies: Strategies,
    *,
    n_test: int | None,
    seed: int,
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
        chosen = best_share(pair, kind, query, strategies, escalated, folds != fold)
        honest[folds == fold] = escalated[chosen][folds == fold]
    every = np.ones(len(pair.rows), bool)
    final = best_share(pair, kind, query, strategies, escalated, every)
    limit = threshold(pair.confidence, float(INNER[final])) if kind == "cascade" else np.inf
    return point_at(pair, kind, honest, limit, n_test=n_test, seed=seed)


def fixed_threshold(pair: Pair, limit: float, *, n_test: int | None, seed: int) -> OperatingPoint:
    """A cascade whose threshold the user wrote."""
    below = np.nan_to_num(pair.confidence, nan=-np.inf) < limit
    return point_at(pair, "cascade", below.astype(np.float64), limit, n_test=n_test, seed=seed)


def best_share(
    pair: Pair,
    kind: str,
    query: Query,
    strategies: Strategies,
    escalated: Array,
    inside: NDArray[np.bool_],
) -> int:
    """The index of the share with the best expected objective among those whose requirements hold,
    judged on the rows inside; where none holds, of the one that falls least short."""
    judged = replace(pair, weights=pair.weights * inside)
    gained, share = gains(judged, escalated)
    metric = np.clip(mean_metric(pair.small) + gained, 0.0, 1.0)
    subject = subject_at(pair, kind, metric, share)
    if any(measure.name in PERCENTILES for measure in asked_of(query)):
        waits = [wait(pair, kind, way) for way in escalated]
        subject = with_percentiles(subject, waits, inside[None, :].astype(np.float64))
    found = judge_ways(query, subject, strategies)
    if found is None:
        return int(np.argmax(metric.mean(axis=0)))
    least = float(found.shortfall.min())
    return int(np.argmax(np.where(found.shortfall <= least, found.objective, -np.inf)))


def point_at(
    pair: Pair, kind: str, escalated: Array, limit: float, *, n_test: int | None, seed: int
) -> OperatingPoint:
    """The policy that escalates rows (0 to 1) as told, as draws."""
    metric, share = (draws[:, 0] for draws in outcomes(pair, escalated[None, :]))
    subject = subject_at(pair, kind, metric, share)
    subject = in_row(with_percentiles(subject, [wait(pair, kind, escalated)], pair.weights))
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


def subject_at(pair: Pair, kind: str, metric: Array, share: Array) -> Subject:
    """The policy's quantities at a metric and share of shape (draws,), or (draws, ways) for a grid
    of ways. A cascade pays the small tier
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
    for name in sorted((set(small.measures) & set(large.measures)) - set(PERCENTILES)):
        first, second = small.measures[name], large.measures[name]
        if isinstance(first, Unmeasured) or isinstance(second, Unmeasured):
            quantities[name] = first if isinstance(first, Unmeasured) else second
            continue
        along = (slice(None), None) if share.ndim == 2 else slice(None)
        left, right = first.draws[along], second.draws[along]
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """What requests of a policy take: seconds of each row under each of its two ways of being
    answered, and the share of either, shape (rows * 2,)."""

    seconds: Array
    shares: Array


def wait(pair: Pair, kind: str, escalated: Array) -> Wait | None:
    """A row that a cascade escalates waits for both tiers, one that a mix sends to the large tier
    for that alone. None where a tier's rows have no latency."""
    small, large = (tier.latencies for tier in (pair.small, pair.large))
    if not all(row in small and row in large for row in pair.rows):
        return None
    first = np.array([small[row] for row in pair.rows])
    second = np.array([large[row] for row in pair.rows])
    return Wait(
        seconds=np.concatenate([first, first + second if kind == "cascade" else second]),
        shares=np.concatenate([1 - escalated, escalated]),
    )


def with_percentiles(subject: Subject, waits: Sequence[Wait | None], weights: Array) -> Subject:
    """The subject with the percentiles of its latency, which are no sum of the tiers': under each
    draw of row weights for every way to escalate, shape (draws, ways)."""
    found: dict[str, Distribution | Unmeasured] = {}
    known = [one for one in waits if one is not None]
    for name, share in PERCENTILES.items():
        if len(known) < len(waits):
            found[name] = Unmeasured("the latency of its tiers' rows is unknown")
            continue
        draws = np.stack(
            [quantiles(one.seconds, np.tile(weights, 2) * one.shares, share) for one in known],
            axis=1,
        )
        found[name] = Distribution(
            draws=draws,
            value=float(np.median(draws)),
            unit="s",
            basis="predicted",
            n=weights.shape[1],
        )
    return replace(subject, quantities={**subject.quantities, **found})


def in_row(subject: Subject) -> Subject:
    """The subject of one way with its percentiles as draws alone, as its other quantities are."""
    found = {
        name: replace(one, draws=one.draws[:, 0]) if isinstance(one, Distribution) else one
        for name, one in subject.quantities.items()
        if name in PERCENTILES
    }
    return replace(subject, quantities={**subject.quantities, **found})


def asked_of(query: Query) -> tuple[Measure, ...]:
    """The measures that a query's objective and requirements name."""
    formulas = [query.objective.formula]
    for requirement in query.requirements:
        formulas += [requirement.left, requirement.right]
    return tuple(measure for formula in formulas for measure in measures_in(formula))


def basis_of(pair: Pair) -> str:
    both = (pair.small.metric, pair.large.metric)
    measured = all(isinstance(one, Distribution) and one.basis == "measured" for one in both)
    return "measured" if measured else "predicted"
