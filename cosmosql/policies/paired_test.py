"""An exact test that a policy gives at most so much less than the tier it is held against.

Of n rows a policy loses k (the tier is right, the policy wrong) and wins m (the reverse). The
deficit is P(loss) - P(win). Samples are ordered by the likelihood ratio of the deficit being at
least the allowed one; the p-value is the largest probability of a sample as extreme under any
P(win) that is not ruled out (Barnard 1947; Berger and Boos 1994; Chan 1998, Exact tests of
equivalence and efficacy), and the chance of ruling the true one out. The likelihood ratio
puts samples without any loss first, so that it certifies whatever Clopper and Pearson's bound on
losses alone does, and losses that wins make up for besides.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import bdtrc, gammaln
from scipy.stats import beta

Array: TypeAlias = NDArray[np.float64]
Counts: TypeAlias = NDArray[np.intp]

LOST_SHARE = 0.5
"""Samples with more losses than this share of the rows, and 40, are never counted as extreme: no
deficit of interest is shown by them, and the sum stays short."""

USUAL = 0.05
RULED_OUT = 1 / 500
"""Part of the level, the usual one where there is none, that is added to each p-value: the chance
that P(win) lies outside of where it is looked for."""

INTERVALS = 24
"""Of P(win), to begin with, of equal length in its square root."""

PARTS = 3
DIVISIONS = 9
LOOSE = 0.01
LIKELIEST = 4
"""Intervals that are looked at for the maximum."""

NORMAL_SQUARE = 2.7
"""Twice the logarithm of the likelihood ratio at which a bound of 95 % lies, nearly."""

NEGLIGIBLE = 1e-9
CLOSE = 1e-9

PRECISION = 1e-2
"""Of a bound, relative to it."""


def deficit_p_value(
    lost: int, won: int, rows: int, allowed: float, level: float | None = None
) -> float:
    """The p-value of the hypothesis that the deficit is at least `allowed`, in (0, 1]: exact to 1 %
    and never too small; with a `level` only as exact as it takes to tell on which side of it.

    Raises ValueError where the counts exceed the rows.
    """
    if lost + won > rows or not 0 < allowed < 1:
        raise ValueError("losses and wins are some of the rows, and the deficit a share of them")
    return _p_value(lost, won, rows, round(allowed, 12), level)


@lru_cache(maxsize=4096)
def _p_value(lost: int, won: int, rows: int, allowed: float, level: float | None) -> float:
    most = min(rows, int(40 + LOST_SHARE * rows))
    ratio = float(likelihood_ratio(np.array([lost]), np.array([won]), rows, allowed)[0])
    if lost > most or ratio <= 0:
        return 1.0
    least_won = boundary(ratio, most, rows, allowed)
    if won < least_won[lost]:
        return 1.0
    missed = RULED_OUT * (USUAL if level is None else level)
    low, high = won_bounds(won, rows, missed)
    if low >= (1 - allowed) / 2:
        return missed
    spared = None if level is None else level - missed
    found = size(least_won, rows, allowed, (low, high), spared)
    return min(1.0, found + missed + NEGLIGIBLE)


def won_bounds(won: int, rows: int, missed: float) -> tuple[float, float]:
    """Clopper and Pearson's interval of P(win), which is outside with a chance of `missed`."""
    low = float(beta.ppf(missed / 2, won, rows - won + 1)) if won else 0.0
    high = float(beta.isf(missed / 2, won + 1, rows - won)) if won < rows else 1.0
    return low, high


def likelihood_ratio(lost: Counts, won: Counts, rows: int, allowed: float) -> Array:
    """Twice the logarithm of the likelihood ratio against the nearest deficit of `allowed`; 0 where
    the estimate is there already. The constrained estimate is Tango's (1998, Statistics in Medicine
    17, equation 9)."""
    k, m = lost.astype(np.float64), won.astype(np.float64)
    linear = -k - m + (2 * rows - k + m) * allowed
    constant = -m * allowed * (1 - allowed)
    wins = (np.sqrt(np.maximum(linear**2 - 8 * rows * constant, 0.0)) - linear) / (4 * rows)
    ties = rows - k - m

    def log_likelihood(p_lost: Array, p_won: Array) -> Array:
        parts = ((k, p_lost), (m, p_won), (ties, 1 - p_lost - p_won))
        logs = [count * np.log(np.where(count > 0, p, 1.0)) for count, p in parts]
        return np.asarray(np.sum(logs, axis=0))

    with np.errstate(divide="ignore", invalid="ignore"):
        found = 2 * (log_likelihood(k / rows, m / rows) - log_likelihood(wins + allowed, wins))
    return np.asarray(np.where((k - m) / rows < allowed, np.maximum(found, 0.0), 0.0))


def boundary(ratio: float, most: int, rows: int, allowed: float) -> Counts:
    """For 0, 1, ... `most` losses the least wins that are as extreme, rows + 1 where none are.
    It never falls, as the proof of `size` needs."""
    lost = np.arange(most + 1)
    low, high = np.zeros(most + 1, np.intp), rows - lost + 1
    while (low < high).any():
        middle = (low + high) // 2
        asked = np.minimum(middle, rows - lost)
        extreme = likelihood_ratio(lost, asked, rows, allowed) >= ratio * (1 - 1e-12)
        extreme &= middle <= rows - lost
        open_still = low < high
        high = np.where(open_still & extreme, middle, high)
        low = np.where(open_still & ~extreme, middle + 1, low)
    least = np.where(low > rows - lost, rows + 1, low)
    return np.maximum.accumulate(least)


def size(
    least_won: Counts,
    rows: int,
    allowed: float,
    won: tuple[float, float],
    level: float | None = None,
) -> float:
    """An upper bound of the probability of {m >= least_won[k]} under any deficit of `allowed` or
    more and any P(win) between the two of `won`, loose by 1 % at most, or by no more than leaves
    open on which side of `level` it is.

    A row that turns from a win into a tie, or from a tie into a loss, can only leave the region; so
    its probability falls with P(loss) and rises with P(win), and between two values of P(win) is at
    most that with P(loss) at the lower and P(win) at the upper end. Intervals are divided for as
    long as one of them may hold more than was found.
    """
    first, last = won[0], min(won[1], (1 - allowed) / 2)
    ends = np.linspace(np.sqrt(first), np.sqrt(last), INTERVALS + 1) ** 2
    low, high = ends[:-1], ends[1:]
    found = settled = bound = 0.0
    for _ in range(DIVISIONS):
        most = probability(least_won, rows, low + allowed, high)
        top = np.argsort(-most)[:LIKELIEST]
        there = probability(least_won, rows, low[top] + allowed, low[top])
        found = max(found, float(there.max()))
        loose = most > found * (1 + LOOSE)
        settled = max(settled, float(most[~loose].max(initial=0.0)))
        bound = max(settled, float(most.max()))
        told = level is not None and (bound <= level or found > level)
        if told or not loose.any():
            return bound
        steps = np.linspace(0.0, 1.0, PARTS + 1)
        inner = low[loose, None] + (high - low)[loose, None] * steps
        low, high = inner[:, :-1].ravel(), inner[:, 1:].ravel()
    return bound


def probability(least_won: Counts, rows: int, p_lost: Array, p_won: Array) -> Array:
    """Of {m >= least_won[k]} for pairs of P(loss) and P(win), which may exceed one in sum by less
    than an interval."""
    p_lost = np.minimum(p_lost, 1 - CLOSE)
    lost = np.flatnonzero(least_won <= rows)
    # Counts further from what is expected have less than `NEGLIGIBLE` chance together.
    reach = 6.5 * np.sqrt(rows * p_lost * (1 - p_lost)) + 15.0
    first = np.searchsorted(lost, rows * p_lost - reach)
    last = np.searchsorted(lost, rows * p_lost + reach)
    row = np.repeat(np.arange(len(p_lost)), last - first)
    column = np.arange(len(row)) - np.repeat(np.cumsum(last - first) - last, last - first)
    count = lost[column]
    ways = gammaln(rows + 1) - gammaln(count + 1) - gammaln(rows - count + 1)
    chance = np.exp(ways + count * np.log(p_lost)[row] + (rows - count) * np.log1p(-p_lost)[row])
    win_given = np.minimum(p_won / (1 - p_lost), 1.0)
    least = least_won[count]
    enough = np.where(least > 0, bdtrc(np.maximum(least - 1, 0), rows - count, win_given[row]), 1.0)
    weighted = chance * enough
    return np.asarray(np.bincount(row, weighted, minlength=len(p_lost)), np.float64)


def deficit_bound(lost: int, won: int, rows: int, confidence: float) -> float:
    """The upper confidence bound of the deficit: the least that the test rejects, to a per cent,
    rounded up; 1 where it rejects none."""
    level = 1 - confidence

    def rejected(allowed: float) -> bool:
        return deficit_p_value(lost, won, rows, allowed, level) <= level

    low, high = max((lost - won) / rows, CLOSE), 1.0 - CLOSE
    if not rejected(high):
        return 1.0
    guess, step = likely_bound(lost, won, rows, low, high), 1.0 + 4 * PRECISION
    while low < guess < high:
        if rejected(guess):
            high, guess = guess, guess / step
        else:
            low, guess = guess, guess * step
        if high / low <= step * (1 + CLOSE):
            break
    while high - low > PRECISION * high:
        middle = (low + high) / 2
        low, high = (low, middle) if rejected(middle) else (middle, high)
    return high


def likely_bound(lost: int, won: int, rows: int, low: float, high: float) -> float:
    """Where the likelihood ratio says that the bound lies, nearly."""
    counts = np.array([lost]), np.array([won])

    def beyond(allowed: float) -> float:
        return float(likelihood_ratio(*counts, rows, allowed)[0]) - NORMAL_SQUARE

    if beyond(low) >= 0 or beyond(high) <= 0:
        return (low + high) / 2
    return float(brentq(beyond, low, high, rtol=PRECISION))
