"""Two tiers on a stream of queries under a budget, as published.

Ramírez, Birch, Titov 2024 (arXiv 2405.02134), as their code does it: a threshold on the margin that
follows the margins seen so far, and guards that keep the budget.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cosmosql.contracts.policy import Array
from cosmosql.policies.curves import area, budget_grid

UNSURE_AFTER = 20
"""With this many margins seen, or fewer, nothing escalates."""

ROUNDING = 1e-9
"""Of money added up in floating point, relative to the budget."""


def escalation_share(budget: float, small_cost: float, large_cost: float) -> float:
    """The share of queries that a mean budget lets a cascade escalate, the small tier always paid:
    min((b - c1) / c2, 1)."""
    return min((budget - small_cost) / large_cost, 1.0)


def routing_share(budget: float, small_cost: float, large_cost: float) -> float:
    """The share of queries that a mean budget sends to the large tier, the small one then not
    paid: min((b - c1) / (c2 - c1), 1)."""
    return min((budget - small_cost) / (large_cost - small_cost), 1.0)


def places_among_seen(margins: Sequence[float]) -> tuple[int, ...]:
    """How many of the margins seen up to each one, itself among them, are no larger. It is below
    element k of them, sorted, exactly where that is at most k."""
    seen: list[float] = []
    places = []
    for margin in margins:
        insort(seen, margin)
        places.append(bisect_right(seen, margin))
    return tuple(places)


def stream(
    places: Sequence[int], budget: float, small_cost: float, large_cost: float
) -> NDArray[np.bool_]:
    """Which queries the large tier answers at a mean budget a query, by their margins' places in
    the order they come.

    The threshold is element floor(len p) of the margins seen, sorted, the current one among them;
    a query escalates where its margin is below it and the rest of the budget covers the large
    tier; with p = 1 every query does. The small tier alone serves once the rest of the budget is
    at most its cost for all that remain; the large one alone, the small one skipped, once the rest
    covers the large one for all that remain.
    """
    share = escalation_share(budget, small_cost, large_cost)
    count = len(places)
    rest = budget * count
    slack = ROUNDING * max(rest, 1.0)
    escalated = np.zeros(count, bool)
    for index, place in enumerate(places):
        remaining, seen = count - index, index + 1
        if rest + slack >= remaining * large_cost:
            escalated[index:] = True
            break
        if rest <= remaining * small_cost + slack:
            break
        rest -= small_cost
        below = share >= 1 or (seen > UNSURE_AFTER and place <= int(seen * share))
        if below and rest + slack >= large_cost:
            escalated[index] = True
            rest -= large_cost
    return escalated


def stream_area(
    margins: Array, scores: Array, costs: Array, *, orders: int = 3, budgets: int = 100
) -> float:
    """Area under accuracy against budget of the streaming cascade, the mean of several orders of
    the stream. `scores` has shape (2, rows), `costs` (2,)."""
    grid = budget_grid(costs, budgets)
    areas = []
    for order in range(orders):
        shuffled = np.random.default_rng(order).permutation(len(margins))
        small, large = scores[:, shuffled]
        places = places_among_seen(margins[shuffled].tolist())
        accuracy = [
            float(np.where(stream(places, float(budget), *costs.tolist()), large, small).mean())
            for budget in grid
        ]
        areas.append(area(grid, np.array(accuracy)))
    return float(np.mean(areas))
