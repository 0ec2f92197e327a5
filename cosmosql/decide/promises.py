"""Requirements that a test on calibration rows can show: the metric against sums of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

import numpy as np

from cosmosql.decide.formulas import Strategies
from cosmosql.model.program import Formula, Literal, Measure, Operation, Requirement
from cosmosql.policies.certificates import Promise

OWN = ""
"""Stands for the option itself among the strategies of a sum."""

CONSTANT = "1"
"""Stands for what no measure is multiplied with."""

Sum = Mapping[str, float]
"""By whose metric it multiplies: a strategy, OWN or CONSTANT."""


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
    """The requirement as a pledge of an option; None where its confidence is not written out, or
    where it is no lower bound, linear in the metric of the option and of single candidates."""
    left, right = linear(requirement.left, metric), linear(requirement.right, metric)
    if not requirement.stated or left is None or right is None:
        return None
    sign = 1.0 if requirement.comparison in (">", ">=") else -1.0
    both = added(left, right, -1.0)
    own = sign * both.get(OWN, 0.0)
    if own <= 0:
        return None
    weights = {}
    for strategy, factor in both.items():
        if strategy in (OWN, CONSTANT):
            continue
        named = strategies.get(strategy, ())
        if len(named) != 1:
            return None
        weights[named[0].name] = -sign * factor / own
    return Pledge(
        requirement=requirement,
        weights=weights,
        floor=-sign * both.get(CONSTANT, 0.0) / own,
    )


def linear(formula: Formula, metric: str) -> Sum | None:
    """The formula as a sum of metrics; None where it holds anything else."""
    match formula:
        case Literal():
            return {CONSTANT: float(formula.quantity.base)}
        case Measure():
            return {formula.strategy or OWN: 1.0} if formula.name == metric else None
        case Operation():
            left, right = linear(formula.left, metric), linear(formula.right, metric)
            if left is None or right is None:
                return None
            match formula.operator:
                case "+":
                    return added(left, right, 1.0)
                case "-":
                    return added(left, right, -1.0)
                case "*":
                    return multiplied(left, right) or multiplied(right, left)
                case "/" if set(right) == {CONSTANT} and right[CONSTANT]:
                    return added({}, left, 1 / right[CONSTANT])
            return None
        case _:
            assert_never(formula)


def added(left: Sum, right: Sum, factor: float) -> Sum:
    found = dict(left)
    for name, value in right.items():
        found[name] = found.get(name, 0.0) + factor * value
    return found


def multiplied(constant: Sum, other: Sum) -> Sum | None:
    return added({}, other, constant[CONSTANT]) if set(constant) == {CONSTANT} else None
