"""Statistics of forecasts as functions of how often each candidate is counted, and the bootstrap
over candidates that this makes cheap.

The candidates of one query are what is resampled (Efron 1979, percentile interval). Siblings on one
curve err alike, so an interval says how much hangs on which candidates the spec lists, not how
another task would go.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from cosmosql.identity import seed_of
from cosmosql.predict.pairing import Array

RESAMPLES = 2000
FEWEST = 3
"""Candidates below which an interval would only look like one."""


def mean(counts: Array, values: Array) -> Array:
    """The mean of `values`, shape (n,), under each row of counts, shape (resamples, n)."""
    return np.asarray(counts @ values / counts.sum(axis=1))


def kendall(counts: Array, first: Array, second: Array) -> Array:
    """Kendall's tau-b (Kendall 1945) under each row of counts; NaN where all of one side are tied.
    A candidate that is counted twice ties with itself."""
    signs = [np.sign(np.subtract.outer(one, one)) for one in (first, second)]
    agreeing, apart, other = (
        ((counts @ matrix) * counts).sum(axis=1)
        for matrix in (signs[0] * signs[1], np.abs(signs[0]), np.abs(signs[1]))
    )
    with np.errstate(invalid="ignore"):
        return np.asarray(agreeing / np.sqrt(apart * other))


def point(statistic: Callable[[Array], Array], candidates: int) -> float | None:
    """The statistic with each candidate counted once; None where it has no value."""
    if not candidates:
        return None
    found = float(statistic(np.ones((1, candidates)))[0])
    return found if np.isfinite(found) else None


def interval(
    statistic: Callable[[Array], Array], candidates: int, *, seed: int
) -> tuple[float, float] | None:
    """The 90 % percentile interval of a statistic; None for fewer than `FEWEST` candidates."""
    if candidates < FEWEST:
        return None
    found = statistic(resamples(candidates, seed))
    known = found[np.isfinite(found)]
    if not len(known):
        return None
    low, high = np.quantile(known, [0.05, 0.95])
    return float(low), float(high)


@lru_cache(maxsize=16)
def resamples(candidates: int, seed: int) -> Array:
    """How often each candidate is drawn: shape (resamples, candidates), rows summing to n."""
    rng = np.random.default_rng(seed_of("candidates", candidates, seed))
    shares = np.full(candidates, 1 / candidates)
    counts = rng.multinomial(candidates, shares, size=RESAMPLES).astype(np.float64)
    counts.flags.writeable = False
    return counts
