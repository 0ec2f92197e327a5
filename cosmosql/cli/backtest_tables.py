"""A backtest on the terminal, from the same words as its page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from cosmosql.diagnostics.render.text import visible
from cosmosql.report.backtest import BacktestView, CandidateRow, Cell

WIDE = 120
"""Columns from which intervals stand beside every score."""

MARKS = re.compile(r"`([^`]*)`")
SPACELESS_COMMA = re.compile(r",(?=\S)")


def backtest_tables(view: BacktestView, *, width: int, brief: bool) -> Iterator[RenderableType]:
    """Candidates, policies, scores by method, regret under caps, and what came of the decision;
    `brief` leaves out all but scores and sentences."""
    wide = width >= WIDE
    if not brief:
        yield comparison_table("candidate", view.candidates)
        yield Text()
        if view.policies:
            yield comparison_table("policy", view.policies)
            if view.policy_words:
                yield Text(visible(view.policy_words))
            yield Text()
    yield score_table(view, wide=wide)
    if view.rules and not brief:
        yield Text()
        yield from rule_tables(view)
    yield Text()
    yield Text(f"{view.headline}.", style="bold")
    for sentence in (*view.lead, *([view.noise] if view.noise else [])):
        yield Text(visible(MARKS.sub(r"\1", sentence)))


def comparison_table(kind: str, rows: Sequence[CandidateRow]) -> Table:
    """Every forecast beside its measured metric; a miss is red."""
    table = _table("#", kind, "method", "basis", "forecast", "measured", "error", "inside")
    table.columns[1].overflow = "fold"
    table.columns[1].min_width = 18
    for row in rows:
        missed = row.within == "no"
        table.add_row(
            Text(str(row.number), style="dim"),
            _text(SPACELESS_COMMA.sub(", ", f"> {row.name}" if row.chosen else row.name)),
            _text(row.method),
            _text(row.basis),
            _text(str(row.predicted)),
            _text(str(row.measured)),
            _text(row.error),
            _text(row.within or row.reason, style="red" if missed else ""),
            style="bold" if row.chosen else "",
        )
    for index in (1, 2, 3, 7):
        table.columns[index].justify = "left"
    return table


def score_table(view: BacktestView, *, wide: bool) -> Table:
    """The scores of each method, then of all."""
    table = _table(
        "method",
        "predicted",
        "error\npoints",
        "bias",
        "Kendall's\nτ",
        "inside\n50 %",
        "\n80 %",
        "\n90 %",
        "regret\npoints",
        "compute\nsaved",
    )
    for row in view.scores:
        cells = (row.error, row.bias, row.tau, *row.covered, row.regret)
        table.add_row(
            _text(row.method),
            _text(row.predicted),
            *(_cell(one, wide=wide) for one in cells),
            _text(row.saved),
            style="bold" if row.whole else "",
        )
    return table


def rule_tables(view: BacktestView) -> Iterator[RenderableType]:
    """Regret under each cap, with what was chosen there."""
    table = _table("regret under a cap, points", *(cap.cap for cap in view.caps))
    for row in view.rules:
        table.add_row(
            _text(row.rule),
            *(_text(str(one)) for one in row.cells),
            style="bold" if row.own else "",
        )
    yield table
    for cap in view.caps:
        yield _text(f"{cap.cap}: {cap.note}", style="dim")


def _cell(found: Cell, *, wide: bool) -> Text:
    if not wide or not found.interval:
        return _text(found.text)
    return Text.assemble(visible(found.text), (f"\n{visible(found.interval)}", "dim"))


def _text(words: str, style: str = "") -> Text:
    """Text in which no control character of a document reaches the terminal."""
    return Text(visible(words), style=style)


def _table(*headings: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for index, heading in enumerate(headings):
        table.add_column(heading, justify="right" if index else "left")
    return table
