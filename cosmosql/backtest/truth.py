"""Every candidate run in full on the test rows, by the same functions that carry out probes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from cosmosql.contracts.metric import Metric
from cosmosql.data.rows import Role
from cosmosql.evidence.ledger import Ledger
from cosmosql.evidence.measured import UNMEASURED, Measured
from cosmosql.evidence.metering import Meter
from cosmosql.evidence.observation import Item, Observation
from cosmosql.identity import seed_of
from cosmosql.interval import Unmeasured
from cosmosql.pipeline import Report
from cosmosql.plan.candidate import Candidate
from cosmosql.plan.graph import PlanGraph
from cosmosql.plan.series import Series
from cosmosql.predict.metric import aggregated, metric_named, value_of
from cosmosql.predict.pairing import Array, row_weights
from cosmosql.probes.lower import ProbeRun, in_full, probe_run
from cosmosql.probes.quote import scope_of
from cosmosql.probes.run import execute
from cosmosql.probes.runtime import Runtime

SEEDS = 3
"""Training runs, or random demonstration sets, whose mean is a candidate's truth."""

DRAWS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """A candidate in full on the test rows. `metric` is the mean over its `runs`, one a seed, and
    `answers` are the outcomes of each; the first is the one that `apply` makes.

    `draws`, shape (draws,), are what other test rows and other seeds would have shown: the rows'
    weights are those of every candidate, so differences are paired; the noise of seeds is pooled
    over the candidates of a kind that have several runs, because three runs tell little of it.
    """

    metric: float
    runs: tuple[float, ...]
    answers: tuple[tuple[Item, ...], ...] = field(repr=False)
    draws: Array = field(repr=False)

    @property
    def standard_error(self) -> float:
        return float(self.draws.std())


def full_runs(
    graph: PlanGraph, runtime: Runtime, seeds: int = SEEDS
) -> Mapping[str, tuple[ProbeRun, ...]]:
    """The runs whose mean is the truth of each candidate, by its name."""
    return {
        candidate.name: tuple(
            full_run(candidate, series, seed, runtime)
            for seed in seeds_of(candidate, series, seeds)
        )
        for series in graph.series
        for candidate in series.candidates
    }


def seeds_of(candidate: Candidate, series: Series, seeds: int = SEEDS) -> tuple[int, ...]:
    """The seeds that can change an outcome: of training, and of randomly drawn demonstrations."""
    drawn = series.axis == "shots" and candidate.retriever is None
    return tuple(range(seeds if series.trains or drawn else 1))


def full_run(candidate: Candidate, series: Series, seed: int, runtime: Runtime) -> ProbeRun:
    request = in_full(candidate, Role.TEST, runtime)
    fidelity = replace(series.full[candidate.name], seed=seed)
    return probe_run(replace(request, fidelity=fidelity), runtime)


def in_order(runs: Iterable[ProbeRun]) -> tuple[ProbeRun, ...]:
    """Each question once, grouped by model, so that each is loaded once."""
    unique = {run.key: run for run in runs}
    return tuple(sorted(unique.values(), key=lambda run: (run.model or "", run.key)))


def run_in_full(
    graph: PlanGraph,
    runs: Mapping[str, Sequence[ProbeRun]],
    runtime: Runtime,
    ledger: Ledger,
    progress: Report | None = None,
) -> Mapping[str, Observation]:
    """The observation of every run by its key: the ledger's, and what it lacked, measured now.

    Running everything is the point, so the query's caps bind the forecast's probes alone.
    """
    observations = execute(
        in_order(run for found in runs.values() for run in found),
        runtime,
        ledger,
        Meter({}),
        scope=f"backtest:{scope_of(graph.program, graph.query)}",
        watcher=InFull(progress),
    )
    return {observation.key: observation for observation in observations}


def truths_of(
    graph: PlanGraph,
    runs: Mapping[str, Sequence[ProbeRun]],
    observations: Mapping[str, Observation],
    *,
    seed: int,
) -> Mapping[str, Truth | Unmeasured]:
    """The truth of every candidate, by name; the reason where it cannot run (its context overflows,
    memory ran out)."""
    metric = metric_named(graph.program.tasks[graph.query.task].metric)
    answered = {
        name: [observations[run.key] for run in found if observations[run.key].items]
        for name, found in runs.items()
    }
    noise = seed_noise(graph, metric, answered)
    return {
        candidate.name: truth_of(
            metric,
            [one.items for one in answered[candidate.name]],
            noise[candidate.kind],
            seed=seed_of("seeds", seed, candidate.name),
            rows_seed=seed,
        )
        if answered[candidate.name]
        else reason_of([observations[run.key] for run in runs[candidate.name]])
        for candidate in graph.candidates
    }


def truth_of(
    metric: Metric, answers: Sequence[tuple[Item, ...]], noise: float, *, seed: int, rows_seed: int
) -> Truth:
    """A candidate's truth from its runs on the same test rows; `noise` is the deviation between
    single runs of its kind."""
    values = tuple(value_of(metric, items) for items in answers)
    weights = row_weights([item.row for item in answers[0]], draws=DRAWS, seed=rows_seed)
    draws = np.mean([aggregated(metric, items, weights) for items in answers], axis=0)
    if len(answers) > 1:
        wobble = np.random.default_rng(seed).standard_normal(DRAWS)
        draws = draws + noise / np.sqrt(len(answers)) * wobble
    return Truth(
        metric=float(np.mean(values)), runs=values, answers=tuple(answers), draws=np.asarray(draws)
    )


def first_runs(
    runs: Mapping[str, Sequence[ProbeRun]], observations: Mapping[str, Observation]
) -> Mapping[str, Measured]:
    """By candidate the run that `apply` would make, where it was answered: what adapting it once
    and judging it takes."""
    return {
        name: Measured(
            node=found[0].node,
            measurement=found[0].measurement,
            observation=observations[found[0].key],
        )
        for name, found in runs.items()
        if observations[found[0].key].items
    }


def seed_noise(
    graph: PlanGraph, metric: Metric, answered: Mapping[str, Sequence[Observation]]
) -> Mapping[str, float]:
    """The deviation between single runs that differ by their seed, by kind: root mean of the
    candidates' variances; 0 where no seed changes anything."""
    variances: dict[str, list[float]] = {one.kind: [] for one in graph.candidates}
    for candidate in graph.candidates:
        values = [value_of(metric, one.items) for one in answered[candidate.name]]
        if len(values) > 1:
            variances[candidate.kind].append(float(np.var(values, ddof=1)))
    return {
        kind: float(np.sqrt(np.mean(found))) if found else 0.0 for kind, found in variances.items()
    }


def reason_of(observations: Sequence[Observation]) -> Unmeasured:
    reasons = (one.values.get(UNMEASURED) for one in observations)
    return Unmeasured(next((str(one) for one in reasons if one), "it gave no answer"))


class InFull:
    """Turns what `execute` tells into progress."""

    def __init__(self, report: Report | None) -> None:
        self._report = report
        self._words = ""

    def started(self, run: ProbeRun, index: int, total: int) -> None:
        self._words = f"in full {index + 1}/{total}  {run.measurement.candidate.name}"
        self.advanced(0, 1)

    def advanced(self, done: int, total: int) -> None:
        if self._report is not None:
            self._report(self._words, done, total)

    def finished(self, run: ProbeRun, observation: Observation | None) -> None: ...
