"""`policy … using mix`: a lot decides who answers, between two neighbours on the hull of the tiers'
cost and accuracy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cosmosql.contracts.policy import Array, Fitted, Known, Question, Rule, Seen, Ways
from cosmosql.identity import Json
from cosmosql.policies.rows import lot


@dataclass(frozen=True, slots=True, kw_only=True)
class MixRule:
    """The share `dearer` of rows goes to the second of two `tiers`."""

    tiers: tuple[int, int]
    dearer: float

    def first(self, question: Question) -> int:
        return self.tiers[1] if lot(question.row) < self.dearer else self.tiers[0]

    def then(self, question: Question, tier: int, signals: Mapping[str, float]) -> int:
        return tier

    def why(
        self, question: Question, tier: int | None, signals: Mapping[str, float]
    ) -> Mapping[str, float]:
        return {"lot": lot(question.row), "dearer": self.dearer} if tier is None else {}

    def state(self) -> Mapping[str, Json]:
        return {"tiers": list(self.tiers), "dearer": self.dearer}


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedMix:
    """`hull`: the tiers that no mix of others dominates, from the cheapest."""

    hull: tuple[int, ...]
    costs: tuple[float, ...]
    rows: int

    def ways(self, seen: Seen, budgets: Sequence[float]) -> Ways:
        return self.drawn(seen.rows, budgets)

    def known_ways(self, budgets: Sequence[float]) -> Ways:
        return self.drawn(self.rows, budgets)

    def drawn(self, rows: int, budgets: Sequence[float]) -> Ways:
        answers = np.zeros((len(budgets), len(self.costs), rows))
        for way, budget in enumerate(budgets):
            rule = self.rule(budget)
            answers[way, rule.tiers[0]] += 1 - rule.dearer
            answers[way, rule.tiers[1]] += rule.dearer
        return Ways(asked=answers, answers=answers)

    def rule(self, budget: float) -> MixRule:
        paid = [self.costs[tier] for tier in self.hull]
        high = int(np.searchsorted(paid, budget, side="right"))
        if high in (0, len(paid)):
            tier = self.hull[min(high, len(paid) - 1)]
            return MixRule(tiers=(tier, tier), dearer=0.0)
        share = (budget - paid[high - 1]) / (paid[high] - paid[high - 1])
        return MixRule(tiers=(self.hull[high - 1], self.hull[high]), dearer=share)


class Mix:
    sees: frozenset[str] = frozenset()

    def fit(self, known: Known, options: Mapping[str, object], *, seed: int) -> Fitted:
        costs = known.seen.costs
        hull = upper_hull(costs, known.scores.mean(axis=1))
        return FittedMix(
            hull=hull, costs=tuple(float(cost) for cost in costs), rows=known.seen.rows
        )

    def load(self, state: Mapping[str, Json]) -> Rule:
        tiers, dearer = state["tiers"], state["dearer"]
        assert isinstance(tiers, list) and isinstance(dearer, int | float)
        first, second = (int(str(tier)) for tier in tiers)
        return MixRule(tiers=(first, second), dearer=float(dearer))


def upper_hull(costs: Array, values: Array) -> tuple[int, ...]:
    """The places on the upper concave hull from the cheapest to the best, costs rising."""
    hull: list[int] = []
    best = int(np.argmax(values))
    for place in range(best + 1):
        while hull and values[place] >= values[hull[-1]] and costs[place] <= costs[hull[-1]]:
            hull.pop()
        while len(hull) > 1 and _bends_up(costs, values, hull[-2], hull[-1], place):
            hull.pop()
        if not hull or values[place] > values[hull[-1]]:
            hull.append(place)
    return tuple(hull)


def _bends_up(costs: Array, values: Array, first: int, middle: int, last: int) -> bool:
    """The middle place lies on or below the line between its neighbours."""
    rise = (values[last] - values[first]) * (costs[middle] - costs[first])
    return bool((values[middle] - values[first]) * (costs[last] - costs[first]) <= rise)
