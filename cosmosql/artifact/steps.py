"""The executable steps of a plan: what `apply` does, in order, with what was chosen."""

from __future__ import annotations

from collections.abc import Sequence

from cosmosql.artifact.plan import Step
from cosmosql.decide.decision import Decision, PolicyForecast
from cosmosql.identity import Json, jsonable
from cosmosql.model.program import Program, Query
from cosmosql.plan.candidate import Candidate
from cosmosql.predict.forecast import Forecast


def steps(
    program: Program, query: Query, forecasts: Sequence[Forecast], decision: Decision
) -> tuple[Step, ...]:
    """Load, index, adapt every member, calibrate, evaluate, write; none where nothing is chosen.

    Each step comes after those that it needs. References name declarations of the locked spec.
    """
    if decision.chosen is None:
        return ()
    candidates = {item.candidate.name: item.candidate for item in forecasts}
    policy = next((item for item in decision.policies if item.name == decision.chosen), None)
    chosen = policy.members if policy else (decision.chosen,)
    members = [candidates[name] for name in chosen if name in candidates]
    task = program.tasks[query.task]
    load = Step(id="load", kind="load", arguments={"task": task.name, "dataset": task.dataset})
    indexes = _indexes(program, members)
    adapted = [_adapt(candidate) for candidate in members]
    calibrated = _calibrate(policy, adapted)
    ready = [item.id for item in calibrated or adapted]
    evaluate = Step(
        id="evaluate",
        kind="evaluate",
        needs=tuple(ready),
        arguments={"chosen": decision.chosen, "metric": task.metric, "role": "test"},
    )
    write = Step(id="write", kind="write", needs=("evaluate",), arguments={"artifact": "bundle"})
    return (load, *indexes, *adapted, *calibrated, evaluate, write)


def _indexes(program: Program, members: Sequence[Candidate]) -> list[Step]:
    references = sorted({item.retriever for item in members if item.retriever is not None})
    return [
        Step(
            id=f"index:{reference}",
            kind="index",
            needs=("load",),
            arguments={
                "retriever": reference,
                "using": program.retrievers[reference].using,
                "corpus": program.retrievers[reference].corpus,
            },
        )
        for reference in references
    ]


def _adapt(candidate: Candidate) -> Step:
    index = f"index:{candidate.retriever}"
    return Step(
        id=f"adapt:{candidate.name}",
        kind="adapt",
        needs=("load", index) if candidate.retriever else ("load",),
        arguments={
            "candidate": candidate.name,
            "using": candidate.kind,
            "model": candidate.model,
            "retriever": candidate.retriever,
            "config": jsonable(dict(candidate.config)),
        },
    )


def _calibrate(policy: PolicyForecast | None, adapted: Sequence[Step]) -> list[Step]:
    """A policy is fitted to its budget on rows that its members have answered; a single strategy, a
    mix, and rules that stand as they are have nothing to fit."""
    if policy is None or policy.final or policy.budget is None:
        return []
    thresholds: list[Json] = list(policy.thresholds)
    return [
        Step(
            id="calibrate",
            kind="calibrate",
            needs=tuple(step.id for step in adapted),
            arguments={
                "policy": policy.kind,
                "signal": policy.signal,
                "thresholds": thresholds,
                "share": policy.share,
                "role": "calibration",
            },
        )
    ]
