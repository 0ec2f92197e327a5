"""Who answers, in pictures: accuracy against cost of every policy, the calls of each tier, and each
curve with its band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from cosmosql.artifact.plan import Number, PlanDocument, Policy
from cosmosql.report import view, words
from cosmosql.report.drawing import (
    ACCENT,
    FAINT,
    INK,
    KINDS,
    OTHER,
    PAPER,
    POLICIES,
    POLICY,
    Format,
    drawing,
    inline,
    plain,
)

WIDE = Format(name="policies-wide", width=10.4, height=4.6, font=10.5)
NARROW = Format(name="policies-narrow", width=5.0, height=8.0, font=11.0)
"""Two panels, side by side or one above the other."""

ONE_WIDE = Format(name="policies-wide", width=10.4, height=4.8, font=10.5)
ONE_NARROW = Format(name="policies-narrow", width=5.0, height=4.8, font=11.0)
"""One panel, where nothing is known of the calls."""

DASHES = {"oracle": (0, (1, 1.6)), "random": (0, (5, 3))}
TIER_DASHES: tuple[str | tuple[int, tuple[float, ...]], ...] = (
    "solid",
    (0, (5, 2)),
    (0, (1, 1.5)),
    (0, (5, 1.5, 1, 1.5)),
)
BANDS_WIDE = Format(name="bands-wide", width=10.4, height=2.5, font=9.5)
BANDS_NARROW = Format(name="bands-narrow", width=5.0, height=2.4, font=9.5)
"""The height is that of one row of panels."""
COLUMNS = {BANDS_WIDE.name: 4, BANDS_NARROW.name: 2}
MOST_BANDS = 12

BEYOND = 0.06
"""Share of the width that the axis reaches beyond the dearest budget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scene:
    """What both panels share: the unit of cost, and what is drawn."""

    plan: PlanDocument
    factor: float
    unit: str
    policies: tuple[Policy, ...]

    def cost(self, value: Number) -> float:
        return 0.0 if value is None else float(value) * self.factor

    def named(self, policy: Policy) -> str:
        """Its kind and members, these by their numbers in the table where they have one."""
        numbers = {item.name: place for place, item in enumerate(self.plan.candidates, start=1)}
        members = " > ".join(str(numbers.get(name, name)) for name in policy.members)
        return shortened(f"{worded_kind(policy.kind)} {members}")

    @property
    def shown(self) -> Policy | None:
        """The policy whose calls are drawn: the chosen one, else the one with the largest area."""
        known = [item for item in self.policies if any(point.asked for point in item.curve)]
        chosen = [item for item in known if item.name == self.plan.decision.chosen]
        held = [item for item in known if item.status != "refused"]
        return max(chosen or held or known, key=lambda item: item.auc or 0.0, default=None)


def policy_pictures(plan: PlanDocument) -> tuple[str, ...]:
    """Two `<svg>` elements, for a wide and a narrow page; none where no policy has a curve."""
    scene = _scene(plan)
    if not scene.policies:
        return ()
    forms = (ONE_WIDE, ONE_NARROW) if scene.shown is None else (WIDE, NARROW)
    return tuple(_picture(scene, form, form is NARROW) for form in forms)


def band_pictures(plan: PlanDocument) -> tuple[str, ...]:
    """Two `<svg>` elements of small multiples, one panel a policy whose curve has a band; none
    where there is none."""
    scene = _scene(plan)
    banded = [item for item in scene.policies if has_band(item)][:MOST_BANDS]
    return tuple(_bands(scene, banded, form) for form in (BANDS_WIDE, BANDS_NARROW) if banded)


def has_band(policy: Policy) -> bool:
    return all(point.low is not None and point.high is not None for point in policy.curve)


def _scene(plan: PlanDocument) -> _Scene:
    column = view.money_column_of(plan)
    return _Scene(
        plan=plan,
        factor=float(column.factor),
        unit=column.unit or "cost per request",
        policies=tuple(item for item in plan.policies if len(item.curve) > 1),
    )


def _picture(scene: _Scene, form: Format, stacked: bool) -> str:
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


def spaced(figure: Figure) -> None:
    """Air between panels, so that a title does not stand on the label above it."""
    engine = figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)
    engine.set(h_pad=0.12, w_pad=0.08)


def _against_cost(axes: Axes, scene: _Scene) -> None:
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
    for policy in sorted(scene.policies, key=lambda item: _is_chosen(scene, item)):
        _curve(axes, scene, policy)
    _singles(axes, scene, high + reach)
    axes.set_xlim(low - reach, high + reach)
    bottom, top = _heights(scene, low, high)
    axes.set_ylim(max(0.0, bottom - 0.02), min(1.02, top + 0.02))
    _labelled(axes, scene)
    axes.set_ylabel(shortened(scene.plan.question.metric), labelpad=8)


def _range(scene: _Scene) -> tuple[float, float]:
    """From the cheapest budget to the dearest."""
    lines = [policy.curve for policy in scene.policies]
    budgets = [scene.cost(point.budget) for line in lines for point in line]
    budgets += [scene.cost(point.budget) for line in scene.plan.references for point in line.curve]
    return min(budgets), max(budgets)


def _heights(scene: _Scene, left: float, right: float) -> tuple[float, float]:
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


def _is_chosen(scene: _Scene, policy: Policy) -> bool:
    return policy.name == scene.plan.decision.chosen


def style_of(kind: str) -> tuple[str, str, str]:
    return next((style for style in POLICIES if style[0] == kind), POLICY)


def _curve(axes: Axes, scene: _Scene, policy: Policy) -> None:
    """A policy's curve, and a mark where it stands. What was refused is faint."""
    chosen = _is_chosen(scene, policy)
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
        _ring(axes, place, policy.metric.value)


def _ring(axes: Axes, x: float, y: float) -> None:
    axes.plot(
        [x],
        [y],
        marker="o",
        markersize=18,
        markerfacecolor="none",
        markeredgecolor=ACCENT,
        markeredgewidth=1.4,
        linestyle="none",
        zorder=5,
    )


def _members(scene: _Scene) -> set[str]:
    return {member for policy in scene.policies for member in policy.members}


def _singles(axes: Axes, scene: _Scene, most: float) -> None:
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
            _ring(axes, place, item.metric.value)
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


def _calls(axes: Axes, scene: _Scene, policy: Policy) -> None:
    """Share of the queries for which each tier of one policy is asked, by budget."""
    plain(axes)
    points = [point for point in policy.curve if point.asked]
    places = [scene.cost(point.budget) for point in points]
    _, _, own = style_of(policy.kind)
    colour = ACCENT if _is_chosen(scene, policy) else own
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
    _labelled(axes, scene)
    axes.set_title(
        f"calls of each tier, {scene.named(policy)}", fontsize="medium", loc="left", color=INK
    )
    axes.legend(frameon=False, fontsize="small", labelcolor=INK, loc="best", handlelength=2.6)


def _labelled(axes: Axes, scene: _Scene, *, ticks: int = 6) -> None:
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{100 * y:.0f} %"))
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.xaxis.set_major_locator(MaxNLocator(ticks))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: words.significant(float(f"{x:.3g}"))))
    axes.set_xlabel(shortened(scene.unit), labelpad=8)


def shortened(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"


def _bands(scene: _Scene, shown: Sequence[Policy], form: Format) -> str:
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


def _band(axes: Axes, scene: _Scene, policy: Policy) -> None:
    plain(axes)
    _, _, own = style_of(policy.kind)
    colour = ACCENT if _is_chosen(scene, policy) else own
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
    _labelled(axes, scene, ticks=4)
    refused = ", refused" if policy.status == "refused" else ""
    axes.set_title(f"{scene.named(policy)}{refused}", fontsize="medium", loc="left", color=INK)


def _ends(scene: _Scene, policy: Policy) -> str:
    first, last = (policy.curve[place] for place in (0, -1))
    return (
        f"{scene.named(policy)}: from {words.percent(first.accuracy)} "
        f"[{100 * (first.low or 0.0):.1f}, {100 * (first.high or 0.0):.1f}] to "
        f"{words.percent(last.accuracy)} [{100 * (last.low or 0.0):.1f}, "
        f"{100 * (last.high or 0.0):.1f}]."
    )


def _legend(figure: Figure, scene: _Scene, *, columns: int) -> None:
    handles = []
    for kind in dict.fromkeys(item.kind for item in scene.policies if not _is_chosen(scene, item)):
        _, _, colour = style_of(kind)
        handles.append(Line2D([], [], color=colour, linewidth=1.8, label=worded_kind(kind)))
    for item in scene.policies:
        if _is_chosen(scene, item):
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


def worded_kind(kind: str) -> str:
    return kind.replace("_", " ")


def _description(scene: _Scene) -> str:
    parts = [
        f"{scene.named(item)}: area {words.percent(item.auc)}"
        for item in scene.policies
        if item.auc is not None
    ]
    parts += [f"{line.kind}: area {words.percent(line.auc)}" for line in scene.plan.references]
    chosen = f" Chosen: {scene.plan.decision.chosen}." if scene.plan.decision.chosen else ""
    return f"{'; '.join(parts)}.{chosen}"
