"""Candidates in full on the calibration rows: what a test of a policy stands on.

Nothing else reads these rows while a plan is made. The worst case of all that a test needs must fit
what the caps leave, or none of it is measured: half a test shows nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from cosmosql.evidence.ledger import Ledger
from cosmosql.evidence.measured import Measured, stands
from cosmosql.evidence.metering import Amounts, Meter
from cosmosql.evidence.observation import Observation
from cosmosql.evidence.store import Evidence
from cosmosql.interval import Unmeasured
from cosmosql.plan.budget import METERS, Caps, caps
from cosmosql.plan.candidate import Candidate
from cosmosql.plan.graph import PlanGraph
from cosmosql.probes.lower import ProbeRun
from cosmosql.probes.quote import readable, scope_of
from cosmosql.probes.run import Watcher, execute, recorded
from cosmosql.probes.runtime import Runtime
from cosmosql.probes.tested import in_full_runs
from cosmosql.probes.worst import loading_amounts, worst_amounts, worst_workload


class Calibrating(Protocol):
    """Where candidates answer calibration rows."""

    @property
    def measured(self) -> tuple[Measured, ...]:
        """Everything that was answered so far."""
        ...

    def answers(self, candidates: Sequence[Candidate]) -> Mapping[str, Observation] | Unmeasured:
        """What each candidate answered, by name; all of them or none."""
        ...


class LiveCalibrating:
    """Measures within what the caps leave, beside the `runs` of the graph."""

    def __init__(
        self,
        graph: PlanGraph,
        runs: Sequence[ProbeRun],
        ledger: Ledger,
        runtime: Runtime,
        watcher: Watcher | None = None,
    ) -> None:
        self._keys = frozenset(run.key for run in runs)
        self._ledger = ledger
        self._runtime = runtime
        self._watcher = watcher
        self._scope = scope_of(graph.program, graph.query)
        self._caps = caps(graph.query.budget)
        # Loads no model, so that what it counts does not depend on what was measured just now.
        self._unloaded = Runtime(graph.program, runtime.data, ledger)
        self.measured: tuple[Measured, ...] = ()

    def answers(self, candidates: Sequence[Candidate]) -> Mapping[str, Observation] | Unmeasured:
        runs = in_full_runs(candidates, self._unloaded)
        keys = self._keys | {run.key for run in runs}
        meter = Meter(self._caps.amounts, self._ledger.spent(self._scope, keys))
        worst = worst_of(runs, self._unloaded, self._ledger)
        known = set(self._caps.amounts) <= set(worst)
        if not known or meter.refusal(worst) is not None:
            return lacking(candidates, worst, self._caps)
        observations = execute(
            runs,
            self._runtime,
            self._ledger,
            meter,
            scope=self._scope,
            watcher=self._watcher,
            keep_loaded=True,
        )
        found = {one.key: one for one in observations}
        self.measured = paired(runs, found)
        return by_candidate(candidates, runs, found) or lacking(candidates, worst, self._caps)


class RecordedCalibrating:
    """Finds what was measured in evidence."""

    def __init__(self, graph: PlanGraph, runtime: Runtime, evidence: Evidence) -> None:
        self._caps = caps(graph.query.budget)
        self._runtime = runtime
        self._evidence = evidence
        self.measured: tuple[Measured, ...] = ()

    def answers(self, candidates: Sequence[Candidate]) -> Mapping[str, Observation] | Unmeasured:
        runs = in_full_runs(candidates, self._runtime)
        found = {run.key: one for run, one in recorded(runs, self._evidence) if one is not None}
        answered = by_candidate(candidates, runs, found)
        if answered is None:
            worst = worst_of(runs, self._runtime, self._evidence)
            return lacking(candidates, worst, self._caps)
        self.measured = paired(runs, found)
        return answered


def worst_of(runs: Iterable[ProbeRun], runtime: Runtime, evidence: Evidence) -> Amounts:
    """The worst case of what is not measured yet, loading included. A meter of which a run says
    nothing is absent."""
    amounts: list[Amounts] = []
    loaded: set[str] = set()
    for run in runs:
        if stands(evidence.find(run.key)):
            continue
        amounts.append(worst_amounts(run, worst_workload(run, runtime), runtime, evidence))
        if runtime.program.runs(run.model) and run.model is not None and run.model not in loaded:
            loaded.add(run.model)
            amounts.append(loading_amounts(run, runtime.card(run.model), runtime))
    return {
        meter: sum((one[meter] for one in amounts), Decimal(0))
        for meter in METERS
        if all(meter in one for one in amounts)
    }


def lacking(candidates: Sequence[Candidate], worst: Amounts, limits: Caps) -> Unmeasured:
    """Why there are no answers: the test did not fit what the caps had left, or was not made."""
    names = " and ".join(one.name for one in candidates)
    takes = " and ".join(
        f"{readable(worst[meter])} {limits.unit(meter)}" if meter in worst else f"unknown {meter}"
        for meter in limits.amounts
    )
    return Unmeasured(
        f"answering the calibration rows with {names} takes at most {takes}, "
        "for which the cap of the query left no room"
    )


def paired(runs: Sequence[ProbeRun], found: Mapping[str, Observation]) -> tuple[Measured, ...]:
    return tuple(
        Measured(node=run.node, measurement=run.measurement, observation=found[run.key])
        for run in runs
        if run.key in found
    )


def by_candidate(
    candidates: Sequence[Candidate], runs: Sequence[ProbeRun], found: Mapping[str, Observation]
) -> Mapping[str, Observation] | None:
    """The answers by candidate; None unless all have some."""
    keys = {run.measurement.candidate.name: run.key for run in runs}
    answers = {one.name: found[keys[one.name]] for one in candidates if keys[one.name] in found}
    complete = len(answers) == len(candidates) and all(one.items for one in answers.values())
    return answers if complete else None
