"""What the plan beside a spec forecasts, where there is one. A plan that cannot be read counts as
none: an editor's margin is no place to complain about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from cosmosql.diagnostics.diagnostic import InputError
from cosmosql.identity import text_digest
from cosmosql.lsp.workspace import Snapshot, stamp_of
from cosmosql.model.boundary import Boundary

if TYPE_CHECKING:
    from cosmosql.artifact.plan import Candidate, PlanDocument, Policy

    Option: TypeAlias = Candidate | Policy

SUFFIX = "plan.json"
LARGEST = 50_000_000
"""Bytes of the largest plan that is looked at."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """One query's plan, as far as an editor shows it."""

    query: str
    plan: PlanDocument
    stale: bool
    """True where the spec or a file that it imports is no longer the one that was planned."""


class Plans:
    """Plans by path, read again when the file has changed."""

    def __init__(self) -> None:
        self._read: dict[Path, tuple[tuple[int, int], PlanDocument | None]] = {}

    def of(self, snapshot: Snapshot) -> tuple[Forecast, ...]:
        """The plans of the queries that a spec asks, in their order."""
        module = snapshot.module
        if module is None or not snapshot.document.saved:
            return ()
        names = [name for kind, name in module.blocks if kind == "query"]
        path = snapshot.document.path
        boundary = Boundary.around(path)
        found = []
        for name in names:
            stem = path.stem if len(names) == 1 else f"{path.stem}.{name}"
            place = path.with_name(f"{stem}.{SUFFIX}")
            plan = self._plan(place) if boundary.holds(place) and place.is_file() else None
            if plan is not None and plan.query == name:
                found.append(Forecast(name, plan, _stale(plan, snapshot)))
        return tuple(found)

    def _plan(self, path: Path) -> PlanDocument | None:
        stamp = stamp_of(path)
        if stamp is None or stamp[1] > LARGEST:
            return None
        known = self._read.get(path)
        if known is None or known[0] != stamp:
            known = (stamp, _read(path))
            self._read[path] = known
        return known[1]


def options_of(plan: PlanDocument, reference: str) -> tuple[Option, ...]:
    """The candidates of a strategy, or the policy of a name, best first."""
    candidates = [item for item in plan.candidates if item.strategy == reference]
    policies = [
        item
        for item in plan.policies
        if item.name == reference or item.name.startswith(f"{reference}[")
    ]
    found: list[Option] = [*candidates, *policies]
    return tuple(sorted(found, key=lambda item: _rank(plan, item)))


def summary(option: Option) -> str:
    """`89.4 % [81.9, 94.8] · 1.2 USD per 1,000 requests`, worded as reports word it."""
    from cosmosql.report import words

    metric = words.worded_metric(option.metric)
    cost = words.money_column([option.serve_cost]).phrase(option.serve_cost)
    return f"{metric.text} {metric.interval}".strip() + f" · {cost}"


def chosen(plan: PlanDocument) -> Option | None:
    """What the plan decided for."""
    everything: Iterable[Option] = (*plan.candidates, *plan.policies)
    return next((item for item in everything if item.name == plan.decision.chosen), None)


def _rank(plan: PlanDocument, option: Option) -> tuple[bool, bool, float, str]:
    value = option.metric.value
    return (
        option.name != plan.decision.chosen,
        option.status != "holds",
        0.0 if value is None else -value,
        option.name,
    )


def _stale(plan: PlanDocument, snapshot: Snapshot) -> bool:
    planned = {plan.spec.sha256, *(module.sha256 for module in plan.spec.modules)}
    return not planned.issuperset(_digests(snapshot))


def _digests(snapshot: Snapshot) -> Iterator[str]:
    for module in snapshot.files():
        yield text_digest(module.tree.source.text)


def _read(path: Path) -> PlanDocument | None:
    try:
        from cosmosql.artifact.storage import read_plan

        return read_plan(path)
    except (InputError, ImportError):
        return None
