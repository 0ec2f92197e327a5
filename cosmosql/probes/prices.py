"""Money for measuring: accelerator seconds at the price of the hardware that a strategy runs on."""

from __future__ import annotations

from decimal import Decimal

from cosmosql.model.program import Program
from cosmosql.plan.candidate import Candidate


def second_price(candidate: Candidate, program: Program) -> Decimal | None:
    """Money an accelerator second, in the price's own currency.

    What runs no model takes no accelerator and costs nothing. None where no price is known.
    """
    if not program.runs(candidate.model):
        return Decimal(0)
    if candidate.hardware is None:
        return None
    price = program.hardware[candidate.hardware].price
    return None if price is None else price.to(f"{price.dimension.currency}/GPU-s")
