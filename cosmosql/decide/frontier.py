"""Single candidates that no other one beats in metric and cost, and the mixes between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cosmosql.predict.forecast import Distribution, Forecast

LARGEST = 5
"""Undominated singles of which pairs are made: ten pairs at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontier:
    """Undominated singles, cheapest first: each is better than all cheaper ones."""

    singles: tuple[Forecast, ...]

    def mixed_metric(self, cost: float) -> float | None:
        """The best expected metric that a random mix of two singles reaches at a mean cost: the
        upper convex hull; None below the cheapest single's cost."""
        costs = np.array([mean_cost(one) for one in self.singles])
        metrics = np.array([mean_metric(one) for one in self.singles])
        if cost < costs[0]:
            return None
        best = float(metrics[costs <= cost].max())
        for left in np.flatnonzero(costs <= cost):
            for right in np.flatnonzero(costs > cost):
                share = (cost - costs[left]) / (costs[right] - costs[left])
                mixed = (1 - share) * metrics[left] + share * metrics[right]
                best = max(best, float(mixed))
        return best


def mean_metric(forecast: Forecast) -> float:
    if not isinstance(forecast.metric, Distribution):
        raise ValueError(f"{forecast.candidate.name} has no metric")
    return float(forecast.metric.draws.mean())


def mean_cost(forecast: Forecast) -> float:
    cost = forecast.measures["serve_cost"]
    if not isinstance(cost, Distribution):
        raise ValueError(f"{forecast.candidate.name} has no cost a request")
    return float(cost.draws.mean())


def is_comparable(forecast: Forecast) -> bool:
    """True where both metric and cost of a request are known."""
    cost = forecast.measures.get("serve_cost")
    return isinstance(forecast.metric, Distribution) and isinstance(cost, Distribution)


def frontier_of(forecasts: Sequence[Forecast]) -> Frontier:
    """The undominated singles among the candidates whose metric and cost are known; where there
    are more than five, those nearest to the mixes of the others (the ends always)."""
    known = [one for one in forecasts if is_comparable(one)]
    ordered = sorted(known, key=lambda one: (mean_cost(one), -mean_metric(one), one.candidate.name))
    undominated: list[Forecast] = []
    for one in ordered:
        if not undominated or mean_metric(one) > mean_metric(undominated[-1]):
            undominated.append(one)
    frontier = Frontier(singles=tuple(undominated))
    while len(frontier.singles) > LARGEST:
        frontier = without_the_least(frontier)
    return frontier


def without_the_least(frontier: Frontier) -> Frontier:
    """The frontier without the inner single that lies furthest below the mixes of its
    neighbours."""
    losses = []
    for index in range(1, len(frontier.singles) - 1):
        around = Frontier(singles=(frontier.singles[index - 1], frontier.singles[index + 1]))
        single = frontier.singles[index]
        line = around.mixed_metric(mean_cost(single)) or 0.0
        losses.append((line - mean_metric(single), index))
    worst = max(losses)[1]
    return Frontier(singles=frontier.singles[:worst] + frontier.singles[worst + 1 :])
