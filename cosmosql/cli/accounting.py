"""Forecast against measurement on the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from cosmosql.artifact.backtest import BacktestDocument
from cosmosql.artifact.bundle import Outcome
from cosmosql.artifact.plan import Metric, Quantity
from cosmosql.diagnostics.render.text import visible
from cosmosql.report import words


def outcome_table(outcomes: Sequence[Outcome]) -> Table:
    """What was forecast and what the full run measured."""
    table = _table("", "forecast", "measured", "within")
    for item in outcomes:
        within = {True: "yes", False: "no", None: "unmeasured"}[item.within]
        table.add_row(
            Text(visible(item.name)),
            Text(_value(item.forecast)),
            Text(_value(item.measured)),
            Text(within, style="red" if item.within is False else ""),
        )
    return table


def backtest_table(found: BacktestDocument) -> Table:
    """Every candidate's forecast against its measured metric."""
    table = _table("candidate", "basis", "forecast", "measured", "error", "within")
    table.columns[0].overflow = "fold"
    for item in found.candidates:
        if item.predicted is None or item.measured is None:
            table.add_row(Text(visible(item.name)), item.basis, "unmeasured", "", "", "")
            continue
        interval = ""
        within = ""
        if item.low is not None and item.high is not None:
            interval = f" [{100 * item.low:.1f}, {100 * item.high:.1f}]"
            within = "yes" if item.low <= item.measured <= item.high else "no"
        table.add_row(
            Text(visible(item.name)),
            item.basis,
            Text(f"{words.percent(item.predicted)}{interval}"),
            words.percent(item.measured),
            f"{100 * (item.measured - item.predicted):+.1f}",
            within,
        )
    return table


def backtest_summary(found: BacktestDocument) -> Table:
    """The scores of the forecasts."""
    table = _table("", "score")
    for name, score in (
        ("mean absolute error", _points(found.mae_points)),
        ("rank correlation (Kendall's tau)", _plain(found.kendall_tau)),
        ("regret of the choice", _points(found.regret_points)),
        *(
            (f"coverage of {level} % intervals", _share(share))
            for level, share in sorted(found.coverage.items())
        ),
        ("cost saved against running everything", _share(found.cost_saved)),
    ):
        table.add_row(name, score)
    return table


def kinds_table(found: BacktestDocument) -> Table:
    """The scores by kind of strategy, over its predicted candidates."""
    table = _table("kind", "candidates", "mean absolute error", "rank correlation")
    for kind, scores in sorted(found.kinds.items()):
        table.add_row(
            Text(visible(kind)),
            str(scores.candidates),
            _points(scores.mae_points),
            _plain(scores.kendall_tau),
        )
    return table


def _table(*headings: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for index, heading in enumerate(headings):
        table.add_column(heading, justify="right" if index else "left")
    return table


def _value(found: Metric | Quantity) -> str:
    if isinstance(found, Metric):
        worded = words.worded_metric(found)
        return f"{worded.text} {worded.interval}".rstrip()
    low, high = words.significant(found.low), words.significant(found.high)
    interval = "" if found.value is None or low == high else f" [{low}, {high}]"
    return f"{words.significant(found.value)}{interval} {found.unit}"


def _points(score: float | None) -> str:
    return words.UNMEASURED if score is None else f"{score:.2f} points"


def _plain(score: float | None) -> str:
    return words.UNMEASURED if score is None else f"{score:.2f}"


def _share(score: float | None) -> str:
    return words.UNMEASURED if score is None else words.percent(score)
