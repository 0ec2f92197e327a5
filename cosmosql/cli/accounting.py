"""Forecast against measurement on the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from cosmosql.artifact.bundle import Outcome
from cosmosql.artifact.plan import Metric, Quantity
from cosmosql.diagnostics.render.text import visible
from cosmosql.report import words


def outcome_table(outcomes: Sequence[Outcome]) -> Table:
    """What was forecast and what the full run measured."""
    table = _table("", "forecast", "measured", "within")
    for item in outcomes:
        within = {True: "yes", False: "no", None: "unmeasured"}[item.within]
        unit, forecast, measured = _values(item)
        table.add_row(
            Text(visible(f"{item.name}{unit}")),
            Text(forecast),
            Text(measured),
            Text(within, style="red" if item.within is False else ""),
        )
    return table


def _table(*headings: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for index, heading in enumerate(headings):
        table.add_column(heading, justify="right" if index else "left")
    return table


def _values(item: Outcome) -> tuple[str, str, str]:
    """The unit that both share, and both with their intervals."""
    if isinstance(item.forecast, Metric) and isinstance(item.measured, Metric):
        pair = [words.worded_metric(found) for found in (item.forecast, item.measured)]
        unit = ""
    else:
        amounts = [one for one in (item.forecast, item.measured) if isinstance(one, Quantity)]
        column = words.money_column(amounts)
        pair = [column.worded(found) for found in amounts]
        unit = f", {column.unit}" if column.unit else ""
    forecast, measured = (f"{worded.text} {worded.interval}".rstrip() for worded in pair)
    return unit, forecast, measured
