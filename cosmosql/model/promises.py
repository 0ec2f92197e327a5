"""Requirements that bound the metric of a policy from below by sums of metrics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from cosmosql.model.program import Formula, Literal, Measure, Operation, Requirement

OWN = ""
"""Stands for the option itself among the strategies of a sum."""

CONSTANT = "1"
"""Stands for what no measure is multiplied with."""

Sum: TypeAlias = Mapping[str, float]
"""Factors by whose metric they multiply: a strategy, OWN or CONSTANT."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """The metric is at least the sum of `weights` times that of strategies, and `floor`."""

    weights: Mapping[str, float]
    floor: float

    @property
    def allowance(self) -> float | None:
        """The share of rows on which a policy may do worse than what it is held against: 0.01 of
        `strategy.big.accuracy - 1 pp`, `99% * strategy.big.accuracy` and `99%`; None where it may
        on none, or is held against several."""
        if not self.weights:
            share = 1.0 - self.floor
        elif len(self.weights) == 1:
            (weight,) = self.weights.values()
            share = 1.0 - weight - self.floor
        else:
            return None
        return share if 0 < share < 1 else None


def promise_of(requirement: Requirement, metric: str) -> Promise | None:
    """The requirement as a promise that is tested; None where its confidence is not written out,
    or where it is no lower bound, linear in the metric."""
    left, right = linear(requirement.left, metric), linear(requirement.right, metric)
    if not requirement.stated or left is None or right is None:
        return None
    sign = 1.0 if requirement.comparison in (">", ">=") else -1.0
    both = added(left, right, -1.0)
    own = sign * both.get(OWN, 0.0)
    if own <= 0:
        return None
    weights = {
        name: -sign * factor / own
        for name, factor in both.items()
        if name not in (OWN, CONSTANT) and factor
    }
    return Promise(weights=weights, floor=-sign * both.get(CONSTANT, 0.0) / own)


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
