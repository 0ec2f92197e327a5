"""The likelihood of a curve's measured points, and what it leaves to say about other sizes.

A measured point is the curve, plus a smooth discrepancy that grows with the distance (no family is
exactly right), plus the noise of its run (one of a few levels for the whole curve), plus the
sampling noise of the rows it was judged on. At most one point of a curve is a bad run with a far
larger noise: a mixture over which one it is makes the tails heavy, and its inverse covariance comes
from that of the plain case by a rank-one step (Sherman and Morrison 1950).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cosmosql.predict.families import Array
from cosmosql.predict.priors import Noise

LEAST_SCALE = 0.25
"""Runs differ a little even where the curve is at 0 or 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """Points of a curve: `sizes`, `values`, the covariance of their sampling noise, and the `scale`
    of each (shape (points,), the covariance (points, points)). `smallest` of the sizes in play."""

    sizes: Array
    values: Array
    sampling: Array
    scale: Array
    smallest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """One level of run noise: the inverse covariance, and what each bad point changes."""

    run: float
    inverse: Array
    log_constant: float
    extra: Array
    """Variance that a bad run adds to each point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Likelihood:
    """Gaussian in the residuals for each hypothesis: a level of run noise, and which point is bad,
    if any. Hypotheses are ordered by level, in each first "none", then the points."""

    observed: Observed
    noise: Noise
    levels: tuple[Level, ...]

    def scores(self, curves: Array) -> Array:
        """Log joint probability of each hypothesis and the points given `curves`, shape (draws,
        points): shape (hypotheses, draws)."""
        residuals = self.observed.values - curves
        count = len(self.observed.values)
        scores = np.empty((len(self.levels), count + 1, len(curves)))
        for row, level in zip(scores, self.levels, strict=True):
            weighted = residuals @ level.inverse
            row[0] = level.log_constant - 0.5 * np.einsum("dp,dp->d", residuals, weighted)
            inflated = 1 + level.extra * np.diag(level.inverse)
            relief = 0.5 * level.extra / inflated
            row[1:] = row[0] + relief[:, None] * (weighted.T**2)
            row[1:] += (self.log_odds - 0.5 * np.log(inflated))[:, None]
        return scores.reshape(-1, len(curves))

    @property
    def log_odds(self) -> float:
        """That one given run is bad, against that none is."""
        return float(np.log(self.noise.bad) - np.log1p(-self.noise.bad))

    def inverse(self, hypothesis: int) -> tuple[float, Array]:
        """Run noise and inverse covariance of the points under one hypothesis."""
        number, bad = divmod(hypothesis, len(self.observed.values) + 1)
        level = self.levels[number]
        if bad == 0:
            return level.run, level.inverse
        column = level.inverse[:, bad - 1]
        factor = level.extra[bad - 1] / (1 + level.extra[bad - 1] * column[bad - 1])
        return level.run, level.inverse - factor * np.outer(column, column)

    def predicted(
        self,
        at_points: Array,
        at_targets: Array,
        target_scale: Array,
        targets: Array,
        hypotheses: NDArray[np.intp],
        rng: np.random.Generator,
    ) -> Array:
        """Values of new runs at the targets, shape (draws, targets): the curve, the discrepancy
        that the points leave likely, and the run's own noise."""
        observed, noise = self.observed, self.noise
        cross = self.kernel(targets, observed.sizes) * observed.scale
        own = self.kernel(targets, targets)
        result = np.empty_like(at_targets)
        for hypothesis in np.unique(hypotheses):
            rows = np.flatnonzero(hypotheses == hypothesis)
            run, inverse = self.inverse(int(hypothesis))
            gain = cross @ inverse
            covariance = own - gain @ cross.T
            root = np.linalg.cholesky(covariance + 1e-9 * np.eye(len(targets)))
            shape = (len(rows), len(targets))
            offset = (observed.values - at_points[rows]) @ gain.T
            offset += rng.standard_normal(shape) @ root.T
            deviation = np.where(rng.random(shape) < noise.bad, noise.bad_deviation, run)
            deviation *= np.maximum(target_scale[rows], LEAST_SCALE)
            result[rows] = at_targets[rows] + target_scale[rows] * offset
            result[rows] += deviation * rng.standard_normal(shape)
        return result

    def kernel(self, left: Array, right: Array) -> Array:
        return kernel(left, right, self.noise, self.observed.smallest)


def likelihood(observed: Observed, noise: Noise) -> Likelihood:
    """The likelihood of the points. Raises ArithmeticError where their sampling covariance is not
    positive semidefinite."""
    smooth = kernel(observed.sizes, observed.sizes, noise, observed.smallest)
    shared = smooth * np.outer(observed.scale, observed.scale) + observed.sampling
    floor = np.maximum(observed.scale, LEAST_SCALE)
    levels = []
    for run, weight in zip(noise.run_noise, noise.run_noise_weights, strict=True):
        covariance = shared + np.diag((run * floor) ** 2)
        sign, determinant = np.linalg.slogdet(covariance)
        if sign <= 0:
            raise ArithmeticError("the covariance of the points is not positive definite")
        levels.append(
            Level(
                run=run,
                inverse=np.asarray(np.linalg.inv(covariance), np.float64),
                log_constant=float(np.log(weight) - 0.5 * determinant),
                extra=(noise.bad_deviation * floor) ** 2,
            )
        )
    return Likelihood(observed=observed, noise=noise, levels=tuple(levels))


def kernel(left: Array, right: Array, noise: Noise, smallest: float) -> Array:
    """Covariance of the discrepancy between sizes, in units of their scales: a smooth part, and a
    random walk in the logarithm of the size, from the smallest size in play."""
    near, far = np.log(left)[:, None], np.log(right)[None, :]
    smooth = noise.discrepancy**2 * np.exp(-0.5 * ((near - far) / noise.length) ** 2)
    walked = noise.drift**2 * (np.minimum(near, far) - np.log(smallest))
    return np.asarray(smooth + walked)


def log_total(scores: Array) -> Array:
    """Logarithm of the summed exponentials of the hypotheses, shape (draws,)."""
    top = scores.max(axis=0)
    return np.asarray(top + np.log(np.exp(scores - top).sum(axis=0)))
