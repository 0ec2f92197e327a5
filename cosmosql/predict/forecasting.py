"""Plan graph and evidence in, one forecast for every candidate out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from cosmosql.contracts.strategy import Fidelity
from cosmosql.evidence.measured import Measured
from cosmosql.identity import seed_of
from cosmosql.interval import Unmeasured
from cosmosql.plan.candidate import Candidate, Measurement
from cosmosql.plan.graph import PlanGraph
from cosmosql.plan.series import Series as Candidates
from cosmosql.plan.series import unseeded
from cosmosql.predict.facts import Facts
from cosmosql.predict.fits import Fits
from cosmosql.predict.forecast import Distribution, Forecast, ItemForecast
from cosmosql.predict.gather import Run, gather, size_of
from cosmosql.predict.items import item_forecast, shift_to
from cosmosql.predict.kin import kin
from cosmosql.predict.metric import distribution, metric_named, row_efficiency
from cosmosql.predict.pairing import Array
from cosmosql.predict.predicting import Drawn, Question, kind_of, predict
from cosmosql.predict.quantities import adaptation_of, quantities_of
from cosmosql.predict.scene import Scene

DRAWS = 2000

SEED_NOISE = 0.01
"""Least deviation between runs that differ by their seed."""

NOTHING_ELSE: Mapping[str, Sequence[Fidelity]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """Forecasts of the candidates, in their order, and draws of the metric elsewhere on their
    curves: `outcomes` by the id of a probe node, `hypothetical` by candidate name, each in the
    order asked. Draw i is the same draw of rows everywhere."""

    forecasts: tuple[Forecast, ...]
    outcomes: Mapping[str, Array | Unmeasured]
    hypothetical: Mapping[str, Drawn]


def forecast(
    graph: PlanGraph,
    measured: Iterable[Measured],
    facts: Facts,
    fits: Fits,
    *,
    seed: int,
    draws: int = DRAWS,
) -> tuple[Forecast, ...]:
    """A forecast for each of the graph's candidates, in their order; see `foresee`."""
    return foresee(graph, measured, facts, fits, seed=seed, draws=draws).forecasts


def foresee(
    graph: PlanGraph,
    measured: Iterable[Measured],
    facts: Facts,
    fits: Fits,
    *,
    seed: int,
    draws: int = DRAWS,
    prospects: Sequence[str] = (),
    hypothetical: Mapping[str, Sequence[Fidelity]] = NOTHING_ELSE,
) -> Foreseen:
    """A forecast for each of the graph's candidates; curves come from `fits`.

    `prospects` are ids of probe nodes that may be measured next, `hypothetical` fidelities that a
    candidate (by name) might be run at; both are answered from the same curves.

    What is missing from `measured` leaves candidates Unmeasured. Draw i of every forecast sees
    the same weights of the common probe rows. Raises ValueError where an observation read test
    rows.
    """
    metric = metric_named(graph.program.tasks[graph.query.task].metric)
    scene = Scene(
        graph=graph,
        evidence=gather(graph, measured, metric, draws=draws, seed=seed),
        facts=facts,
        metric=metric,
        fits=fits,
        draws=draws,
        seed=seed,
    )
    steps = {id: graph.measurements[id] for id in prospects}
    inquiries = [inquire(scene, one, steps, hypothetical) for one in graph.series]
    answers = predict(scene, [one.question for one in inquiries if one.question is not None])
    found: dict[str, Forecast] = {}
    outcomes: dict[str, Array | Unmeasured] = {}
    imagined: dict[str, list[Array | Unmeasured]] = {}
    for one in inquiries:
        drawn = answers.get(one.candidates.id, ())
        predicted = dict(zip([candidate.name for candidate in one.missing], drawn, strict=False))
        rest = drawn[len(one.missing) :]
        outcomes.update(zip(one.prospects, rest, strict=False))
        for name, draw in zip(one.imagined, rest[len(one.prospects) :], strict=False):
            imagined.setdefault(name, []).append(draw)
        found.update(forecast_series(scene, one.candidates, predicted))
    return Foreseen(
        forecasts=tuple(found[candidate.name] for candidate in graph.candidates),
        outcomes=outcomes,
        hypothetical={name: tuple(drawn) for name, drawn in imagined.items()},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """What is wanted of one series: the candidates that were not measured, then probe nodes, then
    imagined runs of candidates; `question` holds them in this order, None where there is no
    curve or nothing to ask."""

    candidates: Candidates
    missing: tuple[Candidate, ...]
    prospects: tuple[str, ...]
    imagined: tuple[str, ...]
    question: Question | None


def inquire(
    scene: Scene,
    candidates: Candidates,
    steps: Mapping[str, Measurement],
    hypothetical: Mapping[str, Sequence[Fidelity]],
) -> Inquiry:
    runs = scene.evidence.runs[candidates.id]
    failed = {unseeded(step) for step in scene.evidence.failures[candidates.id]}
    missing = tuple(
        one
        for one in candidates.candidates
        if unseeded(candidates.full[one.name]) not in failed
        and not runs_in_full(runs, candidates.full[one.name])
    )
    nodes = scene.graph.probes_of(candidates)
    prospects = tuple(id for id in steps if id in nodes)
    imagined = tuple(
        one.name for one in candidates.candidates for _ in hypothetical.get(one.name, ())
    )
    asked = [(one, candidates.full[one.name]) for one in missing]
    asked += [(candidates.candidates[0], steps[id].fidelity) for id in prospects]
    asked += [
        (one, step) for one in candidates.candidates for step in hypothetical.get(one.name, ())
    ]
    kind = kind_of(scene.program, candidates)
    return Inquiry(
        candidates=candidates,
        missing=missing,
        prospects=prospects,
        imagined=imagined,
        question=None
        if kind is None
        else Question(candidates=candidates, kind=kind, asked=tuple(asked)),
    )


def forecast_series(
    scene: Scene, candidates: Candidates, predicted: Mapping[str, Array | Unmeasured]
) -> dict[str, Forecast]:
    """Forecasts of candidates that share a learning curve, by name."""
    runs = scene.evidence.runs[candidates.id]
    told = kin(scene, candidates)
    failures = {
        unseeded(step): reason for step, reason in scene.evidence.failures[candidates.id].items()
    }
    forecasts = {}
    for candidate in candidates.candidates:
        full = candidates.full[candidate.name]
        if own := runs_in_full(runs, full):
            metric: Distribution | Unmeasured = measured_metric(scene, own)
            items: ItemForecast | None = item_forecast(own[0].observation, None)
        else:
            reason = failures.get(unseeded(full), Unmeasured("it was not measured"))
            metric = predicted_metric(scene, candidates, predicted.get(candidate.name, reason))
            items = shifted_items(scene, nearest_run(told, full), metric)
        once = adaptation_of(scene, candidates, candidate, told)
        beside = quantities_of(scene, candidates, candidate, told, once, metric)
        forecasts[candidate.name] = Forecast(
            candidate=candidate,
            metric_name=scene.metric.name,
            metric=metric,
            measures=beside.measures,
            latencies=beside.latencies,
            footprint=beside.footprint,
            items=items,
            adaptation=None if isinstance(once, Unmeasured) else once,
        )
    return forecasts


def runs_in_full(runs: tuple[Run, ...], full: Fidelity) -> tuple[Run, ...]:
    """The runs that are the candidate itself: the one with its own seed if there is one, else
    all that differ from it by their seed alone."""
    alike = tuple(run for run in runs if unseeded(run.fidelity) == unseeded(full))
    own = tuple(run for run in alike if run.fidelity == full)
    return own or alike


def nearest_run(runs: tuple[Run, ...], full: Fidelity) -> Run | None:
    """The run nearest in size whose rows stand in for the candidate's; runs cut short come last."""
    whole = [run for run in runs if run.fidelity.steps is None] or list(runs)
    return min(whole, key=lambda run: abs(size_of(run.fidelity) - size_of(full)), default=None)


def measured_metric(scene: Scene, own: tuple[Run, ...]) -> Distribution:
    """The metric of a candidate that was run in full. Over several seeds it is their mean, and a
    run's own noise (their deviation, at least one point) is added to each draw."""
    draws = np.mean([run.draws for run in own], axis=0)
    efficiency = row_efficiency(own[0].draws, own[0].rows)
    if len(own) > 1:
        noise = max(float(np.std([run.value for run in own], ddof=1)), SEED_NOISE)
        rng = np.random.default_rng(seed_of("seeds", scene.seed, own[0].observation.key))
        draws = np.clip(draws + noise * rng.standard_normal(len(draws)), 0.0, 1.0)
    return distribution(
        draws,
        value=float(np.mean([run.value for run in own])),
        basis="measured",
        rows=own[0].rows,
        n_test=scene.facts.n_test,
        seed=scene.seed,
        efficiency=efficiency,
    )


def predicted_metric(
    scene: Scene, candidates: Candidates, drawn: Array | Unmeasured
) -> Distribution | Unmeasured:
    """A predictor's draws as a distribution over the rows that its curve was measured on."""
    if isinstance(drawn, Unmeasured):
        return drawn
    runs = scene.evidence.runs[candidates.id]
    return distribution(
        drawn,
        value=float(np.median(drawn)),
        basis="predicted",
        rows=max((run.rows for run in runs), default=1),
        n_test=scene.facts.n_test,
        seed=scene.seed,
        efficiency=row_efficiency(runs[-1].draws, runs[-1].rows) if runs else 1.0,
    )


def shifted_items(
    scene: Scene, run: Run | None, metric: Distribution | Unmeasured
) -> ItemForecast | None:
    """The nearest run's rows, moved by as much as the forecast differs from that run."""
    if run is None or isinstance(metric, Unmeasured):
        return None
    scores = np.array([item.score for item in run.observation.items])
    gained = metric.draws - run.draws if not scene.metric.decomposes else None
    levels = metric.draws if gained is None else np.clip(scores.mean() + gained, 0.0, 1.0)
    return item_forecast(run.observation, shift_to(run.observation, levels, seed=scene.seed))
