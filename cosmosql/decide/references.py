"""What policies are held against: an oracle, and lots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cosmosql.decide.decision import PolicyForecast
from cosmosql.decide.frontier import is_comparable, mean_cost
from cosmosql.identity import seed_of
from cosmosql.policies.curves import BUDGETS, area, budget_grid
from cosmosql.policies.oracle import oracle_accuracies, random_accuracies
from cosmosql.predict.forecast import Distribution, Forecast
from cosmosql.predict.items import row_scores

Array = NDArray[np.float64]

ORACLE_DRAWS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A line of accuracy against budget over some members: `kind` is oracle or random; `budgets`
    and `accuracies` have the shape (points,)."""

    kind: str
    members: tuple[str, ...]
    budgets: Array = field(repr=False)
    accuracies: Array = field(repr=False)
    auc: float


def references(
    forecasts: Sequence[Forecast], policies: Sequence[PolicyForecast], *, seed: int
) -> tuple[Reference, ...]:
    """Oracle and random line over all members of the policies whose answers are known on common
    rows, from the cheapest one's cost to the dearest's; none where fewer than two differ in cost.
    """
    named = {member for policy in policies if len(policy.members) > 1 for member in policy.members}
    known = [one for one in forecasts if one.candidate.name in named and is_comparable(one)]
    known = [one for one in known if one.items is not None]
    known.sort(key=mean_cost)
    costs = np.array([mean_cost(one) for one in known])
    if len(known) < 2 or costs[0] == costs[-1]:
        return ()
    scores = common_scores(known)
    if not scores.size:
        return ()
    budgets = budget_grid(costs, BUDGETS)
    members = tuple(one.candidate.name for one in known)
    lines = {
        "oracle": oracle_accuracies(outcomes(known, scores, seed=seed), costs, budgets),
        "random": random_accuracies(scores, costs, budgets),
    }
    return tuple(
        Reference(
            kind=kind,
            members=members,
            budgets=budgets,
            accuracies=accuracies,
            auc=area(budgets, accuracies),
        )
        for kind, accuracies in lines.items()
    )


def outcomes(known: Sequence[Forecast], scores: Array, *, seed: int) -> Array:
    """Scores that an oracle may know, shape (members, rows times draws). What was measured stays;
    of a member that was only probed right and wrong are drawn by its chance on each row,
    independently of the other members given the row."""
    rng = np.random.default_rng(seed_of("oracle", seed))
    many = np.tile(scores, ORACLE_DRAWS)
    for place, one in enumerate(known):
        if one.items is not None and one.items.shift is not None:
            many[place] = rng.random(many.shape[1]) < many[place]
    return many


def common_scores(known: Sequence[Forecast]) -> Array:
    """Expected score of each on the rows that all answered, shape (members, rows)."""
    first, *others = [one.items.rows for one in known if one.items is not None]
    common = set(first).intersection(*others)
    rows = tuple(row for row in first if row in common)
    return np.array([expected_scores(one, rows) for one in known])


def expected_scores(forecast: Forecast, rows: tuple[str, ...]) -> Array:
    """The expected score of each of the rows, shape (rows,)."""
    items, metric = forecast.items, forecast.metric
    assert items is not None and isinstance(metric, Distribution)
    return np.asarray(row_scores(items, rows, len(metric.draws)).mean(axis=0))
