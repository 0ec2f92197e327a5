"""The winner's curse: the best of many measured options is, on average, not as good as it looks.

What was measured on a sample of rows errs, and the choice favours whatever erred upwards. The cure
is a posterior under a prior that the options themselves teach (Efron and Morris 1975; Efron 2011,
"Tweedie's formula and selection bias": such a posterior needs no correction for the selection).

The prior is one of peers: from the best downwards some options are peers, with a common mean and
spread; the others are peers of their own or have nothing in common. How many are peers, and how far
apart they lie, is averaged over by its evidence. So the far outlier below does not teach that the
leaders are far apart, and a leader far above has no peers and keeps what it measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import comb, log

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.special import logsumexp

from cosmosql.decide.subject import Subject
from cosmosql.identity import seed_of
from cosmosql.interval import Estimate
from cosmosql.predict.forecast import Distribution
from cosmosql.predict.metric import distribution, row_efficiency

Array = NDArray[np.float64]

GRADES = 10
SHARES = (np.arange(GRADES) + 0.5) / GRADES
"""The share of an option's deviation from its peers that is noise: uniform (Strawderman 1971)."""

RATIOS = tuple(float(ratio) for ratio in (1 - SHARES) / SHARES)
"""Variance between peers over variance of the noise."""

PLACES = 32
"""Places, at the widest gaps, where the peers of the best one may end."""

RIDGE = 1e-8
"""Of an option's noise variance: options that answer alike are told apart by nothing."""


def sobered(subjects: Sequence[Subject], *, n_test: int | None, seed: int) -> tuple[Subject, ...]:
    """The options with the metric of the measured ones corrected for the choice among them.

    What a predictor foretold stays: its draws are a posterior already. What is shown of a
    corrected metric foretells `n_test` other rows, as before.
    """
    known = [
        (place, one.metric)
        for place, one in enumerate(subjects)
        if isinstance(one.metric, Distribution) and one.metric.basis == "measured"
    ]
    found = list(subjects)
    drawn = corrected([metric.draws for _, metric in known], seed=seed)
    for (place, metric), draws in zip(known, drawn, strict=True):
        if not np.array_equal(draws, metric.draws):
            found[place] = with_metric(subjects[place], metric, draws, n_test=n_test, seed=seed)
    return tuple(found)


def with_metric(
    subject: Subject, metric: Distribution, draws: Array, *, n_test: int | None, seed: int
) -> Subject:
    """The subject with other draws of its metric; what was measured stays beside them."""
    value = float(np.median(draws))
    moved = replace(metric, draws=draws, value=value, shown=None)
    if n_test is not None:
        moved = distribution(
            draws,
            value=value,
            basis=metric.basis,
            rows=metric.n,
            n_test=n_test,
            seed=seed,
            efficiency=row_efficiency(metric.draws, metric.n),
        )
    quantities = {**subject.quantities, subject.metric_name: moved}
    return replace(subject, quantities=quantities, measured=metric)


def corrected_metric(subject: Subject) -> Estimate | None:
    metric = subject.metric
    if subject.measured is None or not isinstance(metric, Distribution):
        return None
    return metric.estimate()


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """Options in order of their means, best first: `means`, shape (options,), `noise` their
    covariance from the sample of rows, and `alike` the covariance of peers one noise variance
    apart: options whose answers agree have similar metrics, too."""

    means: Array
    noise: Array
    alike: Array

    def part(self, first: int, last: int) -> Noise:
        inside = slice(first, last)
        return Noise(
            means=self.means[inside],
            noise=self.noise[inside, inside],
            alike=self.alike[inside, inside],
        )


def corrected(draws: Sequence[Array], *, seed: int) -> list[Array]:
    """Paired draws of measured options, moved to their posterior as peers of one another.

    Draw i stays paired over the options. A prior without end would leave every draw as it is
    (Matheron's rule; Wilson et al. 2020, "Pathwise conditioning of Gaussian processes"). Options
    without noise, and one alone, stay as they are; options with the very same draws count once.
    """
    if len(draws) < 2:
        return list(draws)
    table, places = np.unique(np.array(draws), axis=0, return_inverse=True)
    noisy = np.flatnonzero(table.std(axis=1) > 0)
    if len(noisy) >= 2:
        order = noisy[np.argsort(-table[noisy].mean(axis=1), kind="stable")]
        table[order] = posterior(table[order], seed=seed)
    return [table[place] for place in places.reshape(-1)]


def posterior(table: Array, *, seed: int) -> Array:
    """Draws under the peers' prior; `table` has shape (options, draws), best option first."""
    means = table.mean(axis=1)
    noise = steadied(np.cov(table))
    variances = np.diag(noise)
    alike = np.median(variances) * noise / np.sqrt(np.outer(variances, variances))
    options = Noise(means=means, noise=noise, alike=alike)
    peers, ratios, weights = models(options)
    rng = np.random.default_rng(seed_of("selection", seed))
    found = table.copy()
    count = table.shape[1]
    levels = (np.arange(count) + 0.5) / count
    drawn = np.minimum(np.searchsorted(np.cumsum(weights), levels), len(weights) - 1)
    drawn = rng.permutation(drawn)
    for model in np.unique(drawn):
        size, inside = int(peers[model]), np.flatnonzero(drawn == model)
        if size > 1:
            top = options.part(0, size)
            deviations = table[:size, inside] - means[:size, None]
            found[:size, inside] = conditioned(top, float(ratios[model]), deviations, rng)
    return np.asarray(np.clip(found, 0.0, 1.0))


def steadied(noise: Array) -> Array:
    """The covariance halfway to one in which any two options correlate alike (Ledoit and Wolf 2004,
    "Honey, I shrunk the sample covariance matrix"): the smallest of its eigenvalues, which the
    likelihood divides by, are those that a finite sample of rows errs most in."""
    count = len(noise)
    deviations = np.sqrt(np.diag(noise))
    scale = np.outer(deviations, deviations)
    mean = float(((noise / scale).sum() - count) / (count * (count - 1)))
    alike = np.where(np.eye(count, dtype=bool), 1.0 + RIDGE, max(mean, 0.0)) * scale
    return np.asarray((noise + alike) / 2)


def models(options: Noise) -> tuple[Array, Array, Array]:
    """How many of the best are peers, their ratio of variances, and the weight of every such
    model. A priori all options are peers with chance one half, else any number of them, and any so
    many: that these are the best is no more likely than any others."""
    count = len(options.means)
    peers: list[int] = []
    ratios: list[float] = []
    evidence: list[float] = []
    for size in sizes(options.means):
        prior = -np.log(2)
        if size < count:
            prior -= np.log(count - 1) + log(comb(count, size))
        below = rest(options.part(size, count)) + prior
        if size == 1:
            peers.append(1)
            ratios.append(0.0)
            evidence.append(below)
            continue
        found = marginal(options.part(0, size)) + below
        peers += [size] * GRADES
        ratios += RATIOS
        evidence += list(found)
    weights = np.exp(np.array(evidence) - max(evidence))
    return np.array(peers), np.array(ratios), weights / weights.sum()


def sizes(means: Array) -> list[int]:
    """How many of the best may be peers: all, or those above one of the widest gaps."""
    gaps = means[:-1] - means[1:]
    widest = np.sort(np.argsort(-gaps, kind="stable")[:PLACES])
    return [*(int(place) + 1 for place in widest), len(means)]


def rest(options: Noise) -> float:
    """Log evidence of the options below the peers: peers of their own, or anywhere in [0, 1]."""
    if len(options.means) < 2:
        return 0.0
    return float(np.logaddexp(0.0, logsumexp(marginal(options))) - np.log(2))


def marginal(options: Noise) -> Array:
    """Log evidence of peers at each ratio, the prior of the ratio included, shape (ratios,). Their
    common mean is anywhere in [0, 1]: it is integrated out."""
    count = len(options.means)
    sides = np.column_stack([options.means, np.ones(count)])
    found = np.empty(GRADES)
    for place, ratio in enumerate(RATIOS):
        root = np.linalg.cholesky(options.noise + ratio * options.alike)
        values, ones = solve_triangular(root, sides, lower=True).T
        precision = ones @ ones
        misfit = values @ values - (values @ ones) ** 2 / precision
        spread = 2 * np.log(np.diag(root)).sum() + np.log(precision)
        found[place] = -0.5 * (misfit + spread + (count - 1) * np.log(2 * np.pi))
    return np.asarray(found - np.log(GRADES))


def conditioned(options: Noise, ratio: float, deviations: Array, rng: np.random.Generator) -> Array:
    """Draws of the peers given what was measured, shape (options, draws): draws of the prior and
    of the noise, moved by what they miss the measured means by. Their common mean is the plain one:
    weights by precision would follow options that look perfect, generalised least squares whatever
    the covariance errs in.
    """
    between = ratio * options.alike
    total = options.noise + between
    prior = np.linalg.cholesky(between) @ rng.standard_normal(deviations.shape)
    missed = options.means[:, None] + deviations - prior
    centre = missed.mean(axis=0)
    return np.asarray(prior + centre + between @ np.linalg.solve(total, missed - centre))
