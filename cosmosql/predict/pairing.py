"""Draws of rows shared by all candidates, and posterior draws put in their order."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cosmosql.identity import seed_of

Array = NDArray[np.float64]


def row_weights(rows: Sequence[str], *, draws: int, seed: int) -> Array:
    """Bayesian bootstrap weights (Rubin 1981), shape (draws, rows), each row of them summing to
    the number of rows.

    A row's weights depend on its identity and the seed alone, so that two candidates measured on
    the same rows are judged under the same draws, whatever else either of them was measured on.
    """
    return cached_weights(tuple(rows), draws, seed)


@lru_cache(maxsize=16)
def cached_weights(rows: tuple[str, ...], draws: int, seed: int) -> Array:
    """The weights, read-only: every candidate of a query asks for the same ones."""
    columns = [
        np.random.default_rng(seed_of("row", seed, row)).exponential(size=draws) for row in rows
    ]
    weights = np.column_stack(columns)
    weights *= len(rows) / weights.sum(axis=1, keepdims=True)
    weights.flags.writeable = False
    return weights


def in_order_of(level: Array, posterior: Array, posterior_level: Array, *, seed: int) -> Array:
    """The rows of `posterior` permuted so that draw i belongs to the draw of rows i.

    `level` are a curve's levels at its points under the common draws of rows; `posterior_level`
    the levels of the posterior's own curves there. The share of the posterior's spread that the
    sampling of rows explains becomes the rank correlation of the two; the distribution of
    `posterior`, shape (draws, targets), is untouched.
    """
    rng = np.random.default_rng(seed_of("pairing", seed))
    spread = float(posterior_level.std())
    explained = min(1.0, float(level.std()) / spread) if spread > 0 else 1.0
    scaled = (level - level.mean()) / (level.std() or 1.0)
    noise = rng.standard_normal(len(level))
    key = explained * scaled + np.sqrt(1 - explained**2) * noise
    ordered = np.empty_like(posterior)
    ordered[np.argsort(key, kind="stable")] = posterior[np.argsort(posterior_level, kind="stable")]
    return ordered
