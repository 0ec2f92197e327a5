"""W0603: prices that were read long ago."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from cosmosql.diagnostics.diagnostic import Diagnostic, Label
from cosmosql.model.lint.warning import own_place, warning
from cosmosql.model.program import Declared, Hardware, Price, Program, Query, strategies_of

LONGEST = datetime.timedelta(days=90)
"""A list price that is older was probably changed since."""


def old_prices(program: Program, today: datetime.date) -> Iterator[Diagnostic]:
    """W0603 for each price that a query counts with and that was read more than 90 days before
    `today`. A price that is assumed has no date: it says so itself."""
    told: set[str] = set()
    for query in program.queries.values():
        for priced, as_of, user in _prices(program, query):
            age = today - datetime.date.fromisoformat(as_of)
            if priced.name in told or age <= LONGEST:
                continue
            told.add(priced.name)
            place = own_place(priced, user, query)
            read = f"was read on {as_of}, {age.days} days ago"
            others = () if place is priced else (Label(priced.span, "it is declared here"),)
            yield warning(
                "W0603",
                "price older than 90 days",
                place.span,
                f"the price of this {read}" if place is priced else f"`{priced.name}` {read}",
                *others,
                notes=("costs are forecast, and candidates chosen, with this price",),
                help="look it up again, and write the new `price`, `source` and `as_of`",
            )


def _prices(program: Program, query: Query) -> Iterator[tuple[Hardware | Price, str, Declared]]:
    """What is priced, the date of its price, and who names it."""
    for strategy in strategies_of(program, query):
        hardware = program.hardware.get(strategy.hardware or "")
        dated = hardware is not None and hardware.price is not None and not hardware.price_assumed
        if hardware is not None and dated and hardware.price_as_of is not None:
            yield hardware, hardware.price_as_of, strategy
        for name in strategy.models:
            model = program.models[name]
            price = program.prices.get(model.price or "")
            if price is not None and price.as_of and not price.assumed:
                yield price, price.as_of, model
