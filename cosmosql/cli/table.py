"""A plan on the terminal, from the same words as the report."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from cosmosql.diagnostics.render.text import visible
from cosmosql.report.view import CandidateRow, PolicyRow, View
from cosmosql.report.words import Worded

WIDE = 104
"""Columns from which a table shows everything."""

SPACELESS_COMMA = re.compile(r",(?=\S)")
COLOURS = {"holds": "green", "fails": "red", "undecided": "yellow"}
HEADLINES = {"decided": "bold green", "undecided": "bold yellow", "infeasible": "bold red"}


def plan_tables(view: View, *, width: int, verbose: bool) -> Iterator[RenderableType]:
    """The whole plan: candidates, policies, decision with reasons, requirements, spending."""
    yield candidate_table(view, width=width, verbose=verbose)
    yield from unmeasured_notes(view)
    if view.policies:
        yield Text()
        yield policy_table(view, width=width)
        yield from refusals(view)
        if verbose and view.calibration:
            yield Text()
            yield signal_table(view)
    yield Text()
    yield decision(view)
    if view.requirements:
        yield Text()
        yield requirement_table(view)
    if verbose and view.slices.rows:
        yield Text()
        yield slice_table(view)
    if view.slices.finding and (verbose or any(row.shown_worse for row in view.slices.rows)):
        yield _text(view.slices.finding, style="dim")
    yield Text()
    yield spending_table(view)
    if view.probing.note:
        yield _text(f"{view.probing.note}.", style="dim")
    yield _text(f"{view.basis_note}; {view.evidence_note}.", style="dim")


def candidate_table(view: View, *, width: int, verbose: bool) -> Table:
    wide = width >= WIDE
    table = _table()
    table.add_column("#", justify="right", style="dim", no_wrap=True)
    table.add_column("candidate", overflow="fold", min_width=18)
    if wide:
        table.add_column("kind", no_wrap=True)
    table.add_column(f"{view.metric_name}\n{view.interval_note}", justify="right", no_wrap=True)
    if wide:
        table.add_column("basis", no_wrap=True)
    table.add_column(_heading("one-off cost", view.adapt_unit), justify="right", no_wrap=True)
    table.add_column(_heading("cost of requests", view.serve_unit), justify="right", no_wrap=wide)
    table.add_column("status", no_wrap=True)
    for row in view.candidates:
        table.add_row(*_candidate(row, wide=wide, verbose=verbose), style=_emphasis(row))
    return table


def policy_table(view: View, *, width: int) -> Table:
    wide = width >= WIDE
    table = _table()
    table.add_column("policy", overflow="fold", min_width=18)
    table.add_column(f"{view.metric_name}\n{view.interval_note}", justify="right", no_wrap=True)
    if wide:
        table.add_column("basis", no_wrap=True)
        table.add_column("escalates", no_wrap=True)
        table.add_column("share", justify="right", no_wrap=True)
    table.add_column(_heading("cost of requests", view.serve_unit), justify="right", no_wrap=wide)
    table.add_column("status", no_wrap=True)
    for row in view.policies:
        cells = [_name(row.name, row.chosen), _with_interval(row.metric)]
        if wide:
            cells += [_text(row.metric.basis), _text(row.rule), _text(row.share)]
        table.add_row(*cells, _text(row.serve_cost.text), _status(row.status), style=_emphasis(row))
    return table


def signal_table(view: View) -> Table:
    """Whether the signals of the policies' members can be believed."""
    table = _table()
    table.add_column("member", overflow="fold", min_width=18)
    table.add_column("signal", no_wrap=True)
    for name in (f"ECE\n{view.interval_note}", "by chance", f"Brier score\n{view.interval_note}"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in view.calibration:
        table.add_row(
            _text(row.member),
            _text(f"{row.signal}{', decides' if row.used else ''}"),
            _text(f"{row.error} {row.error_bounds}"),
            _text(row.error_by_chance),
            _text(f"{row.brier} {row.brier_bounds}"),
        )
    return table


def slice_table(view: View) -> Table:
    """Where the chosen one does worst."""
    table = _table()
    table.add_column("slice", overflow="fold", min_width=14)
    table.add_column("by", overflow="fold")
    for name in ("rows", "to expect", "mean score\nsimultaneous interval"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in view.slices.rows:
        table.add_row(
            _text(row.name),
            _text(row.by),
            _text(row.rows),
            _text(row.expected),
            _text(f"{row.mean} {row.bounds}"),
        )
    return table


def unmeasured_notes(view: View) -> Iterator[Text]:
    """Why candidates have no metric, each reason once with the numbers of its candidates."""
    reasons: dict[str, list[str]] = {}
    for row in view.candidates:
        if row.bar is None:
            reasons.setdefault(row.metric.note, []).append(str(row.number))
    for reason, numbers in reasons.items():
        yield _text(f"{', '.join(numbers)} unmeasured: {reason}", "dim")


def refusals(view: View) -> Iterator[Text]:
    """Why policies were refused."""
    for row in view.policies:
        if row.status == "refused":
            yield _text(f"{row.name} {row.why}", "dim")


def decision(view: View) -> Text:
    """The verdict, what was chosen and why, in plain words."""
    parts = [(view.headline, HEADLINES[view.status])]
    if view.chosen:
        parts.append((f": {view.chosen}", "bold"))
    parts.append((f"\n  {view.summary}", ""))
    parts += [(f"\n  - {reason}", "") for reason in view.reasons]
    if view.next_evidence:
        parts.append((f"\n  cheapest next evidence: {view.next_evidence}", ""))
    parts += [(f"\n  next: {line}", "") for line in view.recommended]
    return _assembled(parts)


def purchase_table(view: View) -> Table:
    """Everything that may be bought next, what is recommended first."""
    table = _table()
    table.add_column("to buy next", overflow="fold", min_width=18)
    for heading in ("expected gain", "cost", "gain per unit"):
        table.add_column(heading, justify="right")
    for row in view.purchases:
        what = _text(f"> {row.what}" if row.recommended else row.what)
        table.add_row(what, *(_text(cell) for cell in (row.gain, row.cost, row.rate)))
    return table


def requirement_table(view: View) -> Table:
    table = _table()
    table.add_column("requirement", overflow="fold")
    table.add_column("confidence", justify="right")
    table.add_column("the chosen one")
    for heading in ("hold", "undecided", "fail"):
        table.add_column(heading, justify="right")
    for row in view.requirements:
        verdict = _assembled(
            [(row.verdict or "nothing chosen", COLOURS.get(row.verdict, "")), (f" {row.found}", "")]
        )
        counts = (_text(str(count)) for count in (row.holds, row.undecided, row.fails))
        table.add_row(_text(row.text), _text(row.confidence), verdict, *counts)
    return table


def spending_table(view: View) -> Table:
    table = _table()
    table.add_column("meter")
    for heading in ("spent", "cap", "exhaustive", "spent / exhaustive"):
        table.add_column(heading, justify="right")
    for row in view.meters:
        cells = (row.meter, row.spent, row.cap, row.exhaustive, row.share)
        table.add_row(*(_text(cell) for cell in cells))
    return table


def explanation(row: CandidateRow | PolicyRow, view: View) -> Text:
    """One option: what it is, what is known of it, and what speaks for or against it."""
    requests = _with_unit(row.serve_cost, view.serve_unit)
    lines = [
        f"{view.metric_name} {_words(row.metric)}, {row.metric.basis} {row.metric.note}".rstrip()
    ]
    if row.expected is not None:
        lines.append(f"to expect {_words(row.expected)}, corrected for the choice")
    lines.append(f"cost of requests {requests}")
    if isinstance(row, CandidateRow):
        lines.append(f"one-off cost {_with_unit(row.adapt_cost, view.adapt_unit)}")
    elif row.rule:
        lines.append(f"escalates when {row.rule}: {row.share} of the queries")
    said = [miss for miss in row.misses if miss.partition(": ")[2] not in row.why]
    lines += [f"requirement {miss}" for miss in said]
    lines.append(row.why)
    return _assembled(
        [
            (f"> {row.name}" if row.chosen else row.name, "bold"),
            (f"\n  {row.kind}, ", ""),
            (row.status, COLOURS.get(row.status, "")),
            *((f"\n  {line}", "") for line in lines),
        ]
    )


def _text(words: str, style: str = "") -> Text:
    """Text in which no control character of a plan reaches the terminal."""
    return Text(visible(words), style=style)


def _assembled(parts: Iterable[tuple[str, str]]) -> Text:
    return Text.assemble(*((visible(words), style) for words, style in parts))


def _words(number: Worded) -> str:
    return f"{number.text} {number.interval}".rstrip()


def _with_unit(number: Worded, unit: str) -> str:
    return f"{_words(number)} {unit}".rstrip()


def _table() -> Table:
    return Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")


def _heading(words: str, unit: str) -> str:
    return f"{words}\n{unit.replace(' per ', ' per' + chr(10))}" if unit else words


def _candidate(row: CandidateRow, *, wide: bool, verbose: bool) -> list[Text]:
    cells = [_text(str(row.number)), _name(row.name, row.chosen)]
    if wide:
        cells.append(_text(row.kind))
    cells.append(_with_interval(row.metric))
    if wide:
        cells.append(_text(row.metric.basis))
    for cost in (row.adapt_cost, row.serve_cost):
        cells.append(_with_interval(cost) if verbose else _text(cost.text))
    return [*cells, _status(row.status)]


def _emphasis(row: CandidateRow | PolicyRow) -> str:
    return "bold" if row.chosen else ""


def _name(name: str, chosen: bool) -> Text:
    """A name with spaces after its commas, so that lines break between its parts."""
    spaced = SPACELESS_COMMA.sub(", ", name)
    return _text(f"> {spaced}" if chosen else spaced)


def _with_interval(number: Worded) -> Text:
    return _text(_words(number))


def _status(word: str) -> Text:
    return _text(word, style=COLOURS.get(word, ""))
