"""The one metering point: reserve the worst case, spend, settle what it really was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import TypeAlias

from cosmosql.evidence.observation import Usage

Amounts: TypeAlias = Mapping[str, Decimal]
"""What something takes, by meter: `money`, `wall` and `accelerator` in seconds, `tokens`,
`requests`, `labels`."""


class OverBudgetError(Exception):
    """A reservation does not fit. `meter` is the first that refuses, in the order of the caps."""

    def __init__(self, meter: str, needed: Decimal, left: Decimal) -> None:
        self.meter = meter
        self.needed = needed
        self.left = left
        super().__init__(f"{meter}: needs {needed}, has {left}")


@dataclass(frozen=True, slots=True, eq=False)
class Reservation:
    """The worst case of one step, held back until it is settled."""

    worst: Amounts


class Meter:
    """Keeps spent plus reserved within the caps.

    A step whose real usage is within its worst case can therefore never carry the sum over a cap.
    One that took more breaks its promise: the real amount is recorded all the same, and every
    later reservation sees it.
    """

    def __init__(self, caps: Amounts, spent: Amounts = MappingProxyType({})) -> None:
        self.caps: Amounts = MappingProxyType(dict(caps))
        self._spent: dict[str, Decimal] = dict(spent)
        self._open: list[Reservation] = []

    @property
    def spent(self) -> Amounts:
        """Settled so far, by meter."""
        return MappingProxyType(dict(self._spent))

    def left(self, meter: str) -> Decimal:
        """What may still be reserved of a capped meter."""
        reserved = sum((held.worst.get(meter, Decimal(0)) for held in self._open), Decimal(0))
        return self.caps[meter] - self._spent.get(meter, Decimal(0)) - reserved

    def refusal(self, worst: Amounts) -> OverBudgetError | None:
        """Why a worst case does not fit; None where it does. Raises ValueError where it is silent
        about a capped meter: unknown is not nothing."""
        for meter in self.caps:
            if meter not in worst:
                raise ValueError(f"a worst case says nothing of {meter}, which is limited")
            needed, left = worst[meter], self.left(meter)
            if needed > left:
                return OverBudgetError(meter, needed, left)
        return None

    def reserve(self, worst: Amounts) -> Reservation:
        """Holds a worst case back; raises OverBudgetError where it is too much."""
        if refusal := self.refusal(worst):
            raise refusal
        reservation = Reservation(MappingProxyType(dict(worst)))
        self._open.append(reservation)
        return reservation

    def settle(self, reservation: Reservation, actual: Amounts) -> None:
        """Gives a reservation back and counts what was really taken."""
        self._open.remove(reservation)
        for meter, amount in actual.items():
            self._spent[meter] = self._spent.get(meter, Decimal(0)) + amount


def amounts(usage: Usage) -> Amounts:
    """What a usage counts as on each meter; money is absent where no price is known."""
    return {
        **({} if usage.money is None else {"money": usage.money}),
        "wall": decimal_seconds(usage.seconds),
        "accelerator": decimal_seconds(usage.accelerator_seconds),
        "tokens": Decimal(usage.prompt_tokens + usage.completion_tokens + usage.training_tokens),
        "requests": Decimal(usage.requests),
        "labels": Decimal(usage.labels),
    }


def decimal_seconds(seconds: float) -> Decimal:
    """Seconds to the microsecond, rounded up so that no time is lost.

    >>> decimal_seconds(1.25), decimal_seconds(1e-9)
    (Decimal('1.250000'), Decimal('0.000001'))
    """
    return Decimal(seconds).quantize(Decimal("0.000001"), rounding="ROUND_CEILING")
