"""Forecasts written down before they are measured, and settled once they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cosmosql.artifact.backtest import BacktestDocument
from cosmosql.backtest.scores import LEVELS, central
from cosmosql.compiler import short
from cosmosql.evidence.ledger import Ledger
from cosmosql.evidence.stated import Stated, settle, state
from cosmosql.identity import rounded
from cosmosql.interval import Unmeasured
from cosmosql.pipeline import Line
from cosmosql.predict.forecast import Forecast
from cosmosql.probes.lower import ProbeRun


def state_all(
    line: Line,
    runs: Mapping[str, Sequence[ProbeRun]],
    ledger: Ledger,
    *,
    plan: str,
    seed: int,
) -> tuple[Stated, ...]:
    """States the metric that was forecast of each candidate, and of each policy of several members;
    returns what was stated."""
    known = {
        name: all(ledger.find(run.key) is not None for run in found) for name, found in runs.items()
    }
    stated = [
        of_candidate(line, one, plan=plan, seed=seed, hindsight=known[one.candidate.name])
        for one in line.forecasts
    ]
    stated += of_policies(line, known, plan=plan)
    found = tuple(one for one in stated if one is not None)
    for one in found:
        state(ledger, one)
    return found


def of_candidate(
    line: Line, forecast: Forecast, *, plan: str, seed: int, hindsight: bool
) -> Stated | None:
    metric = forecast.metric
    if isinstance(metric, Unmeasured):
        return None
    bounds = central(metric, n_test=line.facts.n_test, seed=seed)
    return Stated(
        plan=plan,
        spec=line.compiled.program.path.name,
        query=short(line.compiled.query.name),
        name=forecast.candidate.name,
        kind=forecast.candidate.kind,
        quantity=forecast.metric_name,
        unit="",
        basis=metric.basis,
        value=rounded(metric.value),
        intervals={
            str(level): (rounded(bounds[level][0]), rounded(bounds[level][1])) for level in LEVELS
        },
        hindsight=hindsight,
    )


def of_policies(line: Line, known: Mapping[str, bool], *, plan: str) -> list[Stated | None]:
    task = line.compiled.program.tasks[line.compiled.query.task]
    return [
        None
        if isinstance(one.metric, Unmeasured) or len(one.members) < 2
        else Stated(
            plan=plan,
            spec=line.compiled.program.path.name,
            query=short(line.compiled.query.name),
            name=one.name,
            kind=one.kind,
            quantity=task.metric,
            unit="",
            basis=one.basis,
            value=rounded(one.metric.value),
            intervals={"90": (rounded(one.metric.low), rounded(one.metric.high))},
            hindsight=all(known.get(member, False) for member in one.members),
        )
        for one in line.decision.policies
    ]


def settle_all(stated: Sequence[Stated], found: BacktestDocument, ledger: Ledger) -> None:
    """Settles every stated forecast whose candidate or policy was measured."""
    rows = {one.name: (one.measured, len(one.runs)) for one in found.candidates}
    rows |= {one.name: (one.measured, len(one.runs)) for one in found.policies}
    for one in stated:
        measured, runs = rows[one.name]
        if measured is not None:
            settle(ledger, one, rounded(measured), runs=runs, by="backtest")
