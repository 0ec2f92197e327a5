"""Line and truths → the document of a backtest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cosmosql.artifact.backtest import (
    BacktestCandidate,
    BacktestDocument,
    Interval,
    MethodScores,
)
from cosmosql.backtest.policy_scores import policy_row, policy_scores
from cosmosql.backtest.probed import curves
from cosmosql.backtest.regret import (
    PolicyTruths,
    Truths,
    capped_choices,
    forecast_choice,
    maximises_metric,
    options_of,
    own_regret,
    spanned,
)
from cosmosql.backtest.rules import Option, regret, regret_draws
from cosmosql.backtest.scores import Judged, accuracy, calibration, judged, truth_noise
from cosmosql.compiler import short
from cosmosql.evidence.measured import Measured
from cosmosql.identity import rounded
from cosmosql.interval import Unmeasured
from cosmosql.model.program import Program
from cosmosql.pipeline import Line
from cosmosql.plan.candidate import Candidate
from cosmosql.predict.forecast import Forecast
from cosmosql.predict.spending import probing


def method_of(program: Program, candidate: Candidate) -> str:
    """The candidate's kind, and for demonstrations how they are found."""
    if candidate.kind != "icl":
        return candidate.kind
    retriever = candidate.retriever
    if retriever is None or program.retrievers[retriever].using == "random":
        return "icl-random"
    return "icl-retrieved"


def scored(
    line: Line,
    truths: Truths,
    policies: PolicyTruths,
    full: Mapping[str, Measured],
    *,
    plan: str,
    seeds: int,
    seed: int,
) -> BacktestDocument:
    """The forecasts' scores. Error, rank correlation and coverage count predicted candidates
    alone: one that a probe already measured in full is no forecast. `policies` are the truths of
    the policies of several members, by name. `full` holds one run of each candidate, whose tokens
    are what running everything takes; `plan` is the digest of the plan that states the forecasts.
    """
    compiled = line.compiled
    items = judged(line.forecasts, truths, n_test=line.facts.n_test, seed=seed)
    found = accuracy(items, seed=seed)
    options = options_of(line, truths, full)
    everything = probing(compiled.graph, full.values(), line.facts).flops
    rows = tuple(candidate_row(line, one, truths, options) for one in line.forecasts)
    answering = tuple(
        policy_row(one, policies[one.name])
        for one in line.decision.policies
        if one.name in policies
    )
    own = own_regret(line, truths, policies)
    metric_wanted = maximises_metric(line)
    intervals = found.intervals
    if metric_wanted and own.low is not None and own.high is not None:
        intervals = {**intervals, "regret_points": Interval(low=own.low, high=own.high)}
    return BacktestDocument(
        mae_points=found.mae_points,
        kendall_tau=found.kendall_tau,
        regret_points=own.value if metric_wanted else None,
        coverage=found.coverage,
        cost_saved=share_saved(line.probing.flops, everything),
        intervals=intervals,
        bias_points=found.bias_points,
        runs_covered=found.runs_covered,
        candidates=rows,
        spec=compiled.program.path.name,
        query=short(compiled.query.name),
        plan=plan,
        metric=compiled.program.tasks[compiled.query.task].metric,
        objective=f"{compiled.query.objective.direction} {compiled.query.objective.text}",
        status=line.decision.status,
        truth=truth_noise(items, truths, rows=line.facts.n_test or 0, seeds=seeds),
        regret=own,
        methods=methods(line, items, options, full, seed=seed),
        budgets=capped_choices(line, options, seed=seed) if metric_wanted and options else (),
        calibration=calibration(items, seed=seed),
        policies=answering,
        policy_scores=policy_scores(answering, seed=seed),
        curves=curves(compiled.graph, line.measured, rows),
        probing_flops=rounded(line.probing.flops),
        exhaustive_flops=rounded(everything),
    )


def share_saved(probed: float, everything: float) -> float | None:
    """1 - c(probing) / c(exhaustive), both in FLOPs; None where everything costs nothing."""
    return rounded(1 - probed / everything) if everything else None


def methods(
    line: Line,
    items: Sequence[Judged],
    options: Sequence[Option],
    full: Mapping[str, Measured],
    *,
    seed: int,
) -> dict[str, MethodScores]:
    """The scores of each method, by name."""
    program = line.compiled.program
    names = sorted({method_of(program, one.candidate) for one in line.forecasts})
    return {name: method_scores(line, name, items, options, full, seed=seed) for name in names}


def method_scores(
    line: Line,
    method: str,
    items: Sequence[Judged],
    options: Sequence[Option],
    full: Mapping[str, Measured],
    *,
    seed: int,
) -> MethodScores:
    program, graph = line.compiled.program, line.compiled.graph
    forecasts = [one for one in line.forecasts if method_of(program, one.candidate) == method]
    names = {one.candidate.name for one in forecasts}
    own = [one for one in items if one.forecast.candidate.name in names]
    found = accuracy(own, seed=seed)
    nodes = {
        node
        for series in graph.series
        if not names.isdisjoint(one.name for one in series.candidates)
        for node in graph.probes_of(series)
    }
    probes = [one for one in line.measured if one.node in nodes]
    spent = probing(graph, probes, line.facts).flops
    own_runs = [run for name, run in full.items() if name in names]
    everything = probing(graph, own_runs, line.facts).flops
    among = [one for one in options if one.name in names] if maximises_metric(line) else []
    chosen = forecast_choice(line, among, seed=seed) if among else None
    intervals = found.intervals
    if chosen is not None:
        intervals = {**intervals, "regret_points": spanned(regret_draws([chosen], among))}
    return MethodScores(
        mae_points=found.mae_points,
        kendall_tau=found.kendall_tau,
        regret_points=None if chosen is None else rounded(regret([chosen], among)),
        coverage=found.coverage,
        cost_saved=share_saved(spent, everything),
        intervals=intervals,
        bias_points=found.bias_points,
        runs_covered=found.runs_covered,
        candidates=len(forecasts),
        predicted=len(own),
    )


def candidate_row(
    line: Line, forecast: Forecast, truths: Truths, options: Sequence[Option]
) -> BacktestCandidate:
    candidate, metric = forecast.candidate, forecast.metric
    truth = truths[candidate.name]
    estimate = None if isinstance(metric, Unmeasured) else metric.estimate()
    known = None if isinstance(truth, Unmeasured) else truth
    reasons = [one.reason for one in (metric, truth) if isinstance(one, Unmeasured)]
    flops = {one.name: one.flops for one in options}.get(candidate.name)
    return BacktestCandidate(
        name=candidate.name,
        kind=candidate.kind,
        method=method_of(line.compiled.program, candidate),
        basis="unmeasured" if isinstance(metric, Unmeasured) else metric.basis,
        predicted=estimate.value if estimate else None,
        low=estimate.low if estimate else None,
        high=estimate.high if estimate else None,
        measured=known.metric if known else None,
        standard_error=rounded(known.standard_error) if known else None,
        runs=known.runs if known else (),
        flops=None if flops is None else rounded(flops),
        reason=reasons[0] if reasons else None,
    )
