"""Forecasts held against the truth: every candidate run in full on the test rows, and scored.

The one command beside `apply` that reads test rows. It never feeds a forecast: the line is drawn
from probes first, and only then is anything here measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.stats import kendalltau

from cosmosql.apply.execute import measurement_of
from cosmosql.apply.scores import tiers
from cosmosql.artifact.backtest import BacktestCandidate, BacktestDocument, KindScores
from cosmosql.artifact.bundle import BundlePolicy
from cosmosql.compiler import compile_spec
from cosmosql.data.rows import Role
from cosmosql.decide.formulas import Strategies
from cosmosql.decide.requirements import satisfied
from cosmosql.decide.subject import by_strategy, subject_of
from cosmosql.evidence.ledger import Ledger
from cosmosql.evidence.metering import Meter
from cosmosql.evidence.observation import Item
from cosmosql.identity import rounded
from cosmosql.interval import Unmeasured
from cosmosql.model.boundary import NOTHING, Trusted
from cosmosql.model.program import Measure, Requirement
from cosmosql.model.settings import Settings
from cosmosql.pipeline import DEFAULT_SEED, Line, Report, Watched, measured, write
from cosmosql.plan.candidate import Candidate
from cosmosql.plan.series import Series
from cosmosql.predict.forecast import Distribution, Forecast
from cosmosql.predict.metric import measured_on, metric_named, value_of
from cosmosql.probes.lower import ProbeRun, probe_run
from cosmosql.probes.quote import scope_of
from cosmosql.probes.run import execute
from cosmosql.probes.runtime import Runtime

SEEDS = (0, 1, 2)
"""Training runs, or random demonstration sets, whose mean is a candidate's truth."""

LEVELS = (50, 80, 90)
"""Central intervals whose coverage is scored, in percent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """A candidate in full on the test rows: the mean metric over seeds, and the outcomes by row of
    the run that `apply` would make."""

    metric: float
    items: tuple[Item, ...]


def backtest(
    path: Path,
    *,
    query: str | None = None,
    settings: Settings | None = None,
    trusted: Trusted = NOTHING,
    seed: int = DEFAULT_SEED,
    progress: Report | None = None,
) -> BacktestDocument:
    """Forecasts a spec as `run` does, then runs every candidate in full and scores the forecasts.

    Every observation is kept, so an interrupted backtest goes on where it was. Running everything
    is the point, so the query's probing caps bind the forecast's probes alone.
    """
    compiled = compile_spec(path, query=query, settings=settings, trusted=trusted)
    line, _ = measured(compiled, seed, progress)
    write(line, seed)
    truths = run_in_full(line, progress)
    return scored(line, truths, seed)


def run_in_full(line: Line, progress: Report | None) -> Mapping[str, Truth]:
    """The truth of every candidate, by name; candidates that cannot run (their context overflows)
    have none."""
    compiled = line.compiled
    with Ledger.open(compiled.root) as ledger:
        runtime = Runtime(compiled.program, compiled.data, ledger)
        wanted = {
            candidate.name: [
                full_run(candidate, series, seed, runtime) for seed in seeds_of(candidate, series)
            ]
            for series in compiled.graph.series
            for candidate in series.candidates
        }
        runs = in_order(run for found in wanted.values() for run in found)
        observations = execute(
            runs,
            runtime,
            ledger,
            Meter({}),
            scope=f"backtest:{scope_of(compiled.program, compiled.query)}",
            watcher=Watched(progress),
        )
    by_key = {observation.key: observation for observation in observations}
    metric = metric_named(compiled.program.tasks[compiled.query.task].metric)
    truths = {}
    for name, found in wanted.items():
        answered = [by_key[run.key] for run in found if by_key[run.key].items]
        if answered:
            values = [value_of(metric, one.items) for one in answered]
            truths[name] = Truth(metric=float(np.mean(values)), items=answered[0].items)
    return truths


def seeds_of(candidate: Candidate, series: Series) -> tuple[int, ...]:
    """The seeds that can change an outcome: of training, and of randomly drawn demonstrations."""
    drawn = series.axis == "shots" and candidate.retriever is None
    return SEEDS if series.trains or drawn else SEEDS[:1]


def full_run(candidate: Candidate, series: Series, seed: int, runtime: Runtime) -> ProbeRun:
    request = measurement_of(candidate, Role.TEST, runtime)
    fidelity = replace(series.full[candidate.name], seed=seed)
    return probe_run(replace(request, fidelity=fidelity), runtime)


def in_order(runs: Iterable[ProbeRun]) -> tuple[ProbeRun, ...]:
    """Each question once, grouped by model."""
    unique = {run.key: run for run in runs}
    return tuple(sorted(unique.values(), key=lambda run: (run.model or "", run.key)))


def scored(line: Line, truths: Mapping[str, Truth], seed: int) -> BacktestDocument:
    """The forecasts' scores. Error, rank correlation and coverage count predicted candidates
    alone: one that a probe already measured in full is no forecast."""
    predicted = [one for one in line.forecasts if is_predicted(one) and name_of(one) in truths]
    kinds = sorted({one.candidate.kind for one in predicted})
    return BacktestDocument(
        mae_points=mean_error(predicted, truths),
        kendall_tau=rank_correlation(predicted, truths),
        regret_points=regret(line, truths),
        coverage={
            str(level): coverage(predicted, truths, level, line.facts.n_test, seed)
            for level in LEVELS
        },
        cost_saved=saved(line),
        kinds={
            kind: kind_scores([one for one in predicted if one.candidate.kind == kind], truths)
            for kind in kinds
        },
        candidates=tuple(candidate_row(one, truths) for one in line.forecasts),
    )


def is_predicted(forecast: Forecast) -> bool:
    return isinstance(forecast.metric, Distribution) and forecast.metric.basis == "predicted"


def name_of(forecast: Forecast) -> str:
    return forecast.candidate.name


def value_in(forecast: Forecast) -> float:
    if isinstance(forecast.metric, Unmeasured):
        raise ValueError(f"{name_of(forecast)} has no forecast")
    return forecast.metric.value


def mean_error(forecasts: Sequence[Forecast], truths: Mapping[str, Truth]) -> float | None:
    """Mean absolute error in points."""
    errors = [abs(value_in(one) - truths[name_of(one)].metric) for one in forecasts]
    return rounded(100 * float(np.mean(errors))) if errors else None


def rank_correlation(forecasts: Sequence[Forecast], truths: Mapping[str, Truth]) -> float | None:
    """Kendall's tau-b; None below two candidates, or where all are tied."""
    if len(forecasts) < 2:
        return None
    tau = kendalltau(
        [value_in(one) for one in forecasts], [truths[name_of(one)].metric for one in forecasts]
    ).statistic
    return rounded(float(tau)) if np.isfinite(tau) else None


def kind_scores(forecasts: Sequence[Forecast], truths: Mapping[str, Truth]) -> KindScores:
    return KindScores(
        candidates=len(forecasts),
        mae_points=mean_error(forecasts, truths),
        kendall_tau=rank_correlation(forecasts, truths),
    )


def coverage(
    forecasts: Sequence[Forecast],
    truths: Mapping[str, Truth],
    level: int,
    n_test: int,
    seed: int,
) -> float | None:
    """Share of truths inside the central interval, the test rows' sampling noise included."""
    inside = []
    tail = (1 - level / 100) / 2
    for one in forecasts:
        if isinstance(one.metric, Unmeasured):
            continue
        shown = measured_on(one.metric.draws, n_test, seed=seed)
        low, high = np.quantile(shown, [tail, 1 - tail])
        inside.append(low <= truths[name_of(one)].metric <= high)
    return rounded(float(np.mean(inside))) if inside else None


def saved(line: Line) -> float | None:
    """1 - c(probing) / c(exhaustive), both in FLOPs."""
    everything = line.exhaustive.flops
    return rounded(1 - line.probing.flops / everything) if everything else None


def regret(line: Line, truths: Mapping[str, Truth]) -> float | None:
    """Points by which the truly best feasible candidate beats the choice, at least 0.

    Only for a query that maximises its metric; None for others, or where nothing was chosen.
    """
    query, chosen = line.compiled.query, line.decision.chosen
    metric_name = line.compiled.program.tasks[query.task].metric
    maximised = query.objective.formula == Measure(name=metric_name)
    if not maximised or query.objective.direction != "maximize" or chosen is None:
        return None
    own = truth_of(line, chosen, truths)
    if own is None:
        return None
    known = [in_truth(one, truths) for one in line.forecasts]
    strategies = by_strategy([one for one in known if one is not None])
    feasible = [
        value_in(one)
        for one in known
        if one is not None and meets(query.requirements, one, strategies)
    ]
    return rounded(100 * max(0.0, max(feasible, default=own) - own))


def in_truth(forecast: Forecast, truths: Mapping[str, Truth]) -> Forecast | None:
    """A candidate with its true metric and its expected costs, one draw each; None where it has no
    truth or no forecast."""
    truth = truths.get(name_of(forecast))
    if truth is None or isinstance(forecast.metric, Unmeasured):
        return None
    metric = replace(forecast.metric, draws=np.array([truth.metric]), value=truth.metric)
    return replace(forecast, metric=metric, measures=expected(forecast))


def meets(requirements: Sequence[Requirement], forecast: Forecast, strategies: Strategies) -> bool:
    found = [satisfied(one, subject_of(forecast), strategies) for one in requirements]
    return all(not isinstance(one, Unmeasured) and bool(np.all(one)) for one in found)


def expected(forecast: Forecast) -> dict[str, Distribution | Unmeasured]:
    """Every measure at its mean, one draw each."""
    return {
        name: found
        if isinstance(found, Unmeasured)
        else replace(found, draws=found.draws.mean(keepdims=True))
        for name, found in forecast.measures.items()
    }


def truth_of(line: Line, chosen: str, truths: Mapping[str, Truth]) -> float | None:
    """The true metric of the choice: a candidate's, or a policy's from its members' answers."""
    if chosen in truths:
        return truths[chosen].metric
    policy = next((one for one in line.decision.policies if one.name == chosen), None)
    if policy is None or any(member not in truths for member in policy.members):
        return None
    rule = BundlePolicy(
        kind=policy.kind,
        members=policy.members,
        signal=policy.signal,
        thresholds=policy.thresholds,
        share=policy.share,
    )
    answers = [truths[member].items for member in policy.members]
    metric = metric_named(line.compiled.program.tasks[line.compiled.query.task].metric)
    return value_of(metric, [tiers(rule, row).item for row in zip(*answers, strict=True)])


def candidate_row(forecast: Forecast, truths: Mapping[str, Truth]) -> BacktestCandidate:
    truth = truths.get(name_of(forecast))
    metric = forecast.metric
    estimate = None if isinstance(metric, Unmeasured) else metric.estimate()
    return BacktestCandidate(
        name=name_of(forecast),
        kind=forecast.candidate.kind,
        basis="unmeasured" if isinstance(metric, Unmeasured) else metric.basis,
        predicted=estimate.value if estimate else None,
        low=estimate.low if estimate else None,
        high=estimate.high if estimate else None,
        measured=truth.metric if truth else None,
    )
