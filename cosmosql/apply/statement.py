"""A plan's forecasts, written down before `apply` measures them, and settled once it has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from cosmosql.apply.scores import chosen_part
from cosmosql.artifact import plan as document
from cosmosql.artifact.bundle import Outcome
from cosmosql.evidence.ledger import Ledger
from cosmosql.evidence.observation import Observation
from cosmosql.evidence.stated import Stated, settle, state
from cosmosql.identity import file_digest, rounded
from cosmosql.plan.candidate import Candidate
from cosmosql.predict.metric import metric_named, value_of

SHOWN = "90"
"""The level of the intervals that a plan states, in percent."""


def state_plan(
    plan: document.PlanDocument,
    plan_path: Path,
    runs: Iterable[str],
    members: Sequence[Candidate],
    ledger: Ledger,
) -> tuple[Stated, ...]:
    """States metric and costs of what was chosen, and the metric of each member of a policy. `runs`
    are the keys of the members' runs on the test rows."""
    hindsight = all(ledger.find(key) is not None for key in runs)
    digest = file_digest(plan_path)
    part = chosen_part(plan)
    own = {part.metric.name: part.metric, "serve_cost": part.serve_cost, "adapt_cost": once(part)}
    wanted = [(part.name, part.kind, quantity, found) for quantity, found in own.items() if found]
    names = {one.name for one in members} - {part.name}
    wanted += [
        (one.name, one.kind, one.metric.name, one.metric)
        for one in plan.candidates
        if one.name in names
    ]
    stated = tuple(
        Stated(
            plan=digest,
            spec=plan.spec.path,
            query=plan.query,
            name=name,
            kind=kind,
            quantity=quantity,
            unit=found.unit if isinstance(found, document.Quantity) else "",
            basis=found.basis,
            value=found.value,
            intervals={SHOWN: (found.low, found.high)},
            hindsight=hindsight,
        )
        for name, kind, quantity, found in wanted
        if found.value is not None and found.low is not None and found.high is not None
    )
    for one in stated:
        state(ledger, one)
    return stated


def settle_plan(
    stated: Sequence[Stated],
    outcomes: Sequence[Outcome],
    answers: Sequence[tuple[Candidate, Observation]],
    ledger: Ledger,
) -> None:
    """Settles what was stated: the choice by its outcomes, a member by its answers to the test
    rows."""
    chosen = stated[0].name if stated else ""
    measured = {one.name: one.measured.value for one in outcomes}
    by_member = {candidate.name: observation.items for candidate, observation in answers}
    for one in stated:
        if one.name == chosen:
            found = measured[one.quantity]
        else:
            found = rounded(value_of(metric_named(one.quantity), by_member[one.name]))
        if found is not None:
            settle(ledger, one, found, runs=1, by="apply")


def once(part: document.Candidate | document.Policy) -> document.Quantity | None:
    """The one-off cost of a candidate, or of all members of a policy."""
    if isinstance(part, document.Candidate):
        return part.adapt_cost
    return part.measures.get("adapt_cost")
