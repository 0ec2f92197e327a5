"""Bayesian extrapolation of learning curves: a few measured sizes in, draws at other sizes out.

The posterior over a few curve families (`families`) is sampled by population Monte Carlo
(`sampling`). Around the curve stand a smooth discrepancy (no family is exactly right), noise from
run to run, and the sampling noise of the rows on which the points were measured. See
docs/science.md, "Learning curves".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from cosmosql.identity import seed_of
from cosmosql.interval import Estimate, Unmeasured
from cosmosql.predict.families import FAMILIES, Array, Ceiling, Family, Setting
from cosmosql.predict.sampling import populate, systematic

DRAWS = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Priors:
    """What is believed of a curve before it is seen.

    `discrepancy` and the `run_noise` levels are shares of twice the binomial deviation at one row,
    2 sqrt(p (1 - p)); `length` is the discrepancy's range in natural logarithms of the size."""

    ceiling: Ceiling
    discrepancy: float
    length: float
    run_noise: tuple[float, ...]
    run_noise_weights: tuple[float, ...] = (0.5, 0.35, 0.15)
    family_weights: Mapping[str, float] = field(default_factory=dict)
    """By family name; what is absent keeps the weight that it has for the kind."""


PRIORS = {
    "finetune": Priors(
        ceiling=Ceiling(mean=0.93, deviation=0.05, wide=0.10),
        discrepancy=0.02,
        length=1.5,
        run_noise=(0.01, 0.025, 0.06),
    ),
    "icl-random": Priors(
        ceiling=Ceiling(mean=0.90, deviation=0.06, wide=0.15),
        discrepancy=0.02,
        length=1.0,
        run_noise=(0.005, 0.015, 0.04),
    ),
    "icl-retrieved": Priors(
        ceiling=Ceiling(mean=0.93, deviation=0.05, wide=0.10),
        discrepancy=0.02,
        length=1.0,
        run_noise=(0.005, 0.015, 0.04),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Measured points of one curve, sizes at least 1. `rows` each rest on; `correlation` of their
    sampling noise, shape (points, points): the identity where each has rows of its own."""

    sizes: Array
    values: Array
    rows: Array
    correlation: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Posterior:
    """Draws of the metric of a run in full, without the sampling noise of the rows it will be
    tested on: `at_targets` has shape (draws, targets), `at_points` (draws, points)."""

    at_targets: Array
    at_points: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """The Gaussian likelihood of the points for one level of run-to-run noise."""

    inverse: Array
    log_constant: float


def extrapolate(
    kind: str,
    sizes: Sequence[float],
    accuracies: Sequence[float],
    n_test: int | Sequence[int],
    targets: Sequence[float],
    *,
    label_counts: Sequence[int] | int | None = None,
    context_limit: float | None = None,
    priors: Priors | None = None,
) -> list[Estimate | Unmeasured]:
    """For each target size the posterior median of the accuracy that would be measured there, with
    its 90 % interval: run-to-run noise and the sampling noise of `n_test` rows are in it.

    `kind` is finetune, icl-random or icl-retrieved; `n_test` rows judged each point (one number, or
    one a point). `label_counts` are the train rows of each label, or only the number of labels.
    Targets beyond `context_limit` and those without any usable point come back Unmeasured. Raises
    ValueError where sizes and accuracies do not belong together.
    """
    rows = np.broadcast_to(np.asarray(n_test, float), (len(sizes),))
    points = usable_points(np.asarray(sizes, float), np.asarray(accuracies, float), rows)
    if len(points.sizes) == 0:
        return [Unmeasured("no point of the curve was measured")] * len(targets)
    test_rows = int(np.max(rows))
    fitting = [t for t in targets if t >= 1 and (context_limit is None or t <= context_limit)]
    counts: Sequence[int] = () if isinstance(label_counts, int | None) else label_counts
    labels = label_counts if isinstance(label_counts, int | None) else len(label_counts)
    posterior = sample_curve(
        kind,
        points,
        fitting,
        labels=labels,
        label_counts=counts,
        priors=priors,
        draws=DRAWS,
        seed=seed_of("extrapolate", kind, [float(size) for size in sizes]),
    )
    rng = np.random.default_rng(seed_of("test rows", test_rows))
    measured = rng.binomial(test_rows, posterior.at_targets) / test_rows
    quantiles = np.quantile(measured, [0.05, 0.5, 0.95], axis=0)
    known = {
        target: Estimate(float(middle), float(low), float(high), test_rows)
        for target, low, middle, high in zip(fitting, *quantiles, strict=True)
    }
    return [known.get(target, outside(target, context_limit)) for target in targets]


def outside(target: float, context_limit: float | None) -> Unmeasured:
    if context_limit is not None and target > context_limit:
        return Unmeasured(f"{target:g} demonstrations do not fit the context ({context_limit:g})")
    return Unmeasured("the curve starts at size 1")


def usable_points(
    sizes: Array, values: Array, rows: Array, correlation: Array | None = None
) -> Points:
    """The points of size 1 and more; size 0 is another mechanism (a first demonstration shows the
    format) and tells nothing of the curve."""
    if not len(sizes) == len(values) == len(rows):
        raise ValueError(f"{len(sizes)} sizes, {len(values)} values, {len(rows)} row counts")
    if np.any((values < 0) | (values > 1)) or np.any(rows < 1):
        raise ValueError("a curve's values lie in [0, 1] and rest on at least one row each")
    kept = np.flatnonzero(sizes >= 1)
    matrix = np.eye(len(sizes)) if correlation is None else correlation
    return Points(
        sizes=sizes[kept],
        values=values[kept],
        rows=rows[kept],
        correlation=matrix[np.ix_(kept, kept)],
    )


def sample_curve(
    kind: str,
    points: Points,
    targets: Sequence[float],
    *,
    labels: int | None = None,
    label_counts: Sequence[int] = (),
    priors: Priors | None = None,
    draws: int,
    seed: int,
) -> Posterior:
    """Posterior draws at the targets and, from the same curves, at the points. Without points the
    prior answers. Raises KeyError for an unknown kind."""
    belief = priors or PRIORS[kind]
    every = np.concatenate([points.sizes, np.asarray(targets, float)])
    setting = Setting(
        ceiling=belief.ceiling,
        smallest=float(every.min(initial=np.inf)) if len(every) else 1.0,
        labels=labels,
        label_counts=tuple(label_counts),
    )
    deviation, noises = likelihoods(points, belief)
    families = [
        (family, weight)
        for family in FAMILIES
        if (weight := belief.family_weights.get(family.name, family.weights.get(kind, 0.0))) > 0
    ]
    rng = np.random.default_rng(seed)
    curves, levels = resample(families, setting, points, noises, belief, every, draws, rng)
    return add_noise(curves, levels, points, noises, deviation, belief, every, rng)


def likelihoods(points: Points, belief: Priors) -> tuple[Array, list[Noise]]:
    """The scale 2 sqrt(p (1 - p)) of each point, and the likelihood for every run-noise level."""
    smooth = (points.values * points.rows + 2) / (points.rows + 4)
    scale = 2 * np.sqrt(smooth * (1 - smooth))
    sampling = np.sqrt(smooth * (1 - smooth) / points.rows)
    shared = np.outer(sampling, sampling) * points.correlation
    smoothness = kernel(points.sizes, points.sizes, belief) * np.outer(scale, scale)
    noises = []
    for level in belief.run_noise:
        covariance = smoothness + shared + np.diag((level * np.maximum(scale, 0.25)) ** 2)
        sign, determinant = np.linalg.slogdet(covariance)
        if sign <= 0:
            raise ArithmeticError("the covariance of the points is not positive definite")
        inverse = np.asarray(np.linalg.inv(covariance), np.float64)
        noises.append(Noise(inverse=inverse, log_constant=-0.5 * float(determinant)))
    return scale, noises


def kernel(left: Array, right: Array, belief: Priors) -> Array:
    """Covariance of the discrepancy between sizes, in units of their scales."""
    distance = (np.log(left)[:, None] - np.log(right)[None, :]) / belief.length
    return np.asarray(belief.discrepancy**2 * np.exp(-0.5 * distance**2))


def resample(
    families: list[tuple[Family, float]],
    setting: Setting,
    points: Points,
    noises: list[Noise],
    belief: Priors,
    every: Array,
    draws: int,
    rng: np.random.Generator,
) -> tuple[Array, NDArray[np.intp]]:
    """Curves at every size, shape (draws, sizes), and the index of each draw's noise level."""
    prior = np.log(np.array(belief.run_noise_weights))

    def by_level(family: Family, u: Array) -> Array:
        residuals = points.values - family.curve(u, points.sizes, setting)
        distances = [
            np.einsum("pi,ij,pj->p", residuals, noise.inverse, residuals) for noise in noises
        ]
        constants = prior + np.array([noise.log_constant for noise in noises])
        return np.asarray(constants[:, None] - 0.5 * np.array(distances))

    values, log_weights, levels = [], [], []
    for family, weight in families:

        def likelihood(u: Array, family: Family = family) -> Array:
            return np.asarray(logsumexp(by_level(family, u), axis=0))

        population = populate(likelihood, family.latents)
        scores = by_level(family, population.u)
        shares = np.exp(scores - logsumexp(scores, axis=0))
        levels.append(shares)
        log_weights.append(population.log_weights + np.log(weight))
        values.append(family.curve(population.u, every, setting))
    weights = np.concatenate(log_weights)
    chosen = systematic(np.exp(weights - weights.max()), draws, rng)
    shares = np.concatenate(levels, axis=1)[:, chosen]
    level = (rng.random(draws)[None, :] > np.cumsum(shares, axis=0)[:-1]).sum(axis=0)
    return np.concatenate(values)[chosen], level


def add_noise(
    curves: Array,
    levels: NDArray[np.intp],
    points: Points,
    noises: list[Noise],
    scale: Array,
    belief: Priors,
    every: Array,
    rng: np.random.Generator,
) -> Posterior:
    """The curves with the discrepancy that the points leave likely and a run's own noise."""
    count = len(points.sizes)
    targets = every[count:]
    at_points, at_targets = curves[:, :count], curves[:, count:]
    bounded = np.clip(at_targets, 0.0, 1.0)
    target_scale = 2 * np.sqrt(bounded * (1 - bounded))
    cross = kernel(targets, points.sizes, belief) * scale
    result = np.empty_like(at_targets)
    for index, noise in enumerate(noises):
        rows = np.flatnonzero(levels == index)
        gain = cross @ noise.inverse
        covariance = kernel(targets, targets, belief) - gain @ cross.T
        root = np.linalg.cholesky(covariance + 1e-10 * np.eye(len(targets)))
        residuals = points.values - at_points[rows]
        offset = residuals @ gain.T + rng.standard_normal((len(rows), len(targets))) @ root.T
        run = belief.run_noise[index] * np.maximum(target_scale[rows], 0.25)
        result[rows] = (
            at_targets[rows]
            + target_scale[rows] * offset
            + run * rng.standard_normal((len(rows), len(targets)))
        )
    return Posterior(at_targets=np.clip(result, 0.0, 1.0), at_points=at_points)
