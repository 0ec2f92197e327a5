"""A quote on the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from cosmosql.diagnostics.render.text import visible
from cosmosql.plan.budget import METERS
from cosmosql.plan.candidate import Measurement
from cosmosql.plan.render import fidelity_words
from cosmosql.probes.quote import Quote, QuotedRun, readable

SHOWN = ("money", "wall", "tokens")
"""The meters that have a column in the table of runs."""


def quote_tables(found: Quote, *, quiet: bool) -> Iterator[RenderableType]:
    """Every run of the first round with the most it can take, what may follow, then the sums
    against the caps."""
    if not quiet:
        yield _runs(found.runs, found)
        yield Text()
        if found.menu:
            yield Text("After the first round, one at a time, whichever is worth most:", "dim")
            yield _runs(found.menu, found)
            yield Text()
        if found.tests:
            yield Text(
                "To test a policy on calibration rows, those of its tiers, if they fit:", "dim"
            )
            yield _runs(found.tests, found)
            yield Text()
    yield _sums(found)
    paid = sum(1 for item in found.runs if item.paid)
    name = " in the first round" if found.menu else ""
    words = f"{len(found.runs)} probes{name}, of which {paid} are paid for already"
    fit = "" if found.shortfalls else "; the rest fits the budget in its worst case"
    yield Text(f"{words}{fit}.")
    if found.menu:
        later = sum(1 for item in found.menu if item.paid)
        yield Text(
            f"{len(found.menu)} more may follow, of which {later} are paid for already: until the "
            "query is decided, none is worth its price or the next could exceed a cap."
        )
    if any(item.assumed and not item.paid for item in found.runs):
        yield Text("Seconds are a cautious guess until the device is profiled.", style="dim")
    if found.awaits_profiles:
        yield Text("A run profiles the models first, if that fits, and quotes again.", style="dim")
    for meter in found.shortfalls:
        needed = f"{readable(found.needed(meter))} {found.caps.unit(meter)}"
        yield Text(f"`{meter}` does not fit: {needed} may be needed.", style="yellow")


def _runs(runs: Sequence[QuotedRun], found: Quote) -> Table:
    table = _table()
    table.add_column("probe")
    table.add_column("candidate", overflow="fold", min_width=18)
    table.add_column("at")
    table.add_column("rows", justify="right")
    for meter in SHOWN:
        table.add_column(f"{meter}\nat most, {found.caps.unit(meter)}", justify="right")
    table.add_column("paid")
    for item in runs:
        measurement = item.run.measurement
        table.add_row(
            measurement.kind,
            Text(visible(measurement.candidate.name)),
            fidelity_words(measurement.fidelity),
            rows_words(measurement),
            *("" if item.paid else _amount(item.worst.get(meter)) for meter in SHOWN),
            "yes" if item.paid else "no",
        )
    return table


def rows_words(measurement: Measurement) -> str:
    """How many rows; which ones, where they are not the first."""
    if not measurement.start:
        return str(measurement.rows)
    return f"{measurement.start + 1}-{measurement.start + measurement.rows}"


def _sums(found: Quote) -> Table:
    table = _table()
    table.add_column("meter")
    for heading in ("at most now", "spent before", "cap"):
        table.add_column(heading, justify="right")
    for meter in METERS:
        cap = found.caps.amounts.get(meter)
        if meter not in found.total and cap is None:
            continue
        unit = found.caps.unit(meter)
        spent = found.spent.get(meter, Decimal(0))
        table.add_row(
            meter,
            f"{_amount(found.total.get(meter))} {unit}",
            f"{_amount(spent)} {unit}",
            "no cap" if cap is None else f"{_amount(cap)} {unit}",
        )
    return table


def _table() -> Table:
    return Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")


def _amount(value: Decimal | None) -> str:
    return "unknown" if value is None else readable(value)
