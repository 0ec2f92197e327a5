"""From a signal to the chance that the answer is right, and how far that chance can be believed.

A signal is given as confidence: larger is surer. Chances are judged on rows that did not fit them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from scipy.stats import beta

from cosmosql.interval import Estimate
from cosmosql.policies import logistic

Array = NDArray[np.float64]
Places = NDArray[np.intp]

MOST_BINS = 10
ROWS_A_BIN = 20
LEVEL = 0.9
"""Of every interval."""

CHANCE_DRAWS = 400
DIGITS = 9
"""Of chances by which rows are ordered: machines differ in those beyond."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Rows of similar chance: the mean `chance` that was said, and the share that came out `right`
    with its Clopper-Pearson interval."""

    chance: float
    right: Estimate

    @property
    def rows(self) -> int:
        return self.right.n


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """How well chances foretell outcomes.

    `error` is the expected calibration error over `bins` of equally many rows; `error_by_chance` is
    what the same bins show on average where every chance is exactly right: with few rows it is far
    from zero. `brier` is the mean squared difference of chance and outcome.
    """

    error: Estimate
    error_by_chance: float
    brier: Estimate
    bins: tuple[Bin, ...]


Fit = Callable[[Array, Array], Callable[[Array], Array]]
"""(confidence, right) of shape (rows,) to what gives a chance for any confidence."""


def platt(confidence: Array, right: Array) -> Callable[[Array], Array]:
    """Logistic regression on the signal (Platt 1999)."""
    fitted = logistic.fit(confidence[:, None], right)
    return lambda values: fitted.chances(values[:, None])


def isotonic(confidence: Array, right: Array) -> Callable[[Array], Array]:
    """The best rising step function (Zadrozny, Elkan 2002), straight between the fitted values;
    equal signals are pooled before. Half a right and half a wrong row keep its ends from 0 and 1.
    """
    knots, places = np.unique(confidence, return_inverse=True)
    counts = np.bincount(places).astype(np.float64)
    shares = np.bincount(places, weights=right) / counts
    steps = isotonic_regression(shares, weights=counts)
    heights = np.asarray(steps.x)
    mass = np.add.reduceat(counts, steps.blocks[:-1]).repeat(np.diff(steps.blocks))
    heights = np.maximum.accumulate((heights * mass + 0.5) / (mass + 1.0))
    return lambda values: np.asarray(np.interp(values, knots, heights))


def as_it_is(confidence: Array, right: Array) -> Callable[[Array], Array]:
    """Of what is a chance already."""
    return lambda values: values


FITS: dict[str, Fit] = {"logistic": platt, "isotonic": isotonic}


def cross_fitted(fit: Fit, confidence: Array, right: Array, folds: Places) -> Array:
    """The chance of every row by the fit of the other folds. Rows without the signal (NaN) get the
    share of such rows that is right, half a right and half a wrong row added."""
    known = np.isfinite(confidence)
    found = np.empty(len(right))
    for fold in np.unique(folds):
        inside, others = folds == fold, folds != fold
        absent = others & ~known
        found[inside] = (right[absent].sum() + 0.5) / (absent.sum() + 1.0)
        if (others & known).any() and (inside & known).any():
            chances = fit(confidence[others & known], right[others & known])
            found[inside & known] = chances(confidence[inside & known])
    return found


def reliability(chances: Array, right: Array, weights: Array, *, seed: int) -> Reliability:
    """How well `chances` foretell `right`, both of shape (rows,) in [0, 1]. `weights` are draws of
    row weights, shape (draws, rows), whose bootstrap the intervals are.

    Resampling adds to a calibration error what noise has added already, so its bootstrap is turned
    around the value (basic interval); an error that one in twenty samples with exact chances shows
    reaches down to nothing.
    """
    rows, bins = len(right), equal_mass(chances)
    even = np.ones((1, rows))
    value = float(calibration_errors(chances, right, even, bins)[0])
    low, high = np.quantile(calibration_errors(chances, right, weights, bins), edges(LEVEL))
    drawn = np.random.default_rng(seed).random((CHANCE_DRAWS, rows)) < chances
    exact = calibration_errors(chances, drawn.astype(np.float64), even, bins)
    told = value > float(np.quantile(exact, edges(LEVEL)[1]))
    squares = (chances - right) ** 2
    brier = float(squares.mean())
    ends = np.quantile(weights @ squares / weights.sum(axis=1), edges(LEVEL))
    return Reliability(
        error=Estimate(
            value,
            float(min(max(2 * value - high, 0.0), value)) if told else 0.0,
            float(max(2 * value - low, value)),
            rows,
        ),
        error_by_chance=float(exact.mean()),
        brier=Estimate(brier, min(float(ends[0]), brier), max(float(ends[1]), brier), rows),
        bins=tuple(
            Bin(
                chance=float(chances[bins == place].mean()),
                right=share_right(right[bins == place], LEVEL),
            )
            for place in range(bins.max() + 1)
        ),
    )


def edges(level: float) -> tuple[float, float]:
    return (1 - level) / 2, (1 + level) / 2


def equal_mass(chances: Array) -> Places:
    """The bin of every row: equally many rows in each to within one, in the order of the chances,
    at least 20 rows in a bin and 10 bins at most."""
    count = max(1, min(MOST_BINS, len(chances) // ROWS_A_BIN))
    order = np.argsort(np.round(chances, DIGITS), kind="stable")
    bins = np.empty(len(chances), np.intp)
    bins[order] = np.arange(len(chances)) * count // len(chances)
    return bins


def calibration_errors(chances: Array, right: Array, weights: Array, bins: Places) -> Array:
    """The expected calibration error under each draw of row weights or of outcomes, shape (draws,):
    the mean over bins, by their weight, of how far the mean chance is from the share that is right.
    `right` and `weights` have shape (rows,) or (draws, rows)."""
    member = bins[:, None] == np.arange(bins.max() + 1)
    gaps = (weights * (chances - right)) @ member
    return np.asarray(np.abs(gaps).sum(axis=1) / weights.sum(axis=-1))


def share_right(right: Array, level: float) -> Estimate:
    """A share with its Clopper-Pearson interval; fractions count as such, which is cautious."""
    rows, total = len(right), float(right.sum())
    tail = (1 - level) / 2
    low = float(beta.ppf(tail, total, rows - total + 1)) if total > 0 else 0.0
    high = float(beta.ppf(1 - tail, total + 1, rows - total)) if total < rows else 1.0
    value = total / rows
    return Estimate(value, min(low, value), max(high, value), rows)
