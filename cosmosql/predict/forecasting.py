"""Plan graph and evidence in, one forecast for every candidate out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import numpy as np

from cosmosql.contracts.metric import Metric
from cosmosql.contracts.predictor import CurvePoint, Predictor, Series
from cosmosql.contracts.retriever import RetrieverFactory
from cosmosql.contracts.strategy import Fidelity
from cosmosql.evidence.measured import Measured
from cosmosql.evidence.observation import Observation
from cosmosql.evidence.record import content_digest
from cosmosql.identity import Json, seed_of
from cosmosql.interval import Unmeasured
from cosmosql.model.program import Program
from cosmosql.plan.build import corpus_of
from cosmosql.plan.candidate import Candidate
from cosmosql.plan.graph import PlanGraph
from cosmosql.plan.series import Series as Candidates
from cosmosql.plan.series import strategy_of, unseeded
from cosmosql.predict.cost import adapting, exact, serving
from cosmosql.predict.facts import Facts
from cosmosql.predict.fits import Fits
from cosmosql.predict.forecast import Adaptation, Distribution, Forecast, ItemForecast
from cosmosql.predict.gather import (
    Evidence,
    Run,
    curve_point,
    gather,
    proxy_points,
    size_of,
)
from cosmosql.predict.hardware import memory_reason, rates_of, tariff_of
from cosmosql.predict.items import item_forecast, shift_to
from cosmosql.predict.metric import distribution, metric_named, row_efficiency
from cosmosql.predict.pairing import Array
from cosmosql.predict.tokens import (
    largest_fitting,
    prompt_line,
    request_tokens,
    training_tokens,
)
from cosmosql.schema import registry

DRAWS = 2000

SEED_NOISE = 0.01
"""Least deviation between runs that differ by their seed."""

PREDICTORS = {"finetune": "finetune", "icl-random": "icl", "icl-retrieved": "icl"}
"""The predictor's name by kind of series."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Everything one forecast reads."""

    graph: PlanGraph
    evidence: Evidence
    facts: Facts
    metric: Metric
    fits: Fits
    draws: int
    seed: int

    @property
    def program(self) -> Program:
        return self.graph.program


def forecast(
    graph: PlanGraph,
    measured: Iterable[Measured],
    facts: Facts,
    fits: Fits,
    *,
    seed: int,
    draws: int = DRAWS,
) -> tuple[Forecast, ...]:
    """A forecast for each of the graph's candidates, in their order; curves come from `fits`.

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
    found: dict[str, Forecast] = {}
    for candidates in graph.series:
        found.update(forecast_series(scene, candidates))
    return tuple(found[candidate.name] for candidate in graph.candidates)


def forecast_series(scene: Scene, candidates: Candidates) -> dict[str, Forecast]:
    """Forecasts of candidates that share a learning curve, by name."""
    runs = scene.evidence.runs[candidates.id]
    own_runs = {
        one.name: runs_in_full(runs, candidates.full[one.name]) for one in candidates.candidates
    }
    missing = [one for one in candidates.candidates if not own_runs[one.name]]
    predicted = predict_missing(scene, candidates, runs, missing)
    forecasts = {}
    for candidate in candidates.candidates:
        full = candidates.full[candidate.name]
        if own := own_runs[candidate.name]:
            metric: Distribution | Unmeasured = measured_metric(scene, own)
            items: ItemForecast | None = item_forecast(own[0].observation, None)
        else:
            metric = predicted[candidate.name]
            items = shifted_items(scene, nearest_run(runs, full), metric)
        once = adaptation_of(scene, candidates, candidate, runs)
        forecasts[candidate.name] = Forecast(
            candidate=candidate,
            metric_name=scene.metric.name,
            metric=metric,
            measures=measures(scene, candidates, candidate, runs, once, metric),
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


def predict_missing(
    scene: Scene, candidates: Candidates, runs: tuple[Run, ...], missing: list[Candidate]
) -> dict[str, Distribution | Unmeasured]:
    """The metric of candidates that were not measured in full, from their series' predictor."""
    if not missing:
        return {}
    failures = scene.evidence.failures[candidates.id]
    known = {unseeded(step): reason for step, reason in failures.items()}
    failed: dict[str, Distribution | Unmeasured] = {
        one.name: known[unseeded(candidates.full[one.name])]
        for one in missing
        if unseeded(candidates.full[one.name]) in known
    }
    missing = [one for one in missing if one.name not in failed]
    kind = kind_of(scene.program, candidates)
    if kind is None or not missing:
        return failed | {one.name: Unmeasured("it was not measured") for one in missing}
    series = curve_series(scene, candidates, kind, runs)
    sizes = [size_of(candidates.full[one.name]) for one in missing]
    predictor = predictor_named(PREDICTORS[kind])
    asked: dict[str, Json] = {
        "predictor": PREDICTORS[kind],
        "kind": kind,
        "metric": scene.metric.name,
        "measured": [content_digest(run.observation) for run in runs],
        "proxy": content_digest(proxy) if (proxy := proxy_of(scene, candidates, kind)) else None,
        "label_counts": list(series.label_counts),
        "largest_fitting": series.largest_fitting,
        "sizes": list(sizes),
        "draws": scene.draws,
        "seed": scene.seed,
    }
    drawn = scene.fits.draws(
        asked,
        lambda seed: predictor.forecast(series, sizes, n_test=None, draws=scene.draws, seed=seed),
    )
    rows = max((run.rows for run in runs), default=0) or max(
        (point.n for point in series.proxy), default=1
    )
    efficiency = row_efficiency(runs[-1].draws, runs[-1].rows) if runs else 1.0
    return failed | {
        one.name: checked(scene, draws, rows, efficiency)
        for one, draws in zip(missing, drawn, strict=True)
    }


def checked(
    scene: Scene, draws: Array | Unmeasured, rows: int, efficiency: float
) -> Distribution | Unmeasured:
    """A predictor's answer as a distribution; raises ValueError where it breaks its contract."""
    if isinstance(draws, Unmeasured):
        return draws
    inside = np.isfinite(draws).all() and (draws >= 0).all() and (draws <= 1).all()
    if draws.shape != (scene.draws,) or not inside:
        raise ValueError("a predictor returns finite draws in [0, 1], one a draw of rows")
    return distribution(
        draws,
        value=float(np.median(draws)),
        basis="predicted",
        rows=rows,
        n_test=scene.facts.n_test,
        seed=scene.seed,
        efficiency=efficiency,
    )


def predictor_named(name: str) -> Predictor:
    return cast(Predictor, registry.load(registry.extension("predictor", name)))


def kind_of(program: Program, candidates: Candidates) -> str | None:
    """Which kind of curve the series runs along; None where it has no curve."""
    if candidates.trains:
        return "finetune"
    if candidates.axis != "shots":
        return None
    retriever = candidates.candidates[0].retriever
    if retriever is None or program.retrievers[retriever].using == "random":
        return "icl-random"
    return "icl-retrieved"


def proxy_of(scene: Scene, candidates: Candidates, kind: str) -> Observation | None:
    """The proxy curve of the series' model, where its strategy trains."""
    model = candidates.candidates[0].model
    return scene.evidence.proxies.get(model) if kind == "finetune" and model else None


def curve_series(scene: Scene, candidates: Candidates, kind: str, runs: tuple[Run, ...]) -> Series:
    model = candidates.candidates[0].model or ""
    proxy: tuple[CurvePoint, ...] = ()
    if observation := proxy_of(scene, candidates, kind):
        proxy = proxy_points(observation, scene.metric, draws=scene.draws, seed=scene.seed)
    card = scene.facts.cards.get(model)
    counts = scene.facts.label_counts
    return Series(
        kind=kind,
        points=tuple(
            curve_point(run, size_of(run.fidelity)) for run in runs if run.fidelity.steps is None
        ),
        proxy=proxy,
        zero_shot=next((curve_point(run, 0.0) for run in runs if size_of(run.fidelity) == 0), None),
        labels=len(counts) or None,
        label_counts=counts,
        largest_fitting=None
        if kind == "finetune"
        else largest_fitting(
            runs, card.context if card else None, scene.evidence.failures[candidates.id]
        ),
        short=tuple(
            curve_point(run, float(run.fidelity.steps))
            for run in runs
            if run.fidelity.steps is not None
        ),
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


def adaptation_of(
    scene: Scene, candidates: Candidates, candidate: Candidate, runs: tuple[Run, ...]
) -> Adaptation | Unmeasured:
    """The tokens that making a candidate in full takes."""
    full = candidates.full[candidate.name]

    def seen(fidelity: Fidelity) -> int:
        return (
            strategy_of(candidate.kind)
            .workload(
                candidate.config,
                fidelity,
                input_tokens=1,
                target_tokens=0,
                instruction_tokens=0,
                options=0,
                rows=0,
            )
            .training_tokens
        )

    trained = training_tokens(runs, full, seen) if candidates.trains else (0.0, 0.0)
    indexed = indexed_tokens(scene, candidate, runs, full)
    if isinstance(trained, Unmeasured):
        return trained
    if isinstance(indexed, Unmeasured):
        return indexed
    return Adaptation(training_tokens=trained[0], indexed_tokens=indexed, spread=trained[1])


def measures(
    scene: Scene,
    candidates: Candidates,
    candidate: Candidate,
    runs: tuple[Run, ...],
    once: Adaptation | Unmeasured,
    metric: Distribution | Unmeasured,
) -> dict[str, Distribution | Unmeasured]:
    """Costs, tokens and latency of a candidate by name. Where it is not known to answer at all (its
    prompts overflow the context) no request of it has a cost."""
    full = candidates.full[candidate.name]
    hardware = scene.program.hardware.get(candidate.hardware or "")
    if candidate.model is None:
        return free_of_models(scene)
    card = scene.facts.cards.get(candidate.model)
    tariff = tariff_of(hardware)
    rates = rates_of(scene.evidence.profiles.get(candidate.model), card, hardware)
    if reason := memory_reason(card, hardware, candidates.trains):
        rates = Unmeasured(reason)
    shared = kind_of(scene.program, candidates) == "icl-random"
    tokens = (
        metric
        if isinstance(metric, Unmeasured)
        else request_tokens(runs, full, shared=shared, draws=scene.draws, seed=scene.seed)
    )
    return {
        **serving(tokens, rates, tariff, n_test=scene.facts.n_test, seed=scene.seed),
        "adapt_cost": adapting(once, rates, tariff, draws=scene.draws, seed=scene.seed),
        "labels": exact(0.0, "label", scene.draws, "measured"),
    }


def free_of_models(scene: Scene) -> dict[str, Distribution | Unmeasured]:
    """A baseline reads no token and takes no accelerator time; its processor time is not costed."""
    currency = currency_of(scene.graph)
    units = {
        "prompt_tokens": "tok/request",
        "completion_tokens": "tok/request",
        "latency": "s",
        "serve_cost": f"{currency}/request",
        "adapt_cost": currency,
        "labels": "label",
    }
    return {name: exact(0.0, unit, scene.draws, "assumed") for name, unit in units.items()}


def currency_of(graph: PlanGraph) -> str:
    """The one currency of a query: of its candidates' hardware, else of its budget; USD where it
    names none."""
    hardware = [graph.program.hardware.get(one.hardware or "") for one in graph.candidates]
    quantities = [one.price for one in hardware if one is not None]
    budget = graph.query.budget
    quantities += [meters.get("money") for meters in (budget.probing, budget.adaptation)]
    found = (one.dimension.currency for one in quantities if one is not None)
    return next((currency for currency in found if currency), "USD")


def indexed_tokens(
    scene: Scene, candidate: Candidate, runs: tuple[Run, ...], full: Fidelity
) -> float | Unmeasured:
    """Tokens that the model reads to embed the pool for a dense index: a demonstration's length
    for every train row. Other indexes cost no accelerator time."""
    if candidate.retriever is None or full.shots == 0:
        return 0.0
    using = scene.program.retrievers[candidate.retriever].using
    factory = cast(RetrieverFactory, registry.load(registry.extension("retriever", using)))
    if not factory.needs_embedding:
        return 0.0
    line = prompt_line(runs, draws=scene.draws, seed=scene.seed)
    if isinstance(line, Unmeasured):
        return line
    pool = scene.facts.pools[corpus_of(scene.program, candidate)]
    return float(np.median(line[1])) * pool
