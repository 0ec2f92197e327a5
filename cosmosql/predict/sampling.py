"""Population Monte Carlo in prior-probit space: weighted posterior points of one curve family.

Scrambled Sobol points from the prior, then rounds of a Student-t proposal fitted to the tempered
weights; every point is weighted by prior times likelihood over the mixture of all proposals, the
deterministic-mixture weights of adaptive multiple importance sampling (Cornuet et al. 2012,
arXiv 0907.1254). The points are the same in every call, so that equal evidence gives equal digits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, ndtr, ndtri
from scipy.stats import chi2, qmc

from cosmosql.identity import seed_of
from cosmosql.predict.families import Array

POINTS = 4096
ROUNDS = 2
FREEDOM = 6.0
SPREAD = 1.3
ENOUGH = 150.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Points in the unit cube, shape (points, latents), with log weights, shape (points,), whose
    mean exponential estimates the family's evidence."""

    u: Array = field(repr=False)
    log_weights: Array = field(repr=False)


@lru_cache(maxsize=64)
def sobol(latents: int, round_number: int) -> Array:
    """Scrambled Sobol points, kept away from the faces of the cube."""
    rng = np.random.default_rng(seed_of("curves", latents, round_number))
    points = qmc.Sobol(d=latents, scramble=True, seed=rng).random(POINTS)
    return np.asarray(np.clip(points, 1e-9, 1 - 1e-9))


def populate(log_likelihood: Callable[[Array], Array], latents: int) -> Population:
    """The weighted population for `log_likelihood`, a function of u, shape (points, latents)."""
    z = ndtri(sobol(latents, 0))
    scores = log_likelihood(cube(z))
    proposals: list[Callable[[Array], Array]] = [log_prior]
    for number in range(1, ROUNDS + 1):
        mean, root = moments(z, log_mixture_weights(z, scores, proposals))
        fresh = mean + student(latents, number) @ root.T
        proposals.append(student_density(mean, root))
        scores = np.concatenate([scores, log_likelihood(cube(fresh))])
        z = np.concatenate([z, fresh])
    return Population(u=cube(z), log_weights=log_mixture_weights(z, scores, proposals))


def cube(z: Array) -> Array:
    """The unit cube's points, kept away from its faces, where quantile functions are infinite."""
    return np.asarray(np.clip(ndtr(z), 1e-9, 1 - 1e-9))


def log_prior(z: Array) -> Array:
    return np.asarray(-0.5 * np.sum(z * z, axis=1) - 0.5 * z.shape[1] * np.log(2 * np.pi))


def log_mixture_weights(
    z: Array, scores: Array, proposals: list[Callable[[Array], Array]]
) -> Array:
    densities = np.array([proposal(z) for proposal in proposals])
    mixture = np.logaddexp.reduce(densities, axis=0) - np.log(len(proposals))
    return np.asarray(log_prior(z) + scores - mixture)


def moments(z: Array, log_weights: Array) -> tuple[Array, Array]:
    """Mean and widened covariance root of the points, weights tempered until enough count."""
    temper = 1.0
    weights = normalized(log_weights)
    while 1 / np.sum(weights**2) < ENOUGH and temper > 1e-3:
        temper *= 0.7
        weights = normalized(temper * log_weights)
    mean = weights @ z
    centred = z - mean
    covariance = (centred * weights[:, None]).T @ centred + 1e-6 * np.eye(z.shape[1])
    return mean, np.asarray(np.linalg.cholesky(SPREAD * covariance))


def normalized(log_weights: Array) -> Array:
    weights = np.exp(log_weights - np.max(log_weights))
    return np.asarray(weights / weights.sum())


@lru_cache(maxsize=64)
def student(latents: int, round_number: int) -> Array:
    """Student-t points with unit scale, from Sobol points with one more dimension."""
    u = sobol(latents + 1, round_number)
    return np.asarray(ndtri(u[:, :-1]) * np.sqrt(FREEDOM / chi2.ppf(u[:, -1:], FREEDOM)))


def student_density(mean: Array, root: Array) -> Callable[[Array], Array]:
    size = len(mean)
    constant = (
        gammaln((FREEDOM + size) / 2)
        - gammaln(FREEDOM / 2)
        - 0.5 * size * np.log(FREEDOM * np.pi)
        - np.log(np.diag(root)).sum()
    )
    inverse = np.linalg.inv(root)

    def density(z: Array) -> Array:
        distance = np.sum(((z - mean) @ inverse.T) ** 2, axis=1)
        return np.asarray(constant - 0.5 * (FREEDOM + size) * np.log1p(distance / FREEDOM))

    return density


def systematic(weights: Array, count: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Indices drawn with these weights by systematic resampling, in random order."""
    positions = (np.arange(count) + rng.random()) / count
    cumulative = np.cumsum(weights) / np.sum(weights)
    chosen = np.minimum(np.searchsorted(cumulative, positions), len(weights) - 1)
    return rng.permutation(chosen)
