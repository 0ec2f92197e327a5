"""Which kind of policy `auto` serves some tiers by, where several would do.

What is compared is the area under accuracy against budget, by these rows and by what each kind has
won on other pairs of tiers: at a few hundred rows the rows alone choose badly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cosmosql.contracts.policy import Ways
from cosmosql.decide.tiers import Tiers
from cosmosql.policies.choice import Standing, standings, wins_of
from cosmosql.policies.prior import level, shipped


def areas_won(tiers: Tiers, ways: Mapping[str, Ways]) -> dict[str, Standing]:
    """Where each kind stands beside the random mix over the same tiers, by name. All are compared
    at equal spend, row by row; `ways` are cross-fitted at the tiers' budgets, the mix's among them.
    """
    scores = tiers.known.scores
    won = wins_of(ways, tiers.known, tiers.budgets)
    return standings(won, shipped().policies, level(scores[-1] - scores[0]))


def outdone(kind: str, kept: Sequence[str], found: Mapping[str, Standing]) -> str | None:
    """What is said against a kind where a better one over the same tiers stands; None where it is
    the best of those that are `kept`, simplest first, and the simplest of equal ones."""
    best = max(kept, key=lambda one: found[one].expected)
    if best == kind:
        return None
    more = 100 * (found[best].expected - found[kind].expected)
    return (
        f"over the same tiers the {best} is expected to win {more:.2f} points of AUC more, by "
        "these rows and by what the two won elsewhere"
    )
