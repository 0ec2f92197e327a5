"""Curve families with their priors: uniform latents in, learning curves out.

Every family maps latents `u`, uniform on the unit cube with shape (points, latents), to metric
values at `sizes`, shape (points, sizes). logN(m, s) below is m * exp(s * z) with z standard normal.
The forms are the usual ones (power law, Hill, Weibull) and, for random demonstrations, the share of
labels that have been shown (docs/science.md, "In-context curves").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import beta

from cosmosql.identity import seed_of

Array: TypeAlias = NDArray[np.float64]

LABEL_COUNTS = np.array([2, 4, 8, 16, 32, 64, 128, 256])
"""Where the number of labels is unknown it is one of these, each as likely, and means the effective
number: equal shares."""

SKEWS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.6, 2.0)
"""Where only the number of labels is known their shares fall as rank ** -skew, one of these."""

SCATTERED_SKEWS = (0.0, 0.4, 0.8, 1.2)
"""The same, each share times a gamma variate: no label set follows a law."""

SCATTER = 2.0
"""Shape of the gamma variates; they make shares without a skew a Dirichlet draw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceiling:
    """Prior of the value a curve ends at: Beta with this mean and deviation, or, with probability
    `wide`, uniform between 0.3 and 1."""

    mean: float
    deviation: float
    wide: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a family may know of the task: `smallest` of the sizes in play, label facts."""

    ceiling: Ceiling
    smallest: float
    labels: int | None
    label_counts: tuple[int, ...]


Curve: TypeAlias = Callable[[Array, Array, Setting], Array]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A curve form, the number of latents it consumes, and its prior weight by kind of curve."""

    name: str
    latents: int
    curve: Curve
    weights: Mapping[str, float]


@lru_cache(maxsize=16)
def ceiling_quantiles(prior: Ceiling) -> tuple[Array, Array]:
    """Probabilities and values of the ceiling's distribution function, for interpolation."""
    spread = prior.mean * (1 - prior.mean) / prior.deviation**2 - 1
    values = np.concatenate([np.linspace(0.0, 0.8, 401), 1 - np.geomspace(0.2, 1e-6, 800)[1:], [1]])
    narrow = beta.cdf(values, prior.mean * spread, (1 - prior.mean) * spread)
    probabilities = (1 - prior.wide) * narrow + prior.wide * np.clip((values - 0.3) / 0.7, 0, 1)
    return probabilities, values


def ceiling(u: Array, prior: Ceiling) -> Array:
    return np.interp(u, *ceiling_quantiles(prior))


def log_normal(u: Array, median: float, spread: float) -> Array:
    return np.asarray(median * np.exp(spread * ndtri(u)))


def label_number(u: Array, setting: Setting) -> Array:
    """The number of labels, or a latent one where it is unknown."""
    if setting.labels is not None:
        return np.full_like(u, float(setting.labels))
    return LABEL_COUNTS[pick(u, len(LABEL_COUNTS))].astype(np.float64)


def pick(u: Array, choices: int) -> NDArray[np.intp]:
    return np.minimum((u * choices).astype(np.intp), choices - 1)


def growth(sizes: Array, scale: Array, power: Array) -> Array:
    """(size / scale) ** power, shape (points, sizes)."""
    return np.asarray(
        np.exp(np.clip(power[:, None] * (np.log(sizes) - np.log(scale)[:, None]), -500, 500))
    )


def floor_of_training(u: Array, labels: Array, top: Array) -> Array:
    """Where fine-tuning starts: at chance in six of ten cases, else up to 0.7 of the top."""
    return np.where(u < 0.6, np.minimum(1 / labels, top), 0.7 * top * (u - 0.6) / 0.4)


def tuned_hill(u: Array, sizes: Array, setting: Setting) -> Array:
    labels = label_number(u[:, 5], setting)
    top = ceiling(u[:, 0], setting.ceiling)
    bottom = floor_of_training(u[:, 1], labels, top)
    rise = growth(sizes, labels * log_normal(u[:, 2], 3, 1.5), log_normal(u[:, 3], 0.9, 0.35))
    left = np.exp(-log_normal(u[:, 4], 1, 0.4)[:, None] * np.log1p(rise))
    return top[:, None] - (top - bottom)[:, None] * left


def tuned_weibull(u: Array, sizes: Array, setting: Setting) -> Array:
    labels = label_number(u[:, 4], setting)
    top = ceiling(u[:, 0], setting.ceiling)
    bottom = floor_of_training(u[:, 1], labels, top)
    rise = growth(sizes, labels * log_normal(u[:, 2], 3, 1.5), 0.3 + 0.7 * u[:, 3])
    return top[:, None] - (top - bottom)[:, None] * np.exp(-rise)


def random_hill(u: Array, sizes: Array, setting: Setting) -> Array:
    labels = label_number(u[:, 4], setting)
    top = ceiling(u[:, 0], setting.ceiling)
    scale = np.maximum(4, 0.7 * labels) * log_normal(u[:, 2], 1, 1.3)
    rise = growth(sizes, scale, log_normal(u[:, 3], 0.9, 0.4))
    return top[:, None] * (1 - (1 - 0.9 * u[:, 1])[:, None] / (1 + rise))


def retrieved_hill(u: Array, sizes: Array, setting: Setting) -> Array:
    top = ceiling(u[:, 0], setting.ceiling)
    rise = growth(sizes, 0.3 * 200 ** u[:, 2], log_normal(u[:, 3], 1, 0.4))
    return top[:, None] * (1 - (1 - u[:, 1])[:, None] / (1 + rise))


def retrieved_power(u: Array, sizes: Array, setting: Setting) -> Array:
    top = ceiling(u[:, 0], setting.ceiling)
    left = np.exp(-log_normal(u[:, 2], 0.6, 0.5)[:, None] * np.log(sizes))
    return top[:, None] * (1 - (1 - u[:, 1])[:, None] * left)


def generic(u: Array, sizes: Array, setting: Setting) -> Array:
    """Insurance against curves of another form: power, exponential, log-linear and logistic, with
    a ceiling anywhere above 0.35."""
    top = 0.35 + 0.65 * u[:, 0]
    bottom = u[:, 1] * top
    power = log_normal(u[:, 2], 0.6, 0.5)[:, None]
    scale = (0.5 * 4000 ** u[:, 3])[:, None]
    ratio = sizes / setting.smallest
    logarithm = np.log(ratio)
    climb = (0.15 * u[:, 3] / np.maximum(top - bottom, 1e-9))[:, None] * logarithm
    form = u[:, 4][:, None]
    left = np.select(
        [form < 0.3, form < 0.6, form < 0.8],
        [
            np.exp(-power * logarithm),
            np.exp(-(ratio - 1) / scale),
            np.maximum(0, 1 - climb),
        ],
        1 / (1 + np.exp(np.clip(1.5 * power * (logarithm - np.log(scale)), -500, 500))),
    )
    return np.asarray(top[:, None] - (top - bottom)[:, None] * left)


def skewed(labels: int) -> list[Array]:
    """Shares, up to a factor, that this many labels may have, each as likely."""
    rng = np.random.default_rng(seed_of("label shares", labels))
    ranks: Array = np.arange(1.0, labels + 1)
    exact = [np.asarray(ranks**-skew) for skew in SKEWS]
    return exact + [
        np.asarray(ranks**-skew * rng.gamma(SCATTER, size=labels)) for skew in SCATTERED_SKEWS
    ]


@lru_cache(maxsize=64)
def coverage_table(
    sizes: tuple[float, ...], labels: int | None, label_counts: tuple[int, ...]
) -> tuple[Array, Array]:
    """Expected share of rows whose label has been shown, shape (cases, sizes), and the effective
    number of labels 1 / sum(p^2), shape (cases,). Cases: one where the counts are known, all
    `skewed` shares where only their number is, else every number of equal ones."""
    shots = np.array(sizes)
    if label_counts:
        shares = [np.array(label_counts, float)]
    elif labels is not None:
        shares = skewed(labels)
    else:
        shares = [np.ones(number) for number in LABEL_COUNTS]
    shares = [share[share > 0] / share.sum() for share in shares]
    covered = np.array([(p * (1 - (1 - p) ** shots[:, None])).sum(axis=1) for p in shares])
    return covered, np.array([1 / np.sum(p**2) for p in shares])


def random_coverage(u: Array, sizes: Array, setting: Setting) -> Array:
    """C * seen + (1 - C) * unseen, times the share of answers in the right format.

    C(k) = sum_y p_y (1 - (1 - p_y)^k) is the share of rows whose label was shown. A shown label
    gains from every further demonstration of it; one that is not shown loses to those that are.
    """
    table, effective = coverage_table(tuple(sizes), setting.labels, setting.label_counts)
    cases = pick(u[:, 8], len(table))
    covered = table[cases]
    top = ceiling(u[:, 0], setting.ceiling)
    first = (0.5 + 0.5 * u[:, 1]) * top
    dose = sizes / effective[cases][:, None]
    extra = dose / -np.expm1(-dose) - 1
    seen_left = (1 + extra / log_normal(u[:, 2], 1.5, 0.8)[:, None]) ** -log_normal(
        u[:, 3], 0.8, 0.4
    )[:, None]
    seen = top[:, None] - (top - first)[:, None] * seen_left
    unseen = (u[:, 4] * first)[:, None] * (1 - u[:, 5][:, None] * covered)
    wrong_format = (0.8 * (1 - u[:, 6]))[:, None] * np.exp(
        -log_normal(u[:, 7], 0.8, 0.6)[:, None] * np.log(sizes)
    )
    return (covered * seen + (1 - covered) * unseen) * (1 - wrong_format)


FAMILIES = (
    Family(name="tuned_hill", latents=6, curve=tuned_hill, weights={"finetune": 1.0}),
    Family(name="tuned_weibull", latents=5, curve=tuned_weibull, weights={"finetune": 0.3}),
    Family(name="random_coverage", latents=9, curve=random_coverage, weights={"icl-random": 1.0}),
    Family(name="random_hill", latents=5, curve=random_hill, weights={"icl-random": 0.1}),
    Family(name="retrieved_hill", latents=4, curve=retrieved_hill, weights={"icl-retrieved": 1.0}),
    Family(name="retrieved_power", latents=3, curve=retrieved_power, weights={"icl-retrieved": 1}),
    Family(
        name="generic",
        latents=5,
        curve=generic,
        weights={"finetune": 0.15, "icl-random": 0.3, "icl-retrieved": 0.3},
    ),
)
