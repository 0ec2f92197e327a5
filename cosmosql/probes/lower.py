"""From the plan graph to probe runs: what is asked, in the order in which it will be asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from cosmosql.contracts.strategy import Strategy
from cosmosql.data.rows import Role
from cosmosql.evidence import keys
from cosmosql.evidence.measured import Measured
from cosmosql.evidence.observation import Observation
from cosmosql.identity import Json
from cosmosql.plan.build import SMALLEST_POOL, pool_size
from cosmosql.plan.candidate import Candidate, Measurement
from cosmosql.plan.graph import PlanGraph
from cosmosql.plan.series import off_axis, strategy_of
from cosmosql.probes.runtime import Runtime

PROXY_ROWS = 2_048
"""Most train rows that are embedded for the light heads; their curve is extrapolated beyond."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeRun:
    """A measurement with its question: `key` names the answer, wherever it is found."""

    node: str
    """The graph's node that asks; empty for a measurement outside of one."""
    measurement: Measurement
    asked: Mapping[str, Json] = field(repr=False)
    key: str

    @property
    def model(self) -> str | None:
        return self.measurement.candidate.model


def lower(
    graph: PlanGraph, runtime: Runtime, measured: Iterable[Measured] = ()
) -> tuple[ProbeRun, ...]:
    """The next round of probe runs: everything in the graph that is not yet measured.

    Grouped by model, smaller models first, so that each is loaded once; within a model the
    profile first, then cheapest first. Two nodes may ask the same question (a prompt without
    demonstrations, one model under two names): whichever comes first is measured and answers
    both. Loads no weight.
    """
    done = {one.node for one in measured}
    runs = [
        probe_run(measurement, runtime, node)
        for node, measurement in graph.measurements.items()
        if node not in done
    ]
    return tuple(sorted(runs, key=lambda run: _order(run, runtime)))


def probe_run(measurement: Measurement, runtime: Runtime, node: str = "") -> ProbeRun:
    """A measurement with what it asks; raises InputError where its model is not known."""
    asked = asked_by(measurement, runtime)
    return ProbeRun(node=node, measurement=measurement, asked=asked, key=keys.key_of(asked))


def asked_by(measurement: Measurement, runtime: Runtime) -> Mapping[str, Json]:
    """The content of a measurement's question."""
    match measurement.kind:
        case "profile":
            model = model_of(measurement)
            return keys.asked_profile(runtime.card(model), runtime.dtype(model))
        case "proxy":
            return _asked_proxy(measurement, runtime)
        case "evaluate":
            return _asked_evaluation(measurement, runtime)
        case kind:
            raise ValueError(f"no measurement is called {kind}")


def model_of(measurement: Measurement) -> str:
    model = measurement.candidate.model
    if model is None:
        raise ValueError(f"a {measurement.kind} measurement needs a model")
    return model


def _asked_evaluation(measurement: Measurement, runtime: Runtime) -> Mapping[str, Json]:
    candidate = measurement.candidate
    prepared = runtime.task(candidate.task)
    uses = uses_train_rows(candidate, strategy_of(candidate.kind))
    retriever = candidate.retriever
    return keys.asked_evaluation(
        kind=candidate.kind,
        config=off_axis(candidate),
        fidelity=measurement.fidelity,
        card=None if candidate.model is None else runtime.card(candidate.model),
        dtype=None if candidate.model is None else runtime.dtype(candidate.model),
        task=prepared.task,
        view=prepared.view,
        train=keys.row_set(learned_from(measurement, runtime)) if uses else None,
        retriever=None if retriever is None else runtime.program.retrievers[retriever],
        answered=keys.row_set(answered(measurement, runtime)),
        role=measurement.role,
    )


def uses_train_rows(candidate: Candidate, strategy: Strategy) -> bool:
    """Whether train rows can change the outcome: always, but for a model that is only prompted."""
    return (
        candidate.model is None
        or strategy.trains
        or strategy.axis is not None
        or strategy.needs_retriever
    )


def learned_from(measurement: Measurement, runtime: Runtime) -> list[str]:
    """Identities of the train rows that a measurement may use, in order."""
    pool = runtime.train(measurement.candidate)
    return [example.row for example in pool[: measurement.fidelity.train_rows]]


def answered(measurement: Measurement, runtime: Runtime) -> list[str]:
    """Identities of the rows that a measurement answers, in order."""
    rows = runtime.task(measurement.candidate.task).dataset.rows[Role(measurement.role)]
    end = measurement.start + measurement.rows
    return [row.identity for row in rows[measurement.start : end]]


def _asked_proxy(measurement: Measurement, runtime: Runtime) -> Mapping[str, Json]:
    prepared = runtime.task(measurement.candidate.task)
    pool = [example.row for example in runtime.train(measurement.candidate)[:PROXY_ROWS]]
    model = model_of(measurement)
    return keys.asked_proxy(
        card=runtime.card(model),
        dtype=runtime.dtype(model),
        task=prepared.task,
        view=prepared.view,
        train=keys.row_set(pool),
        answered=keys.row_set(answered(measurement, runtime)),
        role=measurement.role,
        sizes=head_sizes(len(pool)),
        seed=measurement.fidelity.seed,
    )


def head_sizes(pool: int) -> tuple[int, ...]:
    """16, 32, … below the pool, and the pool.

    >>> head_sizes(100), head_sizes(16)
    ((16, 32, 64, 100), (16,))
    """
    sizes = []
    size = SMALLEST_POOL
    while size < pool:
        sizes.append(size)
        size *= 2
    return (*sizes, pool)


_KINDS = {"profile": 0, "proxy": 1, "evaluate": 2}


def _order(run: ProbeRun, runtime: Runtime) -> tuple[object, ...]:
    measurement, model = run.measurement, run.model
    fidelity = measurement.fidelity
    trains = strategy_of(measurement.candidate.kind).trains and model is not None
    return (
        0 if model is None else runtime.card(model).parameters,
        model or "",
        _KINDS[measurement.kind],
        trains,
        (fidelity.train_rows or 0) if trains else (fidelity.shots or 0),
        fidelity.steps or 0,
        fidelity.seed,
        measurement.start,
        run.key,
        run.node,
    )


def pair(runs: Sequence[ProbeRun], observations: Iterable[Observation]) -> tuple[Measured, ...]:
    """Each run with the observation of its key, in the runs' order; runs without one are left
    out."""
    found = {observation.key: observation for observation in observations}
    return tuple(
        Measured(node=run.node, measurement=run.measurement, observation=found[run.key])
        for run in runs
        if run.key in found
    )


def in_full(candidate: Candidate, role: Role, runtime: Runtime) -> Measurement:
    """The candidate in full on every row of a role."""
    pool = pool_size(runtime.program, candidate, runtime.data)
    return Measurement(
        kind="evaluate",
        candidate=candidate,
        fidelity=strategy_of(candidate.kind).full(candidate.config, pool),
        role=str(role),
        rows=len(runtime.task(candidate.task).dataset.rows[role]),
        basis="full",
    )
