"""Money for measuring: accelerator seconds at the price of the hardware that a strategy runs on."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from cosmosql.diagnostics.diagnostic import Diagnostic, InputError, Label
from cosmosql.model.program import Program
from cosmosql.plan.budget import Caps
from cosmosql.plan.candidate import Candidate
from cosmosql.units import Quantity


def hardware_price(candidate: Candidate, program: Program) -> Quantity | None:
    """The declared price of a candidate's hardware; None where none is known."""
    if candidate.hardware is None:
        return None
    return program.hardware[candidate.hardware].price


def second_price(candidate: Candidate, program: Program) -> Decimal | None:
    """Money an accelerator second, in the price's own currency.

    What uses no model takes no accelerator and costs nothing. None where no price is known.
    """
    if candidate.model is None:
        return Decimal(0)
    price = hardware_price(candidate, program)
    return None if price is None else price.to(f"{price.dimension.currency}/GPU-s")


def check_prices(candidates: Iterable[Candidate], program: Program, caps: Caps) -> None:
    """Raises InputError E0407 where money is limited and a candidate cannot be costed in it."""
    if caps.currency is None:
        return
    unpriced: dict[str, Diagnostic] = {}
    for candidate in candidates:
        if candidate.model is None:
            continue
        price = hardware_price(candidate, program)
        if price is None:
            note = "an unknown price is no price of zero"
        elif price.dimension.currency != caps.currency:
            note = f"its price is in {price.dimension.currency}, and nothing converts currencies"
        else:
            continue
        unpriced.setdefault(candidate.strategy, _no_price(candidate, program, caps, note))
    if unpriced:
        raise InputError(unpriced.values())


def _no_price(candidate: Candidate, program: Program, caps: Caps, note: str) -> Diagnostic:
    strategy = program.strategies[candidate.strategy]
    return Diagnostic(
        code="E0407",
        title="no price is known",
        labels=(Label(strategy.span, f"measuring this cannot be costed in {caps.currency}"),),
        notes=(f"the budget limits probing to {caps.amounts['money']} {caps.currency}", note),
        help="run it `on` hardware whose `price` is declared, or limit `wall` or `accelerator` "
        "instead of `money`",
    )
