"""The pictures of a backtest: forecast against measurement, calibration, learning curves."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from cosmosql.artifact.backtest import (
    BacktestCandidate,
    BacktestCurve,
    BacktestDocument,
    CurveTarget,
)
from cosmosql.report import words
from cosmosql.report.drawing import (
    ACCENT,
    FAINT,
    INK,
    OTHER,
    PAPER,
    STYLES,
    Format,
    drawing,
    hollow,
    inline,
    plain,
)

TRUTH = Format(name="truth", width=5.6, height=5.8, font=10.5)
CALIBRATION = Format(name="calibration", width=5.6, height=5.8, font=10.5)
CURVES_WIDE = Format(name="curves-wide", width=10.4, height=2.1, font=9.0)
CURVES_NARROW = Format(name="curves-narrow", width=5.0, height=2.2, font=9.0)
"""The height is that of one row of panels."""

COLUMNS = {CURVES_WIDE.name: 4, CURVES_NARROW.name: 2}
MOST_PANELS = 24
NEAR = 0.06
"""Share of the picture's width within which two numbers would cover each other."""
TITLE = 34
"""Characters of a line of a panel's title."""


def pictures(found: BacktestDocument) -> dict[str, tuple[str, ...]]:
    """The `<svg>` elements by place: `truth`, `calibration`, `curves`; empty where there is nothing
    to draw."""
    shown = panels(found)
    return {
        "truth": (against_truth(found),) if comparable(found) else (),
        "calibration": (calibrated(found),) if found.calibration else (),
        "curves": tuple(learning_curves(shown, form) for form in (CURVES_WIDE, CURVES_NARROW))
        if shown
        else (),
    }


def panels(found: BacktestDocument) -> tuple[BacktestCurve, ...]:
    """The curves on which something was predicted, as many as one looks at."""
    return tuple(foretold(found))[:MOST_PANELS]


def foretold(found: BacktestDocument) -> list[BacktestCurve]:
    return [
        curve
        for curve in found.curves
        if any(one.basis == "predicted" and one.low is not None for one in curve.targets)
    ]


def omitted(found: BacktestDocument) -> str:
    """How many curves there was no room for, as a sentence; empty where all are shown."""
    left = len(foretold(found)) - MOST_PANELS
    return f" {words.plural(left, 'curve')} more stand in the document alone." if left > 0 else ""


def comparable(found: BacktestDocument) -> list[tuple[int, BacktestCandidate]]:
    """The candidates that have forecast and measurement, with their numbers."""
    numbered = enumerate(found.candidates, start=1)
    return [
        (number, one)
        for number, one in numbered
        if one.predicted is not None and one.measured is not None
    ]


def style_of(method: str) -> tuple[str, str, str]:
    return next((style for style in STYLES if style[0] == method), OTHER)


def against_truth(found: BacktestDocument) -> str:
    """Every forecast with its interval over the value that was measured."""
    with drawing(TRUTH) as figure:
        axes = figure.add_subplot()
        plain(axes)
        shown = comparable(found)
        bounds = [bound for _, one in shown for bound in (one.low, one.high, one.measured) if bound]
        low, high = max(0.0, min(bounds) - 0.03), min(1.02, max(bounds) + 0.03)
        axes.plot([low, high], [low, high], color=FAINT, linewidth=1, linestyle=(0, (4, 3)))
        for _, one in shown:
            _point(axes, one)
        axes.set_xlim(low, high)
        axes.set_ylim(low, high)
        _name_misses(axes, shown, near=NEAR * (high - low))
        _percent(axes)
        axes.set_xlabel(f"measured {found.metric}", labelpad=8)
        axes.set_ylabel("forecast", labelpad=8)
        _methods_legend(figure, [one.method for _, one in shown])
        missed = [str(number) for number, one in shown if _outside(one)]
        return inline(
            figure,
            TRUTH,
            title="Forecast against measurement",
            description=f"{len(shown)} candidates; on the dashed line the forecast is exact. "
            f"Outside their 90 % interval: {words.listed(missed) or 'none'}.",
            style="figure",
        )


def _outside(one: BacktestCandidate) -> bool:
    known = one.measured is not None and one.low is not None and one.high is not None
    return known and not (one.low or 0.0) <= (one.measured or 0.0) <= (one.high or 0.0)


def _point(axes: Axes, one: BacktestCandidate) -> None:
    _, marker, colour = style_of(one.method)
    measured, forecast = one.measured or 0.0, one.predicted or 0.0
    missed = _outside(one)
    strength = 1.0 if missed else 0.5
    axes.vlines(measured, one.low or 0.0, one.high or 0.0, color=colour, lw=1.2, alpha=strength)
    if one.standard_error:
        reach = 1.645 * one.standard_error
        axes.hlines(
            forecast, measured - reach, measured + reach, color=colour, lw=0.8, alpha=strength
        )
    axes.plot(
        [measured],
        [forecast],
        marker=marker,
        markersize=6,
        markerfacecolor=PAPER if one.basis == "predicted" else colour,
        markeredgecolor=colour,
        markeredgewidth=1.4,
        linestyle="none",
        zorder=4,
    )


def _name_misses(
    axes: Axes, shown: Sequence[tuple[int, BacktestCandidate]], *, near: float
) -> None:
    """Numbers beside what fell outside; those of neighbours stand together."""
    groups: list[tuple[float, float, list[str]]] = []
    for number, one in shown:
        if not _outside(one):
            continue
        x, y = one.measured or 0.0, one.predicted or 0.0
        group = next((it for it in groups if abs(it[0] - x) + abs(it[1] - y) < near), None)
        if group:
            group[2].append(str(number))
        else:
            groups.append((x, y, [str(number)]))
    for x, y, numbers in groups:
        axes.annotate(
            ", ".join(numbers),
            (x, y),
            xytext=(6, 5),
            textcoords="offset points",
            color=INK,
            fontsize="small",
            zorder=5,
        )


def calibrated(found: BacktestDocument) -> str:
    """The share of measured values inside central intervals of every level."""
    with drawing(CALIBRATION) as figure:
        axes = figure.add_subplot()
        plain(axes)
        levels = [one.level for one in found.calibration]
        axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle=(0, (4, 3)))
        spans = [one.interval for one in found.calibration]
        if all(span is not None for span in spans):
            axes.fill_between(
                levels,
                [span.low for span in spans if span],
                [span.high for span in spans if span],
                color=ACCENT,
                alpha=0.14,
                linewidth=0,
            )
        covered = [one.covered for one in found.calibration]
        axes.plot(levels, covered, color=ACCENT, linewidth=1.8, marker="o", markersize=4.5)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1.02)
        _percent(axes)
        axes.set_xlabel("level of the interval", labelpad=8)
        axes.set_ylabel("measured values inside", labelpad=8)
        axes.text(0.97, 0.08, "too narrow", color=FAINT, ha="right", fontsize="small")
        axes.text(0.03, 0.95, "too wide", color=FAINT, ha="left", fontsize="small")
        return inline(
            figure,
            CALIBRATION,
            title="Calibration",
            description="; ".join(
                f"{words.whole_percent(one.level)}: {words.whole_percent(one.covered)} inside"
                for one in found.calibration
            ),
            style="figure",
        )


def learning_curves(curves: Sequence[BacktestCurve], form: Format) -> str:
    """Small multiples: what probes measured, the band that was forecast, what came true."""
    columns = min(COLUMNS[form.name], len(curves))
    rows = -(-len(curves) // columns)
    tall = Format(name=form.name, width=form.width, height=form.height * rows + 0.5, font=form.font)
    with drawing(tall) as figure:
        grid = figure.subplots(rows, columns, sharey=True, squeeze=False)
        for axes, curve in zip(grid.flat, curves, strict=False):
            _panel(axes, curve)
        for axes in list(grid.flat)[len(curves) :]:
            axes.set_visible(False)
        grid[0][0].yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{100 * y:.0f} %"))
        grid[0][0].yaxis.set_major_locator(MaxNLocator(5))
        _curves_legend(figure)
        return inline(
            figure,
            tall,
            title="Learning curves",
            description="; ".join(_told(curve) for curve in curves),
            style=f"figure {form.name.removeprefix('curves-')}",
        )


def _panel(axes: Axes, curve: BacktestCurve) -> None:
    plain(axes)
    _, _, colour = style_of(curve.method)
    known = [one for one in curve.targets if one.low is not None and one.high is not None]
    axes.set_xscale("symlog", base=2, linthresh=1.0)
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    for probe in curve.probes:
        axes.vlines(probe.at, probe.low, probe.high, color=FAINT, linewidth=1.0)
    axes.plot(
        [probe.at for probe in curve.probes],
        [probe.measured for probe in curve.probes],
        linestyle="none",
        marker="o",
        markersize=4,
        color=FAINT,
    )
    _band(axes, curve, known, colour)
    true = [one for one in curve.targets if one.measured is not None]
    axes.plot(
        [one.at for one in true],
        [one.measured or 0.0 for one in true],
        linestyle="none",
        marker="x",
        markersize=6,
        markeredgewidth=1.8,
        color=ACCENT,
        zorder=5,
    )
    places = sorted({probe.at for probe in curve.probes} | {one.at for one in curve.targets})
    axes.set_xticks(_apart(places))
    axes.tick_params(labelsize="small")
    axes.set_title(_short(curve.name), fontsize="small", loc="left", color=INK)
    axes.set_xlabel(curve.axis if curve.axis == "shots" else "examples seen", fontsize="small")


def _band(axes: Axes, curve: BacktestCurve, known: Sequence[CurveTarget], colour: str) -> None:
    """A fan from the last probe to the forecasts; whiskers where they stand alone."""
    first = min((one.at for one in known), default=0.0)
    before = [probe for probe in curve.probes if probe.at < first]
    last = max(before, key=lambda probe: probe.at, default=None)
    start = [(last.at, last.measured, last.measured, last.measured)] if last else []
    fan = start + [(one.at, one.low or 0.0, one.predicted or 0.0, one.high or 0.0) for one in known]
    places = [at for at, *_ in fan]
    axes.fill_between(
        places,
        [low for _, low, _, _ in fan],
        [high for *_, high in fan],
        color=colour,
        alpha=0.2,
        linewidth=0,
    )
    axes.plot(places, [middle for _, _, middle, _ in fan], color=colour, linewidth=1.2)
    for one in known:
        axes.vlines(one.at, one.low or 0.0, one.high or 0.0, color=colour, linewidth=1.2)
        axes.plot(
            [one.at],
            [one.predicted or 0.0],
            marker="o",
            markersize=4.5,
            markerfacecolor=PAPER if one.basis == "predicted" else colour,
            markeredgecolor=colour,
            linestyle="none",
            zorder=4,
        )


def _apart(places: Sequence[float]) -> list[float]:
    """Ticks that do not cover each other: from the right, none within a factor of 2.2."""
    kept: list[float] = []
    for at in reversed(places):
        if not kept or at * 2.2 <= kept[-1]:
            kept.append(at)
    return kept[::-1]


def _short(name: str) -> str:
    """A curve's name in two lines at most: the strategy, its model, what else is fixed."""
    text = name.removeprefix("strategy.").replace("[", "  ").replace("]", "")
    text = re.sub(r"\bmodel=", "", text)
    lines = textwrap.wrap(text.replace(",", "  "), TITLE, break_long_words=True)
    more = [textwrap.shorten("  ".join(lines[1:]), TITLE, placeholder="…")] if lines[1:] else []
    return "\n".join([*lines[:1], *more])


def _told(curve: BacktestCurve) -> str:
    parts = [
        f"at {one.at:g} forecast {words.percent(one.predicted)}"
        + ("" if one.measured is None else f", measured {words.percent(one.measured)}")
        for one in curve.targets
        if one.predicted is not None
    ]
    return f"{curve.name}: {', '.join(parts)}"


def _percent(axes: Axes) -> None:
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.0f} %"))
        axis.set_major_locator(MaxNLocator(6))


def _methods_legend(figure: Figure, methods: Sequence[str]) -> None:
    handles = [
        Line2D([], [], linestyle="none", marker=marker, color=colour, label=name, markersize=6)
        for name, marker, colour in dict.fromkeys(style_of(method) for method in methods)
    ]
    handles.append(hollow(6))
    _legend(figure, handles, 3)


def _curves_legend(figure: Figure) -> None:
    """Marks as the panels use them."""
    looks = (
        ("probe", "o", FAINT, FAINT),
        ("forecast, 90 % band", "o", PAPER, INK),
        ("in full", "x", ACCENT, ACCENT),
    )
    handles = [
        Line2D(
            [],
            [],
            linestyle="none",
            marker=marker,
            markersize=5,
            markerfacecolor=face,
            markeredgecolor=edge,
            markeredgewidth=1.4,
            label=label,
        )
        for label, marker, face, edge in looks
    ]
    _legend(figure, handles, 3)


def _legend(figure: Figure, handles: Sequence[Line2D], columns: int) -> None:
    figure.legend(
        handles=list(handles),
        loc="outside upper left",
        ncols=columns,
        frameon=False,
        handletextpad=0.2,
        columnspacing=1.4,
        labelcolor=INK,
    )
