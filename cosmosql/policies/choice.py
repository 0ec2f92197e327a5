"""`policy … using auto`: the policy whose area under accuracy against budget is largest in
expectation, by what is known of these rows and by what each policy has won on other pairs.

The standard error of a difference of areas is a point at 300 rows, as large as what there is to
win: the rows alone choose badly, and leaving the simple policy only where another is better by a
standard error gives half of the gain away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from cosmosql.contracts.policy import Array, Fitted, Known, Policy, Ways
from cosmosql.policies.curves import answering, at_spend, budget_grid
from cosmosql.policies.prior import Belief
from cosmosql.policies.rows import FOLDS, folds_by, part

REFERENCE = "mix"
UNKNOWN = Belief(mean=0.0, deviation=0.02)
"""Of a policy that no other pair was served by: as good as the mix, to a few points of AUC for a
pair whose mean gain is one."""


@runtime_checkable
class LeavesOut(Protocol):
    """A fitted policy that can say how the fitted rows are served by models that have not seen
    them."""

    def known_ways(self, budgets: Sequence[float]) -> Ways: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a policy wins over the mix in AUC: on the known rows with its standard error, and
    expected after what other pairs say."""

    won: float
    error: float
    expected: float


def wins(
    policies: Mapping[str, Policy],
    fitted: Mapping[str, Fitted],
    known: Known,
    options: Mapping[str, object],
    *,
    seed: int,
) -> dict[str, Array]:
    """What every policy wins over the mix on each known row in AUC, shape (rows,), by models that
    have not seen the row; `mix` is among them. Policies are compared at equal spend."""
    budgets = budget_grid(known.seen.costs)
    ways = {
        name: left_out(policies[name], fitted[name], known, budgets, options, seed=seed)
        for name in sorted(fitted)
    }
    return wins_of(ways, known, budgets)


def wins_of(ways: Mapping[str, Ways], known: Known, budgets: Array) -> dict[str, Array]:
    """The same of ways at these budgets, the mix's among them, by models that have not seen the
    row."""
    shares = {
        name: answering(at_spend(one, known.seen.costs, budgets), budgets)
        for name, one in ways.items()
    }
    return {
        name: np.asarray(((share - shares[REFERENCE]) * known.scores).sum(axis=0))
        for name, share in shares.items()
    }


def standings(
    won: Mapping[str, Array], beliefs: Mapping[str, Belief], size: float
) -> dict[str, Standing]:
    """Where every policy stands; `size` is the pair's mean gain, the unit of beliefs."""
    found = {
        name: standing(differences, beliefs.get(name, UNKNOWN), size)
        for name, differences in won.items()
    }
    return {**found, REFERENCE: Standing(won=0.0, error=0.0, expected=0.0)}


def standing(differences: Array, belief: Belief, size: float) -> Standing:
    """The mean of two normal beliefs, each weighed by its precision."""
    won = float(differences.mean())
    error = float(differences.std() / np.sqrt(len(differences)))
    doubt = (belief.deviation * size) ** 2
    expected = (won * doubt + belief.mean * size * error**2) / max(doubt + error**2, 1e-18)
    return Standing(won=won, error=error, expected=expected)


def best(found: Mapping[str, Standing]) -> str:
    """The name of the largest expected area, the first of equal ones."""
    return max(sorted(found), key=lambda name: found[name].expected)


def left_out(
    policy: Policy,
    fitted: Fitted,
    known: Known,
    budgets: Array,
    options: Mapping[str, object],
    *,
    seed: int,
) -> Ways:
    """How the known rows are served by models that have not seen them; a policy that cannot say is
    fitted again without each fold."""
    if isinstance(fitted, LeavesOut):
        return fitted.known_ways(list(budgets))
    shape = (len(budgets), len(known.scores), known.seen.rows)
    asked, answers = np.zeros(shape), np.zeros(shape)
    folds = folds_by([question.text for question in known.seen.questions])
    for fold in range(FOLDS):
        outside, inside = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        ways = policy.fit(part(known, outside), options, seed=seed).ways(
            part(known, inside).seen, list(budgets)
        )
        asked[:, :, inside], answers[:, :, inside] = ways.asked, ways.answers
    return Ways(asked=asked, answers=answers)
