"""The operating point of a policy: at which budget a request it serves this query best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from cosmosql.contracts.policy import Ways
from cosmosql.decide.formulas import Strategies, measures_in, values
from cosmosql.decide.requirements import satisfied
from cosmosql.decide.subject import Subject, subject_of
from cosmosql.decide.tiers import Outcomes, Sums, Tiers, outcomes, sums_of
from cosmosql.decide.waits import in_row, wait, waits, with_percentiles
from cosmosql.identity import seed_of
from cosmosql.interval import Unmeasured
from cosmosql.model.program import Measure, Query
from cosmosql.policies.rows import FOLDS
from cosmosql.predict.footprint import gigabytes
from cosmosql.predict.forecast import Distribution, Forecast
from cosmosql.predict.metric import distribution, row_efficiency
from cosmosql.predict.pairing import Array
from cosmosql.schema.measures import PERCENTILES

ONCE = ("adapt_cost", "labels")
"""What every tier takes once; everything else is taken a request."""

MEMORY = "memory"

MULTIPLICATIONS = 600_000_000
"""For each tier, of the choice among the ways: where rows are many, it looks at fewer draws."""

FEWEST_DRAWS = 250


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPoint:
    """A policy at one budget: its quantities, the budget that all rows choose (None where the user
    wrote the thresholds), expected metric and cost a request, the shares of queries for which each
    tier is asked and which it answers, and the expected score of each row."""

    subject: Subject
    budget: float | None
    mean_metric: float
    mean_cost: float
    asked: tuple[float, ...]
    answers: tuple[float, ...]
    scores: Mapping[str, float] = field(repr=False)

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


def in_column(subject: Subject, draws: int | None = None) -> Subject:
    """The subject as one way of a grid: its first draws, of shape (draws, 1)."""
    quantities = {
        name: found
        if isinstance(found, Unmeasured)
        else replace(found, draws=found.draws.reshape(len(found.draws), -1)[:draws])
        for name, found in subject.quantities.items()
    }
    return replace(subject, quantities=quantities)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Per way to serve: the expected objective, larger is better, and by how much the probability
    of a requirement falls short of its confidence, at worst; shape (ways,)."""

    objective: Array
    shortfall: Array


def judge_ways(query: Query, grid: Subject, strategies: Strategies) -> Judgement | None:
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
    return Judgement(objective=np.broadcast_to(means, (ways,)), shortfall=shortfall)


def draws_for(tiers: Tiers, ways: Ways) -> int:
    """How many draws the choice among the ways looks at."""
    affordable = MULTIPLICATIONS // (len(tiers.rows) * len(ways.asked))
    return min(max(affordable, FEWEST_DRAWS), len(tiers.weights))


def operating_point(
    tiers: Tiers,
    ways: Ways,
    sums: Sums,
    query: Query,
    strategies: Strategies,
    *,
    n_test: int | None,
    seed: int,
) -> OperatingPoint:
    """The budget that serves the query best among the inner ones: at the ends a single tier
    answers all. What is reported of it is cross-fitted twice: each row's way comes from a fit on
    other folds, at the budget that other folds choose."""
    honest = Ways(asked=np.zeros_like(ways.asked[:1]), answers=np.zeros_like(ways.answers[:1]))
    for fold in range(FOLDS):
        chosen = best_way(tiers, ways, sums, query, strategies, without=fold)
        inside = tiers.folds == fold
        honest.asked[0][:, inside] = ways.asked[chosen][:, inside]
        honest.answers[0][:, inside] = ways.answers[chosen][:, inside]
    final = best_way(tiers, ways, sums, query, strategies)
    return point_at(tiers, honest, float(tiers.budgets[final]), n_test=n_test, seed=seed)


def best_way(
    tiers: Tiers,
    ways: Ways,
    sums: Sums,
    query: Query,
    strategies: Strategies,
    without: int | None = None,
) -> int:
    """The index of the way with the best expected objective among those whose requirements hold,
    judged on the rows outside of a fold; where none holds, of the one that falls least short."""
    found = outcomes(tiers, sums, without)
    draws = len(found.metric)
    subject = subject_at(tiers, found)
    if any(measure.name in PERCENTILES for measure in asked_of(query)):
        outside = np.ones(len(tiers.rows)) if without is None else tiers.folds != without
        weights = np.asarray(outside, np.float64)[None, :]
        subject = with_percentiles(subject, waits(tiers, ways), weights)
    named = {name: [in_column(one, draws) for one in each] for name, each in strategies.items()}
    judged = judge_ways(query, subject, named)
    inner = slice(1, len(ways.asked) - 1)
    if judged is None:
        return 1 + int(np.argmax(found.metric.mean(axis=0)[inner]))
    objective, shortfall = judged.objective[inner], judged.shortfall[inner]
    return 1 + int(np.argmax(np.where(shortfall <= shortfall.min(), objective, -np.inf)))


def point_at(
    tiers: Tiers, way: Ways, budget: float | None, *, n_test: int | None, seed: int
) -> OperatingPoint:
    """The policy that serves rows in this one way, as draws."""
    found = outcomes(tiers, sums_of(tiers, way, len(tiers.weights)))
    subject = subject_at(tiers, found)
    subject = in_row(with_percentiles(subject, waits(tiers, way), tiers.weights))
    metric = subject.quantities[subject.metric_name]
    if isinstance(metric, Unmeasured):
        raise ValueError("a policy of measured tiers has a metric")
    rows = len(tiers.rows)
    if n_test is not None:
        metric = distribution(
            metric.draws,
            value=float(np.median(metric.draws)),
            basis=metric.basis,
            rows=rows,
            n_test=n_test,
            seed=seed,
            efficiency=row_efficiency(metric.draws, rows),
        )
        subject = foretold(subject, tiers, way, n_test=n_test, seed=seed)
    cost = subject.quantities["serve_cost"]
    scores = (way.answers[0] * tiers.known.scores).sum(axis=0)
    return OperatingPoint(
        subject=replace(subject, quantities={**subject.quantities, subject.metric_name: metric}),
        budget=budget,
        mean_metric=float(metric.draws.mean()),
        mean_cost=float("nan") if isinstance(cost, Unmeasured) else float(cost.draws.mean()),
        asked=tuple(float(share) for share in found.asked[:, :, 0].mean(axis=1)),
        answers=tuple(float(share) for share in found.answers[:, :, 0].mean(axis=1)),
        scores=dict(zip(tiers.rows, scores.tolist(), strict=True)),
    )


def foretold(subject: Subject, tiers: Tiers, way: Ways, *, n_test: int, seed: int) -> Subject:
    """The subject with intervals of its means that foretell those over `n_test` other requests, as
    a candidate's do: who is asked is settled on some rows, other rows share it out anew, and where
    lots are drawn, these fall as they may."""
    rng = np.random.default_rng(seed_of("requests of a policy", seed, n_test))
    others, lots = rng.standard_normal((2, len(tiers.weights))) / np.sqrt(max(n_test, 1))
    found = dict(subject.quantities)
    for name, one in subject.quantities.items():
        unmoved = name in (subject.metric_name, MEMORY, *ONCE, *PERCENTILES)
        if unmoved or isinstance(one, Unmeasured):
            continue
        each = [two.measures[name] for two in tiers.members]
        means = np.array([two.draws.mean() for two in each if isinstance(two, Distribution)])
        moved = others * one.draws.std() * np.sqrt(len(tiers.rows))
        moved = moved + lots * lot_spread(means, way)
        low, high = (float(bound) for bound in np.quantile(one.draws + moved, [0.05, 0.95]))
        found[name] = replace(one, shown=(min(max(low, 0.0), one.value), max(high, one.value)))
    return replace(subject, quantities=found)


def lot_spread(means: Array, way: Ways) -> float:
    """The standard deviation by lots alone of what a request takes, where a tier's takes so much on
    average."""
    each = np.repeat(means[:, None], way.asked.shape[2], axis=1)
    cases = wait(each, way.asked[0], way.answers[0])
    first, second = (
        np.bincount(cases.rows, cases.shares * cases.seconds**power, minlength=each.shape[1])
        for power in (1, 2)
    )
    return float(np.sqrt(max((second - first**2).mean(), 0.0)))


def subject_at(tiers: Tiers, found: Outcomes) -> Subject:
    """The policy's quantities, draws of shape (draws, ways). Every tier that is asked is paid; all
    are made ready."""
    name = tiers.members[0].metric_name
    draws = len(found.metric)
    quantities: dict[str, Distribution | Unmeasured] = {
        name: Distribution(
            draws=found.metric,
            value=float(np.median(found.metric)),
            unit="",
            basis=basis_of(tiers),
            n=len(tiers.rows),
        )
    }
    common = set.intersection(*(set(one.measures) for one in tiers.members))
    common -= {*PERCENTILES, MEMORY}
    if all(MEMORY in one.measures for one in tiers.members):
        quantities[MEMORY] = memory_together(tiers, draws)
    for measure in sorted(common):
        each = [one.measures[measure] for one in tiers.members]
        known = [one for one in each if isinstance(one, Distribution)]
        if len(known) < len(each):
            quantities[measure] = next(one for one in each if isinstance(one, Unmeasured))
            continue
        taken = np.ones_like(found.asked) if measure in ONCE else found.asked
        total = sum(
            share * one.draws[:draws, None] for share, one in zip(taken, known, strict=True)
        )
        quantities[measure] = Distribution(
            draws=np.asarray(total),
            value=float(np.median(total)),
            unit=known[0].unit,
            basis="predicted",
            n=len(tiers.rows),
        )
    return Subject(name="", strategy=None, metric_name=name, quantities=quantities)


def memory_together(tiers: Tiers, draws: int) -> Distribution | Unmeasured:
    """Gigabytes that all tiers take together: those that adapt the same model hold it once."""
    footprints = [one.footprint for one in tiers.members]
    known = [one for one in footprints if one is not None]
    if len(known) < len(footprints):
        return next(
            found for one in tiers.members if isinstance(found := one.measures[MEMORY], Unmeasured)
        )
    value = gigabytes(known)
    return Distribution(
        draws=np.full((draws, 1), value), value=value, unit="GB", basis="predicted", n=1
    )


def asked_of(query: Query) -> tuple[Measure, ...]:
    """The measures that a query's objective and requirements name."""
    formulas = [query.objective.formula]
    for requirement in query.requirements:
        formulas += [requirement.left, requirement.right]
    return tuple(measure for formula in formulas for measure in measures_in(formula))


def basis_of(tiers: Tiers) -> str:
    metrics = [one.metric for one in tiers.members]
    # Of a person nothing is measured: the price and the right answers are given.
    measured = all(
        isinstance(one, Distribution) and one.basis in ("measured", "assumed") for one in metrics
    )
    return "measured" if measured else "predicted"
