"""Requirements that a test on calibration rows can show, over the candidates of a query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cosmosql.decide.formulas import Strategies
from cosmosql.model.program import Requirement
from cosmosql.model.promises import promise_of
from cosmosql.policies.certificates import Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class Pledge:
    """A requirement on the metric: at least the weighted sum of that of some candidates, by name,
    and a constant."""

    requirement: Requirement
    weights: Mapping[str, float]
    floor: float

    def over(self, names: tuple[str, ...]) -> Promise:
        """The promise over tiers of these names."""
        weights = np.array([self.weights.get(name, 0.0) for name in names])
        return Promise(weights=weights, floor=self.floor)


def pledge_of(requirement: Requirement, metric: str, strategies: Strategies) -> Pledge | None:
    """The requirement as a pledge of an option; None where it is not tested, or where a strategy
    that it names does not stand for one candidate."""
    found = promise_of(requirement, metric)
    if found is None:
        return None
    named = {name: strategies.get(name, ()) for name in found.weights}
    if any(len(candidates) != 1 for candidates in named.values()):
        return None
    weights = {named[name][0].name: weight for name, weight in found.weights.items()}
    return Pledge(requirement=requirement, weights=weights, floor=found.floor)
