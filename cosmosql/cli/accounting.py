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
        unit, forecast, measured = _values(item)
        table.add_row(
            Text(visible(f"{item.name}{unit}")),
            Text(forecast),
            Text(measured),
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


def _points(score: float | None) -> str:
    return words.UNMEASURED if score is None else f"{score:.2f} points"


def _plain(score: float | None) -> str:
    return words.UNMEASURED if score is None else f"{score:.2f}"


def _share(score: float | None) -> str:
    return words.UNMEASURED if score is None else words.percent(score)
