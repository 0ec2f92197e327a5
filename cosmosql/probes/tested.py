"""Which candidates a test on calibration rows may ask for, known before anything is measured."""

from __future__ import annotations

from collections.abc import Sequence

from cosmosql.data.rows import Role
from cosmosql.model.program import Query
from cosmosql.model.promises import promise_of
from cosmosql.plan.candidate import Candidate
from cosmosql.plan.graph import PlanGraph
from cosmosql.probes.lower import ProbeRun, in_full, probe_run
from cosmosql.probes.runtime import Runtime


def may_be_tested(graph: PlanGraph, runtime: Runtime) -> tuple[ProbeRun, ...]:
    """The tiers of the query's policies and what its promises are relative to, in full on the
    calibration rows; none where no confidence on the metric is written out, or no row is there. A
    test asks for some of them."""
    program, query = graph.program, graph.query
    task = runtime.task(query.task)
    over = {name for policy in query.policies for name in program.policies[policy].over}
    named = promised(query, task.task.metric)
    if not over or named is None or not task.dataset.rows[Role.CALIBRATION]:
        return ()
    wanted = [one for one in graph.candidates if one.strategy in over | named]
    return in_full_runs(wanted, runtime)


def promised(query: Query, metric: str) -> frozenset[str] | None:
    """The strategies that promises with a written confidence are relative to; None where there are
    no such promises."""
    found = [promise_of(one, metric) for one in query.requirements]
    promises = [one for one in found if one is not None]
    return frozenset(name for one in promises for name in one.weights) if promises else None


def in_full_runs(candidates: Sequence[Candidate], runtime: Runtime) -> tuple[ProbeRun, ...]:
    """One run a candidate, those of one model together, in the order of the candidates."""
    order = list(dict.fromkeys(one.model for one in candidates))
    return tuple(
        probe_run(in_full(one, Role.CALIBRATION, runtime), runtime)
        for one in sorted(candidates, key=lambda one: order.index(one.model))
    )
