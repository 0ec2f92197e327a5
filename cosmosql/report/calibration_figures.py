"""Whether signals can be believed: said chances against what came true."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from cosmosql.artifact.plan import Calibration, PlanDocument
from cosmosql.report import words
from cosmosql.report.drawing import ACCENT, FAINT, INK, Format, drawing, inline, plain
from cosmosql.report.reliability import shown_calibrations

WIDE = Format(name="reliability-wide", width=10.4, height=3.5, font=10.5)
NARROW = Format(name="reliability-narrow", width=5.0, height=4.6, font=11.0)
"""The narrow height is that of one panel, of which as many stand one above the other."""

COLUMNS = 3
LONGEST = 34
"""Characters of a panel's title."""


def calibration_pictures(plan: PlanDocument) -> tuple[str, ...]:
    """Two `<svg>` elements, for a wide and a narrow page; none where no signal was calibrated."""
    shown = shown_calibrations(plan)
    if not shown:
        return ()
    tall = Format(
        name=NARROW.name, width=NARROW.width, height=NARROW.height * len(shown), font=NARROW.font
    )
    return (_picture(plan, shown, WIDE, 1, COLUMNS), _picture(plan, shown, tall, len(shown), 1))


def _picture(
    plan: PlanDocument, shown: tuple[Calibration, ...], form: Format, rows: int, columns: int
) -> str:
    with drawing(form) as figure:
        grid = figure.subplots(rows, columns, squeeze=False)
        for axes, found in zip(grid.flat, shown, strict=False):
            _panel(axes, found, _number(plan, found.member))
        for axes in list(grid.flat)[len(shown) :]:
            axes.set_visible(False)
        return inline(
            figure,
            form,
            title="Said chance of being right against what came true",
            description=" ".join(_told(found) for found in shown),
            style=f"figure {form.name.removeprefix('reliability-')}",
        )


def _number(plan: PlanDocument, member: str) -> str:
    """The member's number in the table of candidates."""
    names = [item.name for item in plan.candidates]
    return f"{names.index(member) + 1}: " if member in names else ""


def _panel(axes: Axes, found: Calibration, number: str) -> None:
    plain(axes)
    axes.plot([0, 1], [0, 1], color=FAINT, linewidth=1, linestyle=(0, (4, 3)))
    for one in found.bins:
        axes.vlines(one.chance, one.low, one.high, color=ACCENT, linewidth=1.2, alpha=0.6)
    axes.plot(
        [one.chance for one in found.bins],
        [one.right for one in found.bins],
        color=ACCENT,
        linewidth=1.4,
        marker="o",
        markersize=4.5,
        zorder=4,
    )
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_box_aspect(1)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_ticks([0, 0.25, 0.5, 0.75, 1])
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.0f} %"))
    axes.set_xlabel("said chance of being right", labelpad=6)
    axes.set_ylabel("came true", labelpad=6)
    axes.set_title(f"{number}{found.signal}"[:LONGEST], loc="left", fontsize="medium", color=INK)


def _told(found: Calibration) -> str:
    bins = ", ".join(
        f"{words.whole_percent(one.chance)} said: {words.whole_percent(one.right)}"
        for one in found.bins
    )
    return f"{found.member}, {found.signal}: {bins}."
