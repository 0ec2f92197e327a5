"""What all pictures of policies share: the unit of cost, what is drawn, how it is named."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter, MaxNLocator

from cosmosql.artifact.plan import Number, PlanDocument, Policy
from cosmosql.report import view, words
from cosmosql.report.drawing import POLICIES, POLICY

DASHES = {"oracle": (0, (1, 1.6)), "random": (0, (5, 3))}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The plan, its policies that have a curve, and the unit of cost with its factor."""

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


def scene_of(plan: PlanDocument) -> Scene:
    column = view.money_column_of(plan)
    return Scene(
        plan=plan,
        factor=float(column.factor),
        unit=column.unit or "cost per request",
        policies=tuple(item for item in plan.policies if len(item.curve) > 1),
    )


def is_chosen(scene: Scene, policy: Policy) -> bool:
    return policy.name == scene.plan.decision.chosen


def style_of(kind: str) -> tuple[str, str, str]:
    return next((style for style in POLICIES if style[0] == kind), POLICY)


def spaced(figure: Figure) -> None:
    """Air between panels, so that a title does not stand on the label above it."""
    engine = figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)
    engine.set(h_pad=0.12, w_pad=0.08)


def labelled(axes: Axes, scene: Scene, *, ticks: int = 6) -> None:
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{round(100 * y, 1):g} %"))
    axes.yaxis.set_major_locator(MaxNLocator(6))
    axes.xaxis.set_major_locator(MaxNLocator(ticks))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: words.significant(float(f"{x:.3g}"))))
    axes.set_xlabel(shortened(scene.unit), labelpad=8)


def shortened(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"


def worded_kind(kind: str) -> str:
    return kind.replace("_", " ")
