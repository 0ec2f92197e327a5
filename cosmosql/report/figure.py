"""The accuracy-against-cost picture of a plan."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from cosmosql.artifact.plan import Candidate, Metric, Number, PlanDocument, Policy
from cosmosql.report import view, words
from cosmosql.report.drawing import (
    ACCENT,
    FAINT,
    GRID,
    INK,
    KINDS,
    OTHER,
    PAPER,
    POLICY,
    Format,
    drawing,
    hollow,
    inline,
    plain,
    ring,
)

LONGEST_LABEL = 40
CROWDED = (110.0, 18.0)
"""Pixels across and up within which two names would cover each other."""
DECADES = 30.0
"""Costs that are less far apart would leave powers of ten alone with hardly a tick."""
FREE_GAP = 3.0
"""A cost of zero stands this factor left of the smallest other one, on an axis marked `free`."""


WIDE = Format(name="wide", width=10.4, height=5.4, font=10.5)
NARROW = Format(name="narrow", width=5.0, height=5.2, font=11.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Point:
    label: str
    x: float
    metric: Metric
    style: tuple[str, str, str]
    chosen: bool
    free: bool
    """Its cost is zero: it stands at the left edge, which is marked so."""
    frontier: bool


def frontier(plan: PlanDocument, format: Format) -> str | None:
    """An `<svg>` element of every option with a metric and a cost; None where there are not two."""
    column = view.money_column_of(plan)
    factor = float(column.factor)
    points = _points(plan, factor)
    if len(points) < 2:
        return None
    with drawing(format) as figure:
        axes = figure.add_subplot()
        _axes(axes, points, plan.question.metric, column.unit or "cost per request")
        _curves(axes, plan, factor, points)
        for point in points:
            _draw(axes, point)
        _name(axes, points)
        _legend(figure, points, columns=6 if format is WIDE else 3)
        return inline(
            figure,
            format,
            title="Quality against cost",
            description=_description(plan, points),
            style=f"frontier {format.name}",
        )


def _points(plan: PlanDocument, factor: float) -> list[_Point]:
    numbered = [(str(number), item) for number, item in enumerate(plan.candidates, start=1)]
    options: list[tuple[str, Candidate | Policy]] = [*numbered]
    options += [(item.kind, item) for item in plan.policies]
    known = [
        (label, item, _cost(item.serve_cost.value) * factor)
        for label, item in options
        if item.metric.value is not None and item.serve_cost.value is not None
    ]
    smallest = min((x for _, _, x in known if x > 0), default=1.0)
    chosen = plan.decision.chosen
    points = [
        _Point(
            label=label,
            x=x if x > 0 else smallest / FREE_GAP,
            metric=item.metric,
            style=_style(item),
            chosen=item.name == chosen,
            free=x <= 0,
            frontier=_undominated(x, item.metric.value or 0.0, known),
        )
        for label, item, x in known
    ]
    return points


def _undominated(
    x: float, value: float, known: Sequence[tuple[str, Candidate | Policy, float]]
) -> bool:
    """Whether nothing is at least as good for at most as much, one of the two strictly."""
    others = [(cost, item.metric.value or 0.0) for _, item, cost in known]
    return not any(
        cost <= x and metric >= value and (cost < x or metric > value) for cost, metric in others
    )


def _cost(value: Number) -> float:
    return float(value) if value is not None else 0.0


def _style(item: Candidate | Policy) -> tuple[str, str, str]:
    if isinstance(item, Policy):
        return POLICY
    return next((style for style in KINDS if style[0] == item.kind), OTHER)


def _axes(axes: Axes, points: Sequence[_Point], metric: str, unit: str) -> None:
    low = min(point.metric.low or 0.0 for point in points)
    high = max(point.metric.high or 1.0 for point in points)
    plain(axes)
    axes.set_xscale("log")
    least, most = min(point.x for point in points), max(point.x for point in points)
    axes.set_xlim(least / 1.7, most * 1.7)
    axes.set_ylim(max(0.0, low - 0.04), min(1.02, high + 0.04))
    within = most / least < DECADES
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if within else (1,), numticks=12))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: words.significant(float(f"{x:.3g}"))))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{100 * y:.0f} %"))
    axes.set_xlabel(_label(unit), labelpad=8)
    axes.set_ylabel(_label(metric), labelpad=8)
    free = next((point.x for point in points if point.free), None)
    if free is not None:
        axes.axvline(free, color=GRID, linewidth=0.7, linestyle=(0, (1, 2)), zorder=0.5)
        axes.text(
            free,
            0.0,
            "free",
            transform=axes.get_xaxis_transform(),
            ha="center",
            va="bottom",
            color=FAINT,
        )


def _label(words: str) -> str:
    """One line, short enough to leave room for the axes."""
    return textwrap.shorten(words, LONGEST_LABEL, placeholder="…")


def _curves(axes: Axes, plan: PlanDocument, factor: float, points: Sequence[_Point]) -> None:
    """The frontier as a step line, and what each policy reaches at each budget."""
    best = sorted((point.x, point.metric.value or 0.0) for point in points if point.frontier)
    right = axes.get_xlim()[1]
    axes.plot(
        [x for x, _ in best] + [right],
        [y for _, y in best] + [best[-1][1]],
        drawstyle="steps-post",
        color=FAINT,
        linewidth=1.2,
        linestyle=(0, (4, 3)),
        zorder=1.5,
    )
    for policy in plan.policies:
        curve = [(_cost(point.budget) * factor, point.accuracy) for point in policy.curve]
        shown = [(x, y) for x, y in curve if x > 0]
        main = policy.name == plan.decision.chosen
        axes.plot(
            [x for x, _ in shown],
            [y for _, y in shown],
            color=ACCENT if main else POLICY[2],
            linewidth=2.0 if main else 1.0,
            alpha=1.0 if main else 0.55,
            solid_capstyle="round",
            zorder=2,
        )


def _draw(axes: Axes, point: _Point) -> None:
    """A filled mark is measured, a hollow one predicted; the chosen one has a ring."""
    value = point.metric.value or 0.0
    colour = ACCENT if point.chosen else point.style[2]
    measured = point.metric.basis == "measured"
    axes.vlines(
        point.x,
        point.metric.low or value,
        point.metric.high or value,
        color=colour,
        linewidth=2.2 if point.chosen else 1.1,
        alpha=1.0 if point.chosen or point.frontier else 0.5,
        zorder=3,
    )
    axes.plot(
        [point.x],
        [value],
        marker=point.style[1],
        markersize=8 if point.chosen else 6.5,
        markerfacecolor=colour if measured else PAPER,
        markeredgecolor=colour,
        markeredgewidth=1.5,
        linestyle="none",
        zorder=5 if point.chosen else 4,
    )
    if point.chosen:
        ring(axes, point.x, value)


def _name(axes: Axes, points: Sequence[_Point]) -> None:
    """Names the chosen one and the frontier, leaving out names that would cover another."""
    placed: list[tuple[float, float]] = []
    for point in sorted(points, key=lambda point: not point.chosen):
        value = point.metric.value
        if value is None or not (point.chosen or point.frontier):
            continue
        x, y = axes.transData.transform((point.x, value))
        if any(abs(x - left) < CROWDED[0] and abs(y - up) < CROWDED[1] for left, up in placed):
            continue
        placed.append((x, y))
        axes.annotate(
            _label(f"chosen: {point.label}" if point.chosen else point.label),
            (point.x, value),
            xytext=(-8, 7) if not point.chosen else (-13, 9),
            textcoords="offset points",
            ha="right",
            color=ACCENT if point.chosen else INK,
            fontweight="bold" if point.chosen else "normal",
            zorder=6,
        )


def _legend(figure: Figure, points: Sequence[_Point], *, columns: int) -> None:
    present = {point.style for point in points}
    handles = [
        Line2D([], [], linestyle="none", marker=marker, color=colour, label=kind, markersize=6.5)
        for kind, marker, colour in (*KINDS, OTHER, POLICY)
        if (kind, marker, colour) in present
    ]
    handles.append(hollow(6.5))
    figure.legend(
        handles=handles,
        loc="outside upper left",
        ncols=columns,
        frameon=False,
        handletextpad=0.2,
        columnspacing=1.4,
        labelcolor=INK,
    )


def _description(plan: PlanDocument, points: Sequence[_Point]) -> str:
    marked = ", ".join(point.label for point in points if point.frontier)
    chosen = f" Chosen: {plan.decision.chosen}." if plan.decision.chosen else ""
    return (
        f"{plan.question.metric} with intervals against the cost of requests on a logarithmic "
        f"axis, for {len(points)} candidates and policies. Nothing is both better and cheaper "
        f"than: {marked} (numbers of the table).{chosen}"
    )
