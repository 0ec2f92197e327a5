"""What fine-tuning would come to with more labels or longer training: runs that nobody declared.

They are asked of the same curves as the candidates; what counts is by how much they differ from the
candidate itself on those curves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from cosmosql.contracts.strategy import Fidelity
from cosmosql.decide.formulas import Array
from cosmosql.evidence.measured import Measured
from cosmosql.interval import Unmeasured
from cosmosql.plan.build import corpus_of
from cosmosql.plan.candidate import Candidate
from cosmosql.plan.graph import PlanGraph
from cosmosql.plan.series import examples_seen
from cosmosql.predict.facts import Facts
from cosmosql.predict.fits import Fits
from cosmosql.predict.forecast import Distribution, Forecast
from cosmosql.predict.forecasting import DRAWS, foresee

BEST = 3
"""Fine-tuned candidates, the best by their forecasts, for which more is imagined."""

MORE = 2
"""Times as many labels, and times as long a training."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imagined:
    """A candidate with more done for it. `change` are draws of what that adds to its metric, shape
    (draws,); `effort` is the factor of its one-off cost."""

    kind: str
    """labels or training."""
    candidate: str
    what: str
    change: Array | Unmeasured = field(repr=False)
    labels: int = 0
    effort: float = float(MORE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run that is asked for, beside that of the candidate in full."""

    kind: str
    what: str
    fidelity: Fidelity
    labels: int = 0


def imagine(
    graph: PlanGraph,
    measured: Iterable[Measured],
    facts: Facts,
    fits: Fits,
    forecasts: Sequence[Forecast],
    *,
    seed: int,
    draws: int = DRAWS,
) -> tuple[Imagined, ...]:
    """More labels and longer training for the best fine-tuned candidates; empty where the query has
    none."""
    fulls = {name: full for series in graph.series for name, full in series.full.items()}
    runs = {
        one.candidate.name: wanted(graph, facts, one.candidate, fulls[one.candidate.name])
        for one in best_trained(graph, forecasts)
    }
    if not runs:
        return ()
    foreseen = foresee(
        graph,
        measured,
        facts,
        fits,
        seed=seed,
        draws=draws,
        hypothetical={
            name: [fulls[name], *(run.fidelity for run in found)] for name, found in runs.items()
        },
    )
    return tuple(
        Imagined(
            kind=run.kind,
            candidate=name,
            what=f"{run.what} for {name}",
            change=difference(drawn, foreseen.hypothetical[name][0]),
            labels=run.labels,
        )
        for name, found in runs.items()
        for run, drawn in zip(found, foreseen.hypothetical[name][1:], strict=True)
    )


def best_trained(graph: PlanGraph, forecasts: Sequence[Forecast]) -> list[Forecast]:
    """The best fine-tuned candidates by their expected metric, names settling ties."""
    trained = {one.name for series in graph.series if series.trains for one in series.candidates}
    known = [
        (float(one.metric.draws.mean()), one)
        for one in forecasts
        if one.candidate.name in trained and isinstance(one.metric, Distribution)
    ]
    ordered = sorted(known, key=lambda pair: (-pair[0], pair[1].candidate.name))
    return [one for _, one in ordered[:BEST]]


def wanted(graph: PlanGraph, facts: Facts, candidate: Candidate, full: Fidelity) -> tuple[Run, ...]:
    """More rows than there are, with as many passes over them; and as many rows with more passes.
    A candidate that leaves rows unused has no need of labels, one that counts no batches no steps.
    """
    rows = full.train_rows or 0
    pool = facts.pools[corpus_of(graph.program, candidate)]
    found = []
    if MORE * rows > pool:
        labels = MORE * rows - pool
        words = f"{labels:,} more labelled train rows"
        found.append(
            Run(
                kind="labels",
                what=words,
                fidelity=replace(full, train_rows=MORE * rows),
                labels=labels,
            )
        )
    batch = candidate.config.get("batch_size")
    if isinstance(batch, int):
        steps = round(MORE * examples_seen(candidate, full) / batch)
        words = f"{MORE} times the training steps"
        found.append(Run(kind="training", what=words, fidelity=replace(full, steps=steps)))
    return tuple(found)


def difference(drawn: Array | Unmeasured, full: Array | Unmeasured) -> Array | Unmeasured:
    if isinstance(drawn, Unmeasured):
        return drawn
    return full if isinstance(full, Unmeasured) else np.asarray(drawn - full)
