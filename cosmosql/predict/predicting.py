"""The metric of what was not measured: each predictor is asked once for all series of its kinds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

from cosmosql.contracts.predictor import CurvePoint, Predictor, Series, Target
from cosmosql.contracts.strategy import Fidelity
from cosmosql.evidence.observation import Observation
from cosmosql.evidence.record import content_digest
from cosmosql.identity import Json, jsonable
from cosmosql.interval import Unmeasured
from cosmosql.model.program import Program
from cosmosql.plan.candidate import Candidate
from cosmosql.plan.series import Series as Candidates
from cosmosql.plan.series import examples_seen, off_axis
from cosmosql.predict.gather import Run, curve_point, proxy_points, size_of
from cosmosql.predict.pairing import Array
from cosmosql.predict.scene import Scene
from cosmosql.predict.tokens import largest_fitting
from cosmosql.schema import registry

PREDICTORS = {"finetune": "finetune", "icl-random": "icl", "icl-retrieved": "icl"}
"""The predictor's name by kind of series."""

Drawn: TypeAlias = tuple[Array | Unmeasured, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a predictor is asked of one series: `fidelities` of a `candidate` each, in full."""

    candidates: Candidates
    kind: str
    asked: tuple[tuple[Candidate, Fidelity], ...]


def predict(scene: Scene, questions: Sequence[Question]) -> Mapping[str, Drawn]:
    """The answers to each question in the order of its fidelities, by the series' id."""
    answers: dict[str, Drawn] = {}
    for name in sorted(set(PREDICTORS.values())):
        group = [one for one in questions if PREDICTORS[one.kind] == name]
        if any(one.asked for one in group):
            answers.update(answer_all(scene, name, group))
    return answers


def answer_all(scene: Scene, name: str, group: Sequence[Question]) -> Mapping[str, Drawn]:
    """The answers of one predictor, from the fits where they are known."""
    predictor = predictor_named(name)
    series = [curve_series(scene, one.candidates, one.kind) for one in group]
    targets = [[target(candidate, step) for candidate, step in one.asked] for one in group]
    asked: dict[str, Json] = {
        "predictor": name,
        "metric": scene.metric.name,
        "series": [
            description(scene, one, found, wanted)
            for one, found, wanted in zip(group, series, targets, strict=True)
        ],
        "draws": scene.draws,
        "seed": scene.seed,
    }

    def compute(seed: int) -> Drawn:
        found = predictor.forecast(series, targets, draws=scene.draws, seed=seed)
        return tuple(checked(scene, one) for answers in found for one in answers)

    flat = iter(scene.fits.draws(asked, compute))
    return {one.candidates.id: tuple(next(flat) for _ in one.asked) for one in group}


def description(
    scene: Scene, one: Question, series: Series, targets: Sequence[Target]
) -> dict[str, Json]:
    """What an answer depends on, for the identity of the fit."""
    proxy = proxy_of(scene, one.candidates, one.kind)
    return {
        "kind": one.kind,
        "measured": [
            content_digest(run.observation) for run in scene.evidence.runs[one.candidates.id]
        ],
        "proxy": content_digest(proxy) if proxy else None,
        "config": jsonable(dict(series.config)),
        "parameters": series.parameters,
        "label_counts": list(series.label_counts),
        "largest_fitting": series.largest_fitting,
        "targets": [jsonable(target) for target in targets],
    }


def checked(scene: Scene, drawn: Array | Unmeasured) -> Array | Unmeasured:
    """A predictor's answer; raises ValueError where it breaks its contract."""
    if isinstance(drawn, Unmeasured):
        return drawn
    if drawn.shape != (scene.draws,) or not ((drawn >= 0) & (drawn <= 1)).all():
        raise ValueError("a predictor returns finite draws in [0, 1], one a draw of rows")
    return drawn


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


def curve_series(scene: Scene, candidates: Candidates, kind: str) -> Series:
    """What is known of a series, as its predictor is given it."""
    first = candidates.candidates[0]
    runs = scene.evidence.runs[candidates.id]
    proxy: tuple[CurvePoint, ...] = ()
    if observation := proxy_of(scene, candidates, kind):
        proxy = proxy_points(observation, scene.metric, draws=scene.draws, seed=scene.seed)
    card = scene.facts.cards.get(first.model or "")
    counts = scene.facts.label_counts
    return Series(
        kind=kind,
        points=tuple(
            curve_point(run, size_of(run.fidelity)) for run in runs if run.fidelity.steps is None
        ),
        proxy=proxy,
        zero_shot=zero_shot_of(scene, first.model),
        labels=len(counts) or None,
        label_counts=counts,
        largest_fitting=None
        if kind == "finetune"
        else largest_fitting(
            runs, card.context if card else None, scene.evidence.failures[candidates.id]
        ),
        short=short_runs(runs),
        task=scene.facts.task,
        model=first.model or "",
        parameters=card.parameters if card else None,
        config={
            name: float(value)
            for name, value in off_axis(first).items()
            if isinstance(value, int | float) and not isinstance(value, bool)
        },
    )


def zero_shot_of(scene: Scene, model: str | None) -> CurvePoint | None:
    """The model as it is, asked without demonstrations: by whichever series was measured so."""
    found = (
        run
        for series in scene.graph.series
        for run in scene.evidence.runs[series.id]
        if series.candidates[0].model == model is not None
        and not series.trains
        and size_of(run.fidelity) == 0
    )
    run = next(found, None)
    return None if run is None else curve_point(run, 0.0)


def short_runs(runs: Sequence[Run]) -> tuple[CurvePoint, ...]:
    return tuple(
        curve_point(run, size_of(run.fidelity)) for run in runs if run.fidelity.steps is not None
    )


def target(candidate: Candidate, fidelity: Fidelity) -> Target:
    return Target(size=size_of(fidelity), examples=float(examples_seen(candidate, fidelity)))
