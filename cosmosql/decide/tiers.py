"""Candidates on the rows that all of them answered, as a policy sees them: cheapest tier first.

A policy is fitted on expected outcomes and says, with probabilities, which tiers are asked for each
row and which one answers; here that becomes draws of the metric and of the tiers' shares.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from cosmosql.contracts.policy import Fitted, Known, Policy, Question, Seen, Ways
from cosmosql.decide.frontier import mean_cost
from cosmosql.interval import Unmeasured
from cosmosql.policies.choice import LeavesOut
from cosmosql.policies.rows import FOLDS, Index, folds_by, part, seen_part
from cosmosql.predict.forecast import Distribution, Forecast
from cosmosql.predict.items import row_scores
from cosmosql.predict.pairing import Array, row_weights

BUDGETS = 101
"""From the cheapest tier's cost to the dearest's, one each percent of the way."""

REPEATED = 0.01
"""Share of rows with the question of another up to which none is fitted again for it."""

DIGITS = 12
"""Of a share: half of the queries is exactly half, so that a cost cap can be met to the cent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiers:
    """The members on their common `rows`: expected `scores` of each under each draw, shape (draws,
    rows), `weights` of the draws, the `folds` of the rows, and what a policy may be fitted on."""

    members: tuple[Forecast, ...]
    rows: tuple[str, ...]
    weights: Array = field(repr=False)
    scores: tuple[Array, ...] = field(repr=False)
    folds: Index = field(repr=False)
    known: Known = field(repr=False)

    @property
    def seen(self) -> Seen:
        return self.known.seen

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(one.candidate.name for one in self.members)

    @property
    def budgets(self) -> Array:
        """Budgets a request at which a policy is considered."""
        first, last = float(self.seen.costs[0]), float(self.seen.costs[-1])
        return first + (last - first) * np.arange(BUDGETS) / (BUDGETS - 1)

    def metric(self, tier: int) -> Array:
        """Draws of a tier's own metric."""
        found = self.members[tier].metric
        if isinstance(found, Unmeasured):
            raise ValueError("a policy's tiers are measured or predicted")
        return found.draws


def tiers_of(
    members: Sequence[Forecast], questions: Mapping[str, Question], *, seed: int
) -> Tiers | Unmeasured:
    """The members on their common rows; Unmeasured where one has no row outcomes, where they have
    too few rows in common, or where costs do not rise from tier to tier.

    Without a row's question its text is empty: all rows then look alike before they are answered.
    """
    items = [one.items for one in members]
    known = [one for one in items if one is not None]
    if len(known) < len(items) or any(isinstance(one.metric, Unmeasured) for one in members):
        return Unmeasured("its tiers' answers row by row were not measured")
    costs = np.array([mean_cost(one) for one in members])
    for first, second in pairwise(members):
        if mean_cost(first) >= mean_cost(second):
            return Unmeasured(f"{first.candidate.name} is not cheaper than {second.candidate.name}")
    common = set.intersection(*(set(one.rows) for one in known))
    rows = tuple(row for row in known[0].rows if row in common)
    if len(rows) < 2 * FOLDS:
        return Unmeasured(f"its tiers share only {len(rows)} rows")
    asked = tuple(questions.get(row, Question(row=row, text="")) for row in rows)
    draws = len(metric_draws(members[0]))
    scores = tuple(row_scores(one, rows, draws) for one in known)
    expected = np.stack(
        [
            one[0] if found.shift is None else one.mean(axis=0)
            for one, found in zip(scores, known, strict=True)
        ]
    )
    places = [{row: index for index, row in enumerate(one.rows)} for one in known]
    signals = tuple(
        {name: values[[place[row] for row in rows]] for name, values in sorted(one.signals.items())}
        for one, place in zip(known, places, strict=True)
    )
    return Tiers(
        members=tuple(members),
        rows=rows,
        weights=row_weights(rows, draws=draws, seed=seed),
        scores=scores,
        folds=folds_of(asked),
        known=Known(seen=Seen(questions=asked, signals=signals, costs=costs), scores=expected),
    )


def folds_of(questions: Sequence[Question]) -> Index:
    """The fold of every row: rows that ask the same stay together, where there are enough
    others."""
    texts = [one.text or one.row for one in questions]
    alike = len(set(texts)) < 2 * FOLDS
    return folds_by([one.row for one in questions] if alike else texts)


def repeated(questions: Sequence[Question]) -> float:
    """The share of rows that ask what another one asks; a row without a text asks for itself."""
    times = Counter(one.text or one.row for one in questions)
    return sum(count for count in times.values() if count > 1) / len(questions)


def metric_draws(forecast: Forecast) -> Array:
    if not isinstance(forecast.metric, Distribution):
        raise ValueError(f"{forecast.candidate.name} has no metric")
    return forecast.metric.draws


def left_out(
    policy: Policy, fitted: Fitted, tiers: Tiers, options: Mapping[str, object], *, seed: int
) -> Ways:
    """The ways of a fitted policy at the tiers' budgets, each row's as if it had not been seen: by
    the policy's own word where it learned from questions and can say so (leaving rows out of a
    linear fit has a closed form), else by fitting it again without each fold. Where rows repeat
    each other's questions a row that is left out is known by its like, so these too are fitted
    again."""
    alone = "question" in policy.sees and repeated(tiers.seen.questions) <= REPEATED
    if alone and isinstance(fitted, LeavesOut):
        return fitted.known_ways([float(budget) for budget in tiers.budgets])
    return cross_fitted(policy, tiers, options, seed=seed)


def cross_fitted(policy: Policy, tiers: Tiers, options: Mapping[str, object], *, seed: int) -> Ways:
    """The policy's ways at the tiers' budgets, each row's from a fit on the other folds."""
    budgets = [float(budget) for budget in tiers.budgets]
    shape = (len(budgets), len(tiers.members), len(tiers.rows))
    asked, answers = np.zeros(shape), np.zeros(shape)
    for fold in range(FOLDS):
        inside, outside = np.flatnonzero(tiers.folds == fold), np.flatnonzero(tiers.folds != fold)
        fitted = policy.fit(part(tiers.known, outside), options, seed=seed)
        ways = fitted.ways(seen_part(tiers.seen, inside), budgets)
        asked[:, :, inside], answers[:, :, inside] = ways.asked, ways.answers
    return Ways(asked=asked, answers=answers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Weighted sums over the rows of each fold under each draw, of every way: of the `weights`
    themselves, shape (folds, draws); of row scores where a tier answers all, `levels`, shape
    (tiers, folds, draws); of the scores that are `gained`, shape (folds, draws, ways); of `asked`
    and `answers`, shape (tiers, folds, draws, ways)."""

    weights: Array = field(repr=False)
    levels: Array = field(repr=False)
    gained: Array = field(repr=False)
    asked: Array = field(repr=False)
    answers: Array = field(repr=False)


def sums_of(tiers: Tiers, ways: Ways, draws: int) -> Sums:
    """The sums under the first draws: matrix products, one a fold and tier."""
    count = len(tiers.members)
    shape = (FOLDS, draws, len(ways.asked))
    totals, levels = np.zeros(shape[:2]), np.zeros((count, *shape[:2]))
    gained, asked, answers = np.zeros(shape), np.zeros((count, *shape)), np.zeros((count, *shape))
    for fold in range(FOLDS):
        inside = np.flatnonzero(tiers.folds == fold)
        weights = tiers.weights[:draws, inside]
        totals[fold] = weights.sum(axis=1)
        for tier in range(count):
            scored = weights * tiers.scores[tier][:draws, inside]
            levels[tier, fold] = scored.sum(axis=1)
            gained[fold] += scored @ ways.answers[:, tier, inside].T
            asked[tier, fold] = weights @ ways.asked[:, tier, inside].T
            answers[tier, fold] = weights @ ways.answers[:, tier, inside].T
    return Sums(weights=totals, levels=levels, gained=gained, asked=asked, answers=answers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """Draws of the `metric`, shape (draws, ways), and of the shares of queries for which each tier
    is `asked` and which it `answers`, shape (tiers, draws, ways)."""

    metric: Array = field(repr=False)
    asked: Array = field(repr=False)
    answers: Array = field(repr=False)


def outcomes(tiers: Tiers, sums: Sums, without: int | None = None) -> Outcomes:
    """The outcomes of every way on all rows, or on those outside of a fold.

    What a tier's metric differs from its mean row score by (half rows of the prior, macro F1, the
    luck of these rows) is taken over in proportion to the share that it answers; so a way in which
    one tier answers all has just that tier's metric, draw by draw.
    """
    folds = [fold for fold in range(FOLDS) if fold != without]
    totals = sums.weights[folds].sum(axis=0)
    draws = len(totals)
    asked = np.round(sums.asked[:, folds].sum(axis=1) / totals[:, None], DIGITS)
    answers = np.round(sums.answers[:, folds].sum(axis=1) / totals[:, None], DIGITS)
    metric = sums.gained[folds].sum(axis=0) / totals[:, None]
    for tier in range(len(tiers.members)):
        level = sums.levels[tier, folds].sum(axis=0) / totals
        metric = metric + answers[tier] * (tiers.metric(tier)[:draws] - level)[:, None]
    return Outcomes(metric=np.clip(metric, 0.0, 1.0), asked=asked, answers=answers)
