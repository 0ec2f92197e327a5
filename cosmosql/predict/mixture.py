"""The posterior over several curve forms: each sampled by itself, then averaged by its evidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from cosmosql.predict.families import Array
from cosmosql.predict.noise import Likelihood, log_total
from cosmosql.predict.priors import Learnt
from cosmosql.predict.sampling import Population, populate, systematic


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A curve form of a task: `curve` maps latents, uniform on the unit cube with shape (points,
    latents), and sizes to values, shape (points, sizes). `learnt` is what past curves changed of
    the latents' prior."""

    name: str
    latents: int
    weight: float
    curve: Callable[[Array, Array], Array]
    learnt: Learnt | None = None


def fitted(form: Form, model: Likelihood) -> Population:
    """A form's weighted posterior points."""

    def log_likelihood(u: Array) -> Array:
        total = log_total(model.scores(form.curve(u, model.observed.sizes)))
        return total if form.learnt is None else total + form.learnt.log_ratio(ndtri(u))

    return populate(log_likelihood, form.latents)


def draw_values(
    forms: Sequence[Form],
    model: Likelihood,
    targets: Array,
    scale: Callable[[Array], Array],
    *,
    draws: int,
    rng: np.random.Generator,
) -> tuple[Array, Array]:
    """Posterior draws of the curve at the measured points, shape (draws, points), and of the value
    of a new run at the targets, shape (draws, targets). `scale` gives the noise's unit at a value.
    """
    sizes = np.concatenate([model.observed.sizes, targets])
    curves = average(forms, [fitted(form, model) for form in forms], sizes, draws, rng)
    count = len(model.observed.sizes)
    at_points, at_targets = curves[:, :count], curves[:, count:]
    values = model.predicted(
        at_points,
        at_targets,
        scale(at_targets),
        targets,
        hypotheses(model, at_points, rng),
        rng,
    )
    return at_points, values


def average(
    forms: Sequence[Form],
    populations: Sequence[Population],
    sizes: Array,
    draws: int,
    rng: np.random.Generator,
) -> Array:
    """Curves at the sizes, shape (draws, sizes), each form as often as its evidence and prior
    weight deserve."""
    log_weights = [
        population.log_weights - np.log(len(population.u)) + np.log(form.weight)
        for form, population in zip(forms, populations, strict=True)
    ]
    joined = np.concatenate(log_weights)
    chosen = systematic(np.exp(joined - joined.max()), draws, rng)
    curves = np.empty((draws, len(sizes)))
    start = 0
    for form, population in zip(forms, populations, strict=True):
        end = start + len(population.u)
        rows = np.flatnonzero((chosen >= start) & (chosen < end))
        curves[rows] = form.curve(population.u[chosen[rows] - start], sizes)
        start = end
    return curves


def hypotheses(model: Likelihood, at_points: Array, rng: np.random.Generator) -> NDArray[np.intp]:
    """One hypothesis of noise for each draw, by its posterior probability."""
    scores = model.scores(at_points)
    cumulative = np.cumsum(np.exp(scores - log_total(scores)), axis=0)
    return np.asarray((rng.random(len(at_points)) > cumulative[:-1]).sum(axis=0))
