"""Who answers, in pictures: accuracy against cost of every policy, and the calls of each tier."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from cosmosql.artifact.plan import PlanDocument, Policy
from cosmosql.report import words
from cosmosql.report.drawing import (
    ACCENT,
    FAINT,
    INK,
    KINDS,
    OTHER,
    PAPER,
    Format,
    drawing,
    inline,
    plain,
    ring,
)
from cosmosql.report.policy_scene import (
    DASHES,
    Scene,
    is_chosen,
    labelled,
    scene_of,
    shortened,
    spaced,
    style_of,
    worded_kind,
)

WIDE = Format(name="policies-wide", width=10.4, height=4.6, font=10.5)
NARROW = Format(name="policies-narrow", width=5.0, height=8.0, font=11.0)
"""Two panels, side by side or one above the other."""

ONE_WIDE = Format(name="policies-wide", width=10.4, height=4.8, font=10.5)
ONE_NARROW = Format(name="policies-narrow", width=5.0, height=4.8, font=11.0)
"""One panel, where nothing is known of the calls."""

TIER_DASHES: tuple[str | tuple[int, tuple[float, ...]], ...] = (
    "solid",
    (0, (5, 2)),
    (0, (1, 1.5)),
    (0, (5, 1.5, 1, 1.5)),
)
BEYOND = 0.06
"""Share of the width that the axis reaches beyond the dearest budget."""


def policy_pictures(plan: PlanDocument) -> tuple[str, ...]:
    """Two `<svg>` elements, for a wide and a narrow page; none where no policy has a curve."""
    scene = scene_of(plan)
    if not scene.policies:
        return ()
    forms = (ONE_WIDE, ONE_NARROW) if scene.shown is None else (WIDE, NARROW)
    return tuple(_picture(scene, form, form is NARROW) for form in forms)


def _picture(scene: Scene, form: Format, stacked: bool) -> str:
    with drawing(form) as figure:
        if scene.shown is None:
            axes = figure.add_subplot()
        elif stacked:
            axes, calls = figure.subplots(2, 1, height_ratios=(1.45, 1))
        else:
            axes, calls = figure.subplots(1, 2, width_ratios=(1.75, 1))
        _against_cost(axes, scene)
        spaced(figure)
        if scene.shown is not None:
            _calls(calls, scene, scene.shown)
        _legend(figure, scene, columns=3 if stacked or form is ONE_NARROW else 8)
        return inline(
            figure,
            form,
            title=f"{scene.plan.question.metric} of the policies against their cost",
            description=_description(scene),
            style=f"figure {'narrow' if 'narrow' in form.name else 'wide'}",
        )


def _against_cost(axes: Axes, scene: Scene) -> None:
    plain(axes)
    low, high = _range(scene)
    reach = BEYOND * (high - low)
    for line in scene.plan.references:
        axes.plot(
            [scene.cost(point.budget) for point in line.curve],
            [point.accuracy for point in line.curve],
            color=FAINT,
            linewidth=1.3,
            linestyle=DASHES[line.kind],
            zorder=1.5,
        )
    for policy in sorted(scene.policies, key=lambda item: is_chosen(scene, item)):
        _curve(axes, scene, policy)
    _singles(axes, scene, high + reach)
    axes.set_xlim(low - reach, high + reach)
    bottom, top = _heights(scene, low, high)
    axes.set_ylim(max(0.0, bottom - 0.02), min(1.02, top + 0.02))
    labelled(axes, scene)
    axes.set_ylabel(shortened(scene.plan.question.metric), labelpad=8)


def _range(scene: Scene) -> tuple[float, float]:
    """From the cheapest budget to the dearest."""
    lines = [policy.curve for policy in scene.policies]
    budgets = [scene.cost(point.budget) for line in lines for point in line]
    budgets += [scene.cost(point.budget) for line in scene.plan.references for point in line.curve]
    return min(budgets), max(budgets)


def _heights(scene: Scene, left: float, right: float) -> tuple[float, float]:
    curves = [point for policy in scene.policies for point in policy.curve]
    found = [point.accuracy for point in curves]
    found += [point.accuracy for line in scene.plan.references for point in line.curve]
    found += [
        item.metric.value
        for item in scene.plan.candidates
        if item.metric.value is not None
        and item.serve_cost.value is not None
        and left <= scene.cost(item.serve_cost.value) <= right
        and item.name in _members(scene)
    ]
    return min(found), max(found)


def _curve(axes: Axes, scene: Scene, policy: Policy) -> None:
    """A policy's curve, and a mark where it stands. What was refused is faint."""
    chosen = is_chosen(scene, policy)
    _, marker, own = style_of(policy.kind)
    colour = ACCENT if chosen else own
    refused = policy.status == "refused"
    places = [scene.cost(point.budget) for point in policy.curve]
    axes.plot(
        places,
        [point.accuracy for point in policy.curve],
        color=colour,
        linewidth=2.2 if chosen else 1.5,
        alpha=0.7 if refused else 1.0,
        solid_capstyle="round",
        zorder=3 if chosen else 2,
    )
    if policy.metric.value is None or policy.serve_cost.value is None or refused:
        return
    place = scene.cost(policy.serve_cost.value)
    axes.plot(
        [place],
        [policy.metric.value],
        marker=marker,
        markersize=8 if chosen else 6,
        markerfacecolor=colour if policy.metric.basis == "measured" else PAPER,
        markeredgecolor=colour,
        markeredgewidth=1.5,
        linestyle="none",
        zorder=5,
    )
    if chosen:
        ring(axes, place, policy.metric.value)


def _members(scene: Scene) -> set[str]:
    return {member for policy in scene.policies for member in policy.members}


def _singles(axes: Axes, scene: Scene, most: float) -> None:
    """Candidates that the policies stand on, or that cost as much, by the number of the table."""
    members = _members(scene)
    for number, item in enumerate(scene.plan.candidates, start=1):
        if item.metric.value is None or item.serve_cost.value is None:
            continue
        place, member = scene.cost(item.serve_cost.value), item.name in members
        if place > most:
            continue
        _, marker, colour = next((style for style in KINDS if style[0] == item.kind), OTHER)
        chosen = item.name == scene.plan.decision.chosen
        axes.plot(
            [place],
            [item.metric.value],
            marker=marker,
            markersize=6.5 if member or chosen else 4.5,
            markerfacecolor=colour if item.metric.basis == "measured" else PAPER,
            markeredgecolor=ACCENT if chosen else colour,
            markeredgewidth=1.4,
            alpha=1.0 if member or chosen else 0.5,
            linestyle="none",
            zorder=4,
            clip_on=True,
        )
        if chosen:
            ring(axes, place, item.metric.value)
        if member or chosen:
            axes.annotate(
                str(number),
                (place, item.metric.value),
                xytext=(7, -11),
                textcoords="offset points",
                color=INK,
                fontsize="small",
                zorder=6,
            )


def _calls(axes: Axes, scene: Scene, policy: Policy) -> None:
    """Share of the queries for which each tier of one policy is asked, by budget."""
    plain(axes)
    points = [point for point in policy.curve if point.asked]
    places = [scene.cost(point.budget) for point in points]
    _, _, own = style_of(policy.kind)
    colour = ACCENT if is_chosen(scene, policy) else own
    for tier in range(len(points[0].asked)):
        shares = [point.asked[tier] for point in points]
        axes.plot(
            places,
            shares,
            color=colour,
            linewidth=1.8,
            linestyle=TIER_DASHES[tier % len(TIER_DASHES)],
            label=f"tier {tier + 1}",
        )
    if policy.serve_cost.value is not None and policy.status != "refused":
        axes.axvline(
            scene.cost(policy.serve_cost.value), color=FAINT, linewidth=0.9, linestyle=(0, (2, 2))
        )
    axes.set_ylim(-0.02, 1.04)
    labelled(axes, scene)
    axes.set_title(
        f"calls of each tier, {scene.named(policy)}", fontsize="medium", loc="left", color=INK
    )
    axes.legend(frameon=False, fontsize="small", labelcolor=INK, loc="best", handlelength=2.6)


def _legend(figure: Figure, scene: Scene, *, columns: int) -> None:
    handles = []
    for kind in dict.fromkeys(item.kind for item in scene.policies if not is_chosen(scene, item)):
        _, _, colour = style_of(kind)
        handles.append(Line2D([], [], color=colour, linewidth=1.8, label=worded_kind(kind)))
    for item in scene.policies:
        if is_chosen(scene, item):
            label = f"{worded_kind(item.kind)}, chosen"
            handles.append(Line2D([], [], color=ACCENT, linewidth=2.2, label=label))
    for line in scene.plan.references:
        handles.append(
            Line2D(
                [],
                [],
                color=FAINT,
                linewidth=1.3,
                linestyle=DASHES[line.kind],
                label={"oracle": "oracle", "random": "lots"}[line.kind],
            )
        )
    figure.legend(
        handles=handles,
        loc="outside upper left",
        ncols=columns,
        frameon=False,
        handlelength=2.2,
        columnspacing=1.4,
        labelcolor=INK,
    )


def _description(scene: Scene) -> str:
    parts = [
        f"{scene.named(item)}: area {words.percent(item.auc)}"
        for item in scene.policies
        if item.auc is not None
    ]
    parts += [f"{line.kind}: area {words.percent(line.auc)}" for line in scene.plan.references]
    chosen = f" Chosen: {scene.plan.decision.chosen}." if scene.plan.decision.chosen else ""
    return f"{'; '.join(parts)}.{chosen}"
