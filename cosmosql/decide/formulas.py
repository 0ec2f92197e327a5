"""Formulas of a query over draws, in base units; nothing unknown becomes a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias, assert_never

import numpy as np
from numpy.typing import NDArray

from cosmosql.decide.subject import Subject
from cosmosql.interval import Unmeasured
from cosmosql.model.program import Formula, Literal, Measure, Operation
from cosmosql.predict.forecast import Distribution
from cosmosql.units import Quantity

Array: TypeAlias = NDArray[np.float64]

Strategies: TypeAlias = Mapping[str, Sequence[Subject]]
"""The candidates of each strategy, for formulas that name one."""


def values(formula: Formula, subject: Subject, strategies: Strategies) -> Array | Unmeasured:
    """The formula for a subject, shape (draws,) or () for constants, in base units (currency
    units, seconds, tokens, ratios as plain numbers). Unmeasured where any part is, or where the
    result is not finite."""
    match formula:
        case Literal():
            return np.asarray(float(formula.quantity.base))
        case Measure():
            owner = owner_of(formula, subject, strategies)
            return owner if isinstance(owner, Unmeasured) else quantity(formula.name, owner)
        case Operation():
            left = values(formula.left, subject, strategies)
            right = values(formula.right, subject, strategies)
            if isinstance(left, Unmeasured):
                return left
            if isinstance(right, Unmeasured):
                return right
            return combined(formula.operator, left, right)
        case _:
            assert_never(formula)


def owner_of(measure: Measure, subject: Subject, strategies: Strategies) -> Subject | Unmeasured:
    """Whose quantity a measure is: the subject's, or that of the one candidate of a strategy."""
    if measure.strategy is None:
        return subject
    named = strategies.get(measure.strategy, ())
    if len(named) == 1:
        return named[0]
    if not named:
        return Unmeasured(f"{measure.strategy} is no candidate of this query")
    return Unmeasured(f"{measure.strategy} stands for {len(named)} candidates; name one")


def quantity(name: str, subject: Subject) -> Array | Unmeasured:
    found = subject.quantities.get(name, Unmeasured(f"{name} was not measured"))
    if isinstance(found, Unmeasured):
        return found
    return found.draws * base_factor(found)


def base_factor(distribution: Distribution) -> float:
    """How many base units one of the distribution's unit is."""
    return float(Quantity.of(1, distribution.unit or None).base)


def combined(operator: str, left: Array, right: Array) -> Array | Unmeasured:
    with np.errstate(all="ignore"):
        match operator:
            case "+":
                result = left + right
            case "-":
                result = left - right
            case "*":
                result = left * right
            case "/":
                result = left / right
            case _:
                raise ValueError(f"no operator {operator}")
    if not np.isfinite(result).all():
        return Unmeasured("the formula divides by zero or overflows")
    return np.asarray(result)


def measures_in(formula: Formula) -> tuple[Measure, ...]:
    """The measures of a formula from left to right."""
    match formula:
        case Literal():
            return ()
        case Measure():
            return (formula,)
        case Operation():
            return measures_in(formula.left) + measures_in(formula.right)
        case _:
            assert_never(formula)
