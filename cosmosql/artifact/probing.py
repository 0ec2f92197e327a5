"""How it was probed, as the plan tells it."""

from __future__ import annotations

from cosmosql.artifact import plan
from cosmosql.artifact.amounts import number
from cosmosql.identity import Json
from cosmosql.plan.candidate import Measurement
from cosmosql.plan.graph import PlanGraph
from cosmosql.probes.rounds import Exploration


def probing_part(graph: PlanGraph, found: Exploration) -> plan.Probing:
    """The first round in the graph's order, then the rounds as they came."""
    later = {one.node for one in found.rounds}
    known = {one.node for one in found.measured}
    return plan.Probing(
        order=graph.program.probes[graph.query.probe].order,
        first=tuple(
            plan.Probe.model_validate(_probe(one.node, one.measurement))
            for one in found.measured
            if one.node not in later
        ),
        rounds=tuple(
            plan.Round.model_validate(
                {
                    **_probe(one.node, graph.measurements[one.node]),
                    "worth": one.worth,
                    "error": one.error,
                    "cost": plan.Amount(value=number(one.cost, one.unit), unit=one.unit),
                }
            )
            for one in found.rounds
        ),
        left=sum(id not in known for id in graph.measurements),
        ended=None if found.ended is None else str(found.ended),
    )


def _probe(node: str, measurement: Measurement) -> dict[str, Json]:
    fidelity = measurement.fidelity
    return {
        "node": node,
        "kind": measurement.kind,
        "candidate": measurement.candidate.name,
        "rows": measurement.rows,
        "start": measurement.start,
        "train_rows": fidelity.train_rows,
        "shots": fidelity.shots,
        "steps": fidelity.steps,
        "seed": fidelity.seed,
    }
