"""The scoreboard on the terminal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from cosmosql.artifact.plan import Number
from cosmosql.artifact.scoreboard import ScoreboardDocument, ScoreboardEntry, ScoreboardSummary
from cosmosql.diagnostics.render.text import visible
from cosmosql.report import words

LEVELS = ("50", "80", "90")
SPACELESS_COMMA = re.compile(r",(?=\S)")
DAY = len("2026-01-31")
COLOURS = {"hit": "green", "missed": "red", "open": "yellow"}


def entry_tables(entries: Sequence[ScoreboardEntry], *, verbose: bool) -> Iterator[RenderableType]:
    """Every forecast with its interval, what was measured, and whether it lay inside. What all of
    them have in common is told once, above."""
    told = [column for column in ORIGIN if verbose or column[0] != "plan"]
    common = [one for one in told if len({one[1](entry) for entry in entries}) == 1]
    several = [one for one in told if one not in common]
    words = (f"{heading} {say(entries[0])}" for heading, say in common if say(entries[0]))
    yield _text("; ".join(words), "dim")
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("candidate or policy", overflow="fold", min_width=18)
    for heading in ("forecast", "measured", "error"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("outcome", no_wrap=True)
    for heading, _ in several:
        table.add_column(heading, overflow="fold")
    for one in entries:
        table.add_row(
            _text(SPACELESS_COMMA.sub(", ", one.name)),
            _text(f"{amount(one.predicted, one.unit)} {interval(one)}".rstrip()),
            _text("" if one.measured is None else amount(one.measured, one.unit)),
            _text("" if one.error is None else f"{one.error:+.1f}{' %' if one.unit else ''}"),
            outcome(one),
            *(_text(say(one)) for _, say in several),
        )
    yield table


ORIGIN: tuple[tuple[str, Callable[[ScoreboardEntry], str]], ...] = (
    ("query", lambda one: f"{one.spec}: {one.query}"),
    ("of", lambda one: one.quantity),
    ("stated", lambda one: one.stated_at[:DAY]),
    ("measured by", lambda one: one.by or ""),
    ("plan", lambda one: one.plan[:12]),
)
"""Where a forecast comes from: heading, and what an entry says."""


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


def summaries(found: ScoreboardDocument) -> Iterator[RenderableType]:
    """What all of it comes to."""
    if not found.entries:
        yield Text("No forecast was stated yet: `cosmosql backtest SPEC` and `apply PLAN` do.")
        return
    rows = (
        ("stated before they were measured", found.summary),
        ("stated when the outcome was known", found.hindsight),
    )
    shown = [(name, one) for name, one in rows if one.forecasts]
    if shown:
        yield summary_table(shown)
    rest = []
    if found.costs:
        rest.append(f"{words.plural(found.costs, 'cost')}, {found.costs_missed} outside")
    if found.probed:
        rest.append(f"{found.probed} probed in full, which are no forecasts")
    if found.open:
        rest.append(f"{found.open} open")
    if rest:
        yield _text(f"{'beside these' if shown else 'so far'}: {'; '.join(rest)}.")


def summary_table(rows: Sequence[tuple[str, ScoreboardSummary]]) -> Table:
    """Error and coverage; an interval's level that no forecast states is left out."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    table.add_column("forecasts of metrics")
    for heading in ("number", "missed", "error, points", *(f"inside {one} %" for one in LEVELS)):
        table.add_column(heading, justify="right")
    for name, one in rows:
        covered = (one.coverage.get(level) for level in LEVELS)
        table.add_row(
            _text(name),
            str(one.forecasts),
            _text(str(one.missed), "red" if one.missed else ""),
            "" if one.mae_points is None else f"{one.mae_points:.1f}",
            *("" if share is None else words.whole_percent(share) for share in covered),
            style="bold",
        )
    return table


def _text(words: str, style: str = "") -> Text:
    """Text in which no control character of a ledger reaches the terminal."""
    return Text(visible(words), style=style)
