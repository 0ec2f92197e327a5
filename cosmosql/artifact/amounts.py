"""Amounts as documents write them: money as decimal strings, anything else as floats."""

from __future__ import annotations

from decimal import Decimal

from cosmosql import units
from cosmosql.artifact.plan import Number
from cosmosql.identity import rounded


def is_money(unit: str) -> bool:
    """Whether a measure's unit holds a currency, so that its numbers are decimal strings.

    >>> is_money("USD/request"), is_money("s"), is_money("words")
    (True, False, False)
    """
    try:
        return units.Quantity.of(1, unit).dimension.currency is not None
    except units.UnknownUnit:
        return False


def number(value: float | Decimal, unit: str) -> Number:
    """Money as a decimal string of 6 significant digits, anything else as a float."""
    if not is_money(unit):
        return float(value)
    return format(Decimal(repr(rounded(float(value)))).normalize() + 0, "f")
