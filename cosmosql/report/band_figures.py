"""Each policy's curve with its band, as small multiples."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from cosmosql.artifact.plan import PlanDocument, Policy
from cosmosql.report import words
from cosmosql.report.drawing import ACCENT, FAINT, INK, Format, drawing, inline, plain
from cosmosql.report.policy_scene import (
    DASHES,
    Scene,
    is_chosen,
    labelled,
    scene_of,
    spaced,
    style_of,
)

BANDS_WIDE = Format(name="bands-wide", width=10.4, height=2.5, font=9.5)
BANDS_NARROW = Format(name="bands-narrow", width=5.0, height=2.4, font=9.5)
"""The height is that of one row of panels."""
COLUMNS = {BANDS_WIDE.name: 4, BANDS_NARROW.name: 2}
MOST_BANDS = 12


def band_pictures(plan: PlanDocument) -> tuple[str, ...]:
    """Two `<svg>` elements of small multiples, one panel a policy whose curve has a band; none
    where there is none."""
    scene = scene_of(plan)
    banded = [item for item in scene.policies if has_band(item)][:MOST_BANDS]
    return tuple(_bands(scene, banded, form) for form in (BANDS_WIDE, BANDS_NARROW) if banded)


def has_band(policy: Policy) -> bool:
    return all(point.low is not None and point.high is not None for point in policy.curve)


def _bands(scene: Scene, shown: Sequence[Policy], form: Format) -> str:
    columns = min(COLUMNS[form.name], len(shown))
    rows = -(-len(shown) // columns)
    tall = Format(name=form.name, width=form.width, height=form.height * rows, font=form.font)
    with drawing(tall) as figure:
        grid = figure.subplots(rows, COLUMNS[form.name], sharey=True, squeeze=False)
        spaced(figure)
        for axes, policy in zip(grid.flat, shown, strict=False):
            _band(axes, scene, policy)
        for axes in list(grid.flat)[len(shown) :]:
            axes.set_visible(False)
        return inline(
            figure,
            tall,
            title=f"{scene.plan.question.metric} of each policy with its 90 % interval",
            description=" ".join(_ends(scene, policy) for policy in shown),
            style=f"figure {form.name.removeprefix('bands-')}",
        )


def _band(axes: Axes, scene: Scene, policy: Policy) -> None:
    plain(axes)
    _, _, own = style_of(policy.kind)
    colour = ACCENT if is_chosen(scene, policy) else own
    places = [scene.cost(point.budget) for point in policy.curve]
    for line in scene.plan.references:
        inside = [one for one in line.curve if places[0] <= scene.cost(one.budget) <= places[-1]]
        axes.plot(
            [scene.cost(point.budget) for point in inside],
            [point.accuracy for point in inside],
            color=FAINT,
            linewidth=1.0,
            linestyle=DASHES[line.kind],
        )
    axes.fill_between(
        places,
        [point.low or 0.0 for point in policy.curve],
        [point.high or 0.0 for point in policy.curve],
        color=colour,
        alpha=0.18,
        linewidth=0,
    )
    axes.plot(places, [point.accuracy for point in policy.curve], color=colour, linewidth=1.6)
    if policy.serve_cost.value is not None and policy.status != "refused":
        place = scene.cost(policy.serve_cost.value)
        axes.axvline(place, color=FAINT, linewidth=0.9, linestyle=(0, (2, 2)))
    labelled(axes, scene, ticks=4)
    refused = ", refused" if policy.status == "refused" else ""
    axes.set_title(f"{scene.named(policy)}{refused}", fontsize="medium", loc="left", color=INK)


def _ends(scene: Scene, policy: Policy) -> str:
    first, last = (policy.curve[place] for place in (0, -1))
    return (
        f"{scene.named(policy)}: from {words.percent(first.accuracy)} "
        f"[{100 * (first.low or 0.0):.1f}, {100 * (first.high or 0.0):.1f}] to "
        f"{words.percent(last.accuracy)} [{100 * (last.low or 0.0):.1f}, "
        f"{100 * (last.high or 0.0):.1f}]."
    )
