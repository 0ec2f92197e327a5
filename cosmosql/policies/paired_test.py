"""An exact test that a policy gives at most so much less than the tier it is held against.

Of n rows a policy loses k (the tier is right, the policy wrong) and wins m (the reverse). The
deficit is P(loss) - P(win). Samples are ordered by the likelihood ratio of the deficit being at
least the allowed one; the p-value is the largest probability, under any P(win), of a sample as
extreme (Barnard 1947; Chan 1998, Exact tests of equivalence and efficacy). The likelihood ratio
puts samples without any loss first, so that it certifies whatever Clopper and Pearson's bound on
losses alone does, and losses that wins make up for besides.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtrc, gammaln

Array: TypeAlias = NDArray[np.float64]

LOST_SHARE = 0.35
"""Samples with more losses than this share of the rows, and 40, are never counted as extreme: no
deficit of interest is shown by them, and the sum stays short."""

FINENESS = 12
"""Intervals of P(win), times the square root of the rows: narrow against its standard error."""

NEGLIGIBLE = 1e-13
CLOSE = 1e-9

PRECISION = 2e-3
"""Of a bound, relative to it."""


def deficit_p_value(lost: int, won: int, rows: int, allowed: float) -> float:
    """The p-value of the hypothesis that the deficit is at least `allowed`, in (0, 1).

    Raises ValueError where the counts exceed the rows.
    """
    if lost + won > rows or not 0 < allowed < 1:
        raise ValueError("losses and wins are some of the rows, and the deficit a share of them")
    return _p_value(lost, won, rows, round(allowed, 12))


@lru_cache(maxsize=4096)
def _p_value(lost: int, won: int, rows: int, allowed: float) -> float:
    most = min(rows, int(40 + LOST_SHARE * rows))
    ratio = float(likelihood_ratio(np.array([lost]), np.array([won]), rows, allowed)[0])
    if lost > most or ratio <= 0:
        return 1.0
    least_won = boundary(ratio, most, rows, allowed)
    if won < least_won[lost]:
        return 1.0
    return min(1.0, size(least_won, rows, allowed) + NEGLIGIBLE * rows)


def likelihood_ratio(
    lost: NDArray[np.intp], won: NDArray[np.intp], rows: int, allowed: float
) -> Array:
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


def boundary(ratio: float, most: int, rows: int, allowed: float) -> NDArray[np.intp]:
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


def size(least_won: NDArray[np.intp], rows: int, allowed: float) -> float:
    """An upper bound of the probability of {m >= least_won[k]} under any deficit of `allowed` or
    more. A row that turns from a win into a tie, or from a tie into a loss, can only leave the
    region; so its probability falls with P(loss) and rises with P(win), and between two values of
    P(win) is at most that with P(loss) at the lower and P(win) at the upper end."""
    steps = int(FINENESS * np.sqrt(rows)) + 2
    ends = np.linspace(0.0, np.sqrt((1 - allowed) / 2), steps) ** 2
    p_lost, p_won = np.minimum(ends[:-1] + allowed, 1 - CLOSE), ends[1:]
    lost = np.flatnonzero(least_won <= rows)
    ways = gammaln(rows + 1) - gammaln(lost + 1) - gammaln(rows - lost + 1)
    chance = np.exp(
        ways + np.outer(np.log(p_lost), lost) + np.outer(np.log1p(-p_lost), rows - lost)
    )
    row, column = np.nonzero(chance > NEGLIGIBLE)
    win_given = np.minimum(p_won / (1 - p_lost), 1.0)
    least = least_won[lost][column]
    enough = np.where(
        least > 0, bdtrc(np.maximum(least - 1, 0), rows - lost[column], win_given[row]), 1.0
    )
    total = np.bincount(row, chance[row, column] * enough, minlength=len(p_lost))
    return float(total.max())


def deficit_bound(lost: int, won: int, rows: int, confidence: float) -> float:
    """The upper confidence bound of the deficit: the least that the test rejects, to three digits,
    rounded up; 1 where it rejects none."""
    at_least = max((lost - won) / rows, 0.0)
    low, high = at_least, 1.0 - CLOSE
    if deficit_p_value(lost, won, rows, high) > 1 - confidence:
        return 1.0
    width = 4.0 / rows
    while at_least + width < high:
        # Near the estimate first: the bound lies a few of its standard errors above it.
        if deficit_p_value(lost, won, rows, at_least + width) <= 1 - confidence:
            high = at_least + width
            break
        low, width = at_least + width, 2 * width
    while high - low > PRECISION * high:
        middle = (low + high) / 2
        if deficit_p_value(lost, won, rows, middle) <= 1 - confidence:
            high = middle
        else:
            low = middle
    return high
