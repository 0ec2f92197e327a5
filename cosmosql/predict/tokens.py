"""Tokens a candidate reads and answers a request, and those of making it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from cosmosql.contracts.strategy import Fidelity
from cosmosql.evidence.observation import Item, Observation
from cosmosql.identity import seed_of
from cosmosql.interval import Unmeasured
from cosmosql.predict.gather import Run, size_of
from cosmosql.predict.pairing import Array, row_weights


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestTokens:
    """Mean tokens a request under the common draws of rows, shape (draws,) each. Of `prompt`,
    which is what an endpoint bills, `cached` tokens were read for an earlier request already.
    `query` tokens are read besides, to look the query up in the model's own index."""

    prompt: Array
    cached: Array
    completion: Array
    basis: str
    items: tuple[Item, ...]
    """Probe rows, whose tokens differ as requests do; the nearest run's where the candidate was
    not run in full."""
    query: float = 0.0

    @property
    def rows(self) -> int:
        return len(self.items)


def mean_tokens(items: Sequence[Item], name: str, *, draws: int, seed: int) -> Array:
    weights = row_weights([item.row for item in items], draws=draws, seed=seed)
    counts = np.array([float(getattr(item, name)) for item in items])
    return np.asarray(weights @ counts / weights.sum(axis=1))


def request_tokens(
    runs: Sequence[Run], full: Fidelity, *, shared: bool = False, draws: int, seed: int
) -> RequestTokens | Unmeasured:
    """Tokens of a candidate in full from its series' runs: those of the run in full; else, along
    shots, the straight line through the runs (each demonstration adds its own length); else those
    of the largest run (training changes no prompt). `shared`: one set of demonstrations stands
    before every query, so that its length is a draw of its own, and what is computed a request
    does not grow with it; else the cached beginning is that of the nearest run."""
    if not runs:
        return Unmeasured("no run of this series was measured")
    exact = [run for run in runs if size_of(run.fidelity) == size_of(full)]
    nearest = exact[0] if exact else runs[-1]
    items = nearest.observation.items
    completion = mean_tokens(items, "completion_tokens", draws=draws, seed=seed)
    prompt = mean_tokens(items, "prompt_tokens", draws=draws, seed=seed)
    cached = np.full(draws, beginning(nearest.observation, nearest.fidelity, shared=shared))
    if full.shots is not None and not exact:
        line = prompt_line(runs, draws=draws, seed=seed)
        if isinstance(line, Unmeasured):
            return line
        own = prompt - cached
        prompt = line[0] + line[1] * full.shots
        if shared:
            prompt = np.maximum(prompt + unseen_lengths(runs, full.shots, draws, seed), 0.0)
        if shared and cached.any():
            cached = np.maximum(prompt - own, 0.0)
    return RequestTokens(
        prompt=prompt,
        cached=np.minimum(cached, prompt),
        completion=completion,
        basis="measured" if exact or full.shots is None else "predicted",
        items=items,
    )


def beginning(observation: Observation, fidelity: Fidelity, *, shared: bool) -> float:
    """Tokens of the prompts' common beginning, which all of a run's requests but the first took
    from the cache."""
    requests = len(observation.items)
    cached = observation.usage.cached_tokens
    if requests < 2:
        return 0.0
    return (
        (unrecorded(observation, fidelity) if shared else 0.0)
        if cached is None
        else (cached / (requests - 1))
    )


def unrecorded(observation: Observation, fidelity: Fidelity) -> float:
    """The beginning of prompts with one set of demonstrations, of a run that did not record it:
    every demonstration is a query with its answer, so k of k + 1 parts of the prompt."""
    shots = fidelity.shots or 0
    prompts = [item.prompt_tokens for item in observation.items]
    answers = [item.completion_tokens for item in observation.items]
    found = shots / (shots + 1) * float(np.mean(prompts) + np.mean(answers))
    return min(found, min(prompts) - 1.0)


def unseen_lengths(runs: Sequence[Run], shots: int, draws: int, seed: int) -> Array:
    """By how much a set of so many demonstrations may be longer than those that were probed, shape
    (draws,): train rows differ in length as the answered rows do, and the sets of one seed are
    nested, so that a seed shows no more rows than its largest set."""
    largest: dict[int, float] = {}
    for run in runs:
        place = run.fidelity.seed
        largest[place] = max(largest.get(place, 0.0), size_of(run.fidelity))
    lengths = [float(item.prompt_tokens) for item in runs[-1].observation.items]
    spread = float(np.std(lengths)) * np.sqrt(shots + shots**2 / max(sum(largest.values()), 1.0))
    rng = np.random.default_rng(seed_of("demonstrations", seed, shots))
    return np.asarray(spread * rng.standard_normal(draws))


def prompt_line(runs: Sequence[Run], *, draws: int, seed: int) -> tuple[Array, Array] | Unmeasured:
    """Prompt tokens without demonstrations and those of one demonstration, by least squares over
    the runs' shots for every draw of rows."""
    shots = np.array([size_of(run.fidelity) for run in runs])
    if len(set(shots)) < 2:
        return Unmeasured("prompts were measured at one number of shots only")
    means = np.array(
        [
            mean_tokens(run.observation.items, "prompt_tokens", draws=draws, seed=seed)
            for run in runs
        ]
    )
    centred = shots - shots.mean()
    slope = centred @ means / (centred**2).sum()
    return means.mean(axis=0) - slope * shots.mean(), slope


def largest_fitting(
    runs: Sequence[Run], context: int | None, refused: Iterable[Fidelity] = ()
) -> float | None:
    """The most demonstrations that fit: fewer than any that was refused, and no more than fit the
    context; None where neither is known."""
    bounds = [size_of(step) - 1 for step in refused]
    line = fitting_the_context(runs, context)
    return min(bounds if line is None else [*bounds, line], default=None)


def fitting_the_context(runs: Sequence[Run], context: int | None) -> float | None:
    """The most demonstrations whose longest prompt and answer fit the context, on the straight
    line through the runs' longest prompts; None where the context or the line is unknown."""
    shots = np.array([size_of(run.fidelity) for run in runs])
    if context is None or len(set(shots)) < 2:
        return None
    longest = [
        max(item.prompt_tokens + item.completion_tokens for item in run.observation.items)
        for run in runs
    ]
    slope, level = np.polyfit(shots, longest, 1)
    measured = float(shots.max())
    return max(measured, float(np.floor((context - level) / slope))) if slope > 0 else None


def training_tokens(
    runs: Sequence[Run], full: Fidelity, examples: int
) -> tuple[float, float] | Unmeasured:
    """Tokens that training in full sees, and their relative standard error: in proportion to the
    `examples` that it sees, from the run that saw most. The rows of two runs differ in length as
    the answered rows do."""
    trained = [run for run in runs if run.observation.usage.training_tokens > 0]
    if not trained or full.train_rows is None:
        return Unmeasured("no training run was measured")
    largest = max(trained, key=lambda run: run.examples)
    lengths = np.array([item.prompt_tokens for item in largest.observation.items], np.float64)
    variation = float(lengths.std() / lengths.mean()) if len(lengths) else 0.0
    measured = min(largest.fidelity.train_rows or 0, largest.examples)
    tokens = largest.observation.usage.training_tokens * examples / largest.examples
    return tokens, variation * float(np.sqrt(1 / measured + 1 / full.train_rows))
