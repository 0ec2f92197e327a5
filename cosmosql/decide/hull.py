"""What `auto` reaches at best: the upper convex hull of cost and metric over all that it offers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cosmosql.decide.frontier import Frontier, mean_cost, mean_metric
from cosmosql.decide.offering import Offer
from cosmosql.policies.mix import upper_hull


def with_hull(offers: Sequence[Offer], frontier: Frontier) -> list[Offer]:
    """The offers, with the points of their curves marked that lie on the hull of the curves of all
    that stand and of the single candidates."""
    points = [(mean_cost(one), mean_metric(one), -1, -1) for one in frontier.singles]
    points += [
        (at.budget, at.accuracy, place, number)
        for place, one in enumerate(offers)
        if one.subject is not None
        for number, at in enumerate(one.forecast.curve)
    ]
    points.sort(key=lambda point: (point[0], -point[1], point[2]))
    costs, metrics = (np.array([point[axis] for point in points]) for axis in (0, 1))
    best = {points[place][2:] for place in upper_hull(costs, metrics)}
    return [
        replace(
            one,
            forecast=replace(
                one.forecast,
                curve=tuple(
                    replace(at, hull=(place, number) in best)
                    for number, at in enumerate(one.forecast.curve)
                ),
            ),
        )
        for place, one in enumerate(offers)
    ]
