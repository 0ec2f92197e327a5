"""The hard ceilings of a query's probing, by meter, in one unit each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from cosmosql.model.program import Budget

UNITS: Mapping[str, str] = {
    "wall": "s",
    "accelerator": "GPU-s",
    "tokens": "tokens",
    "requests": "requests",
    "labels": "labels",
}
"""The unit in which a meter counts; money counts in its own currency."""

METERS = ("money", *UNITS)

COUNTED = frozenset({"requests", "tokens"})
"""Meters whose least use follows from the spec and its rows, whatever the prices and devices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """What probing may spend. A meter that is absent is not limited."""

    amounts: Mapping[str, Decimal]
    currency: str | None
    """Of the money meter; None where money is not limited."""

    def unit(self, meter: str) -> str:
        """How the amount of a meter is written: `s`, `tokens`, `USD`."""
        return UNITS.get(meter) or self.currency or "money"


def caps(budget: Budget) -> Caps:
    """The probing section of a budget as plain numbers, in `UNITS`."""
    amounts: dict[str, Decimal] = {}
    currency = None
    for meter in METERS:
        quantity = budget.probing.get(meter)
        if quantity is None:
            continue
        if meter == "money":
            currency = quantity.dimension.currency
            amounts[meter] = quantity.to(quantity.dimension.precise_name)
        else:
            amounts[meter] = quantity.to(UNITS[meter])
    return Caps(amounts=amounts, currency=currency)
