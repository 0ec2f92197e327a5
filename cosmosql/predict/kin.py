"""Runs that tell of a series' prompts and tokens where its own do not: those of the same model."""

from __future__ import annotations

from cosmosql.plan.series import Series as Candidates
from cosmosql.predict.gather import Run, order, size_of
from cosmosql.predict.scene import Scene


def kin(scene: Scene, candidates: Candidates) -> tuple[Run, ...]:
    """The series' own runs where they are enough to know its tokens at every size; else those of
    the same model with them: of other configurations, which are prompted alike; of other
    demonstrations, which are about as long; and the model as it is, which shows a prompt without.
    """
    own = scene.evidence.runs[candidates.id]
    if candidates.axis is None or enough(candidates, own):
        return own
    model = candidates.candidates[0].model
    related = [
        one
        for one in scene.graph.series
        if one.id != candidates.id
        and one.candidates[0].model == model
        and one.trains == candidates.trains
    ]
    if own and not candidates.trains:
        related = [one for one in related if one.axis is None]
    others = (run for one in related for run in scene.evidence.runs[one.id])
    return tuple(sorted([*own, *others], key=order))


def enough(candidates: Candidates, own: tuple[Run, ...]) -> bool:
    """Whether a series' own runs tell its tokens: any run of training, two numbers of shots."""
    if candidates.trains:
        return any(run.examples for run in own)
    return len({size_of(run.fidelity) for run in own}) > 1
