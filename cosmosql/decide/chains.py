"""Which candidates are the tiers of a policy, cheapest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice, pairwise, product

import numpy as np

from cosmosql.decide.frontier import Frontier, frontier_of, mean_cost, mean_metric
from cosmosql.decide.person import PERSON
from cosmosql.model.program import Escalation, Policy
from cosmosql.policies.mix import upper_hull
from cosmosql.predict.forecast import Forecast

LONGEST = 12
"""Chains of more than two stages that are considered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Members, cheapest first; of a cascade by hand the rule behind each but the last."""

    members: tuple[Forecast, ...]
    rules: tuple[Escalation, ...] = ()


def neighbours(frontier: Frontier) -> Iterator[Chain]:
    """Singles two by two that are neighbours on the hull of cost and metric: a mix of others is
    never better than a mix of these."""
    costs = np.array([mean_cost(one) for one in frontier.singles])
    metrics = np.array([mean_metric(one) for one in frontier.singles])
    hull = [frontier.singles[place] for place in upper_hull(costs, metrics)]
    for small, large in pairwise(hull):
        yield Chain(members=(small, large))


def pairs(frontier: Frontier) -> Iterator[Chain]:
    """Every two undominated singles, and where there are more, all of them."""
    for small, large in combinations(frontier.singles, 2):
        yield Chain(members=(small, large))
    yield from whole(frontier)


def spanning(frontier: Frontier) -> Iterator[Chain]:
    """The neighbours on the hull, the cheapest with the best, and with the one between them that
    gains most over their mixes: where fits are dear, few chains that span the frontier."""
    near = list(neighbours(frontier))
    by_name = {one.candidate.name: one for chain in near for one in chain.members}
    hull = list(by_name.values())
    yield from near
    if len(hull) > 2:
        yield Chain(members=(hull[0], hull[-1]))
        line = Frontier(singles=(hull[0], hull[-1]))
        middle = max(
            hull[1:-1], key=lambda one: mean_metric(one) - (line.mixed_metric(mean_cost(one)) or 0)
        )
        yield Chain(members=(hull[0], middle, hull[-1]))


def whole(frontier: Frontier) -> Iterator[Chain]:
    if len(frontier.singles) > 2:
        yield Chain(members=frontier.singles)


def staged(policy: Policy, members: Sequence[Forecast]) -> Iterator[Chain]:
    """The tiers of a cascade with declared stages: the undominated candidates of each stage with
    those of every later one, and of all stages together; where it has rules, of the first stage
    and those that they escalate to. A person is behind them all."""
    stages = [
        frontier_of([one for one in members if one.candidate.strategy == stage]).singles
        for stage in policy.over
    ]
    last = tuple(one for one in members if one.candidate.name == PERSON)
    if policy.escalations:
        rules = {rule.target: rule for rule in policy.escalations}
        named = [stage for stage in policy.over if stage in rules]
        chosen = [stages[0], *(stages[policy.over.index(stage)] for stage in named)]
        for chain in islice(product(*chosen), LONGEST):
            yield Chain(members=chain, rules=tuple(rules[stage] for stage in named))
        return
    if last:
        stages.append(last)
    for first, second in combinations(stages, 2):
        for small, large in product(first, second):
            yield Chain(members=(small, large))
    if len(stages) > 2:
        for chain in islice(product(*stages), LONGEST):
            yield Chain(members=chain)
