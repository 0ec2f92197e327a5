"""What the probes measured along each curve, and where the candidates stand on it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cosmosql.artifact.backtest import BacktestCandidate, BacktestCurve, CurveProbe, CurveTarget
from cosmosql.contracts.strategy import Fidelity
from cosmosql.evidence.measured import Measured
from cosmosql.identity import rounded
from cosmosql.plan.candidate import Candidate
from cosmosql.plan.graph import PlanGraph
from cosmosql.plan.series import Series, configuration, strategy_of, unseeded
from cosmosql.predict.metric import metric_draws, metric_named, value_of

DRAWS = 500
"""For the interval of a probe's own measurement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One run of a series below or at full size: `at` is its place on the curve."""

    at: float
    value: float
    low: float
    high: float
    rows: int
    fidelity: Fidelity


def probes_by_series(graph: PlanGraph, measured: Iterable[Measured]) -> Mapping[str, list[Probe]]:
    """The answered runs of each series by its id, in the order of their places."""
    metric = metric_named(graph.program.tasks[graph.query.task].metric)
    by_node = {
        one.node: one
        for one in measured
        if one.measurement.kind == "evaluate" and one.observation.items
    }
    found: dict[str, list[Probe]] = {}
    for series in graph.series:
        probes = []
        for node in graph.probes_of(series):
            if (one := by_node.get(node)) is None:
                continue
            items, fidelity = one.observation.items, one.measurement.fidelity
            draws = metric_draws(metric, items, draws=DRAWS, seed=0)
            value = value_of(metric, items)
            low, high = (float(bound) for bound in np.quantile(draws, [0.05, 0.95]))
            probes.append(
                Probe(
                    at=place(series, series.candidates[0], fidelity),
                    value=value,
                    low=min(low, value),
                    high=max(high, value),
                    rows=len(items),
                    fidelity=fidelity,
                )
            )
        found[series.id] = sorted(probes, key=lambda probe: (probe.at, probe.fidelity.seed))
    return found


def place(series: Series, candidate: Candidate, fidelity: Fidelity) -> float:
    """Where a run stands on its curve: shots, or the examples that training sees."""
    if not series.trains:
        return float(fidelity.shots or 0)
    return float(
        strategy_of(candidate.kind)
        .workload(
            configuration(candidate),
            fidelity,
            input_tokens=1,
            target_tokens=0,
            instruction_tokens=0,
            options=0,
            rows=0,
        )
        .training_tokens
    )


def last_probe(graph: PlanGraph, measured: Iterable[Measured]) -> Mapping[str, float]:
    """By candidate the score of its own run where a probe made that, else of the last probe of its
    curve, seeds averaged; candidates without any are left out."""
    probes = probes_by_series(graph, measured)
    found = {}
    for series in graph.series:
        for candidate in series.candidates:
            full = unseeded(series.full[candidate.name])
            own = [one for one in probes[series.id] if unseeded(one.fidelity) == full]
            furthest = max((one.at for one in probes[series.id]), default=0.0)
            taken = own or [one for one in probes[series.id] if one.at == furthest]
            if taken:
                found[candidate.name] = float(np.mean([one.value for one in taken]))
    return found


def curves(
    graph: PlanGraph,
    measured: Iterable[Measured],
    rows: Sequence[BacktestCandidate],
) -> tuple[BacktestCurve, ...]:
    """Each learning curve: what was measured on it, what was forecast, and what came true."""
    probes = probes_by_series(graph, measured)
    by_name = {row.name: row for row in rows}
    found = []
    for series in graph.series:
        if not series.trains and series.axis != "shots":
            continue
        first = by_name[series.candidates[0].name]
        targets = [
            target(place(series, one, series.full[one.name]), by_name[one.name])
            for one in series.candidates
        ]
        found.append(
            BacktestCurve(
                name=without(first.name, series.axis),
                method=first.method,
                axis="examples" if series.trains else "shots",
                probes=tuple(
                    CurveProbe(
                        at=one.at,
                        measured=rounded(one.value),
                        low=rounded(one.low),
                        high=rounded(one.high),
                        rows=one.rows,
                    )
                    for one in probes[series.id]
                ),
                targets=tuple(sorted(targets, key=lambda one: one.at)),
            )
        )
    return tuple(found)


def target(at: float, row: BacktestCandidate) -> CurveTarget:
    return CurveTarget(
        at=at,
        name=row.name,
        basis=row.basis,
        predicted=row.predicted,
        low=row.low,
        high=row.high,
        measured=row.measured,
    )


def without(name: str, field: str | None) -> str:
    """A candidate's name less the field along which its curve runs.

    >>> without("strategy.tuned[rank=8,share=50%]", "share")
    'strategy.tuned[rank=8]'
    """
    head, bracket, inner = name.partition("[")
    parts = re.split(r",(?=\w+=)", inner.removesuffix("]")) if bracket else []
    kept = [part for part in parts if not part.startswith(f"{field}=")]
    return f"{head}[{','.join(kept)}]" if kept else head
