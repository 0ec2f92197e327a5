"""The scoreboard on the terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from cosmosql.artifact.plan import Number
from cosmosql.artifact.scoreboard import ScoreboardDocument, ScoreboardEntry, ScoreboardSummary
from cosmosql.diagnostics.render.text import visible
from cosmosql.report import words

SPACELESS_COMMA = re.compile(r",(?=\S)")
COLOURS = {"hit": "green", "missed": "red", "open": "yellow"}


def entry_table(entries: Sequence[ScoreboardEntry], *, verbose: bool) -> Table:
    """Every forecast with its interval, what was measured, and whether it lay inside."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("query", overflow="fold")
    table.add_column("candidate or policy", overflow="fold", min_width=18)
    table.add_column("quantity")
    for heading in ("forecast", "measured", "error"):
        table.add_column(heading, justify="right")
    table.add_column("outcome")
    for heading in ("by", "stated", "plan") if verbose else ("by",):
        table.add_column(heading, no_wrap=True)
    for one in entries:
        cells = [
            _text(f"{one.spec.removesuffix('.cosmos')}: {one.query}"),
            _text(SPACELESS_COMMA.sub(", ", one.name)),
            _text(one.quantity),
            _text(f"{amount(one.predicted, one.unit)} {interval(one)}".rstrip()),
            _text("" if one.measured is None else amount(one.measured, one.unit)),
            _text("" if one.error is None else f"{one.error:+.1f}{' %' if one.unit else ''}"),
            outcome(one),
            _text(one.by or ""),
        ]
        if verbose:
            cells += [_text(one.stated_at), _text(one.plan[:12])]
        table.add_row(*cells)
    return table


def outcome(one: ScoreboardEntry) -> Text:
    words = {"hit": "inside", "missed": "outside", "open": "open", "measured": "probed in full"}
    late = ", hindsight" if one.hindsight and one.status != "open" else ""
    return _text(words[one.status] + late, COLOURS.get(one.status, ""))


def amount(value: Number, unit: str) -> str:
    if value is None:
        return words.UNMEASURED
    return words.significant(value, unit) if unit else words.percent(float(value))


def interval(one: ScoreboardEntry) -> str:
    if one.low is None or one.high is None or one.low == one.high:
        return ""
    if one.unit:
        return f"[{words.significant(one.low)}, {words.significant(one.high)}]"
    return f"[{100 * float(one.low):.1f}, {100 * float(one.high):.1f}]"


def summary_lines(found: ScoreboardDocument) -> Iterator[Text]:
    """What all of it comes to, in a few sentences."""
    if not found.entries:
        yield Text("No forecast was stated yet: `cosmosql backtest SPEC` and `apply PLAN` do.")
        return
    if found.summary.forecasts:
        yield Text.assemble(("stated before they were measured: ", "bold"), scores(found.summary))
    if found.hindsight.forecasts:
        yield Text.assemble(
            ("stated when the outcome was known: ", "bold"), scores(found.hindsight)
        )
    rest = []
    if found.costs:
        rest.append(f"{words.plural(found.costs, 'cost')}, {found.costs_missed} outside")
    if found.probed:
        rest.append(f"{found.probed} probed in full, which are no forecasts")
    if found.open:
        rest.append(f"{found.open} open")
    if rest:
        yield Text(f"beside these: {'; '.join(rest)}.")


def scores(summary: ScoreboardSummary) -> str:
    """Error and coverage of some forecasts in words."""
    parts = []
    if summary.mae_points is not None:
        parts.append(f"mean absolute error {summary.mae_points:.1f} points")
    parts += [
        f"{words.whole_percent(share)} inside {level} %"
        for level, share in sorted(summary.coverage.items())
        if share is not None
    ]
    counted = words.plural(summary.forecasts, "forecast")
    return f"{counted}, {summary.missed} missed; {', '.join(parts)}."


def _text(words: str, style: str = "") -> Text:
    """Text in which no control character of a ledger reaches the terminal."""
    return Text(visible(words), style=style)
