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
ROUNDS = 5
FREEDOM = 6.0
SPREAD = 1.3
ENOUGH = 150.0
"""Effective points that a proposal is fitted to."""

SUFFICIENT = 600.0
"""Effective points at which no further round is drawn."""


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
    u, z = sobol(latents, 0), standard(latents)
    scores = log_likelihood(u)
    proposals: list[Callable[[Array], Array]] = [log_prior]
    densities = log_prior(z)[None, :]
    log_weights = scores
    for number in range(1, ROUNDS + 1):
        mean, root = moments(z, log_weights)
        fresh = mean + student(latents, number) @ root.T
        inside = cube(fresh)
        proposal = student_density(mean, root)
        added = np.array([density(fresh) for density in proposals])
        densities = np.concatenate([densities, added], axis=1)
        z, u = np.concatenate([z, fresh]), np.concatenate([u, inside])
        densities = np.concatenate([densities, proposal(z)[None, :]])
        proposals.append(proposal)
        scores = np.concatenate([scores, log_likelihood(inside)])
        mixture = log_mean(densities)
        log_weights = densities[0] + scores - mixture
        if effective(normalized(log_weights)) >= SUFFICIENT:
            break
    return Population(u=u, log_weights=np.asarray(log_weights))


def log_mean(log_densities: Array) -> Array:
    top = log_densities.max(axis=0)
    return np.asarray(top + np.log(np.exp(log_densities - top).mean(axis=0)))


def effective(weights: Array) -> float:
    """The number of equally weighted points that tell as much (Kish 1965)."""
    return float(1 / np.sum(weights**2))


@lru_cache(maxsize=64)
def standard(latents: int) -> Array:
    return np.asarray(ndtri(sobol(latents, 0)))


def cube(z: Array) -> Array:
    """The unit cube's points, kept away from its faces, where quantile functions are infinite."""
    return np.asarray(np.clip(ndtr(z), 1e-9, 1 - 1e-9))


def log_prior(z: Array) -> Array:
    return np.asarray(-0.5 * np.sum(z * z, axis=1) - 0.5 * z.shape[1] * np.log(2 * np.pi))


def moments(z: Array, log_weights: Array) -> tuple[Array, Array]:
    """Mean and widened covariance root of the points, weights tempered until enough count."""
    temper = 1.0
    weights = normalized(log_weights)
    while effective(weights) < ENOUGH and temper > 1e-3:
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
