"""Row by row: what a candidate answers on the common rows, moved to its forecast."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

from cosmosql.evidence.observation import Observation
from cosmosql.predict.forecast import ItemForecast
from cosmosql.predict.pairing import Array, row_weights

UNCERTAINTY = 0.15
"""Chance that a row's outcome differs between a probe and the candidate in full, at an equal
overall level: an outcome of 1 counts as 0.85, one of 0 as 0.15, before the shift."""

LARGEST_SHIFT = 12.0
BISECTIONS = 40


def item_forecast(observation: Observation, shift: Array | None) -> ItemForecast:
    """The outcomes and signals of an observation, with the shift that moves them."""
    items = observation.items
    names = sorted({name for item in items for name in item.signals})
    return ItemForecast(
        rows=tuple(item.row for item in items),
        score=np.array([item.score for item in items]),
        signals={
            name: np.array([item.signals.get(name, np.nan) for item in items]) for name in names
        },
        shift=shift,
    )


def softened(scores: Array) -> Array:
    """Chances of being right in full, on the logit scale, from a probe's outcomes."""
    return np.asarray(logit(UNCERTAINTY + (1 - 2 * UNCERTAINTY) * scores))


def shift_to(observation: Observation, levels: Array, *, seed: int) -> Array:
    """The logit shift per draw, shape (draws,), under which the weighted mean of the softened
    outcomes is that draw's level (bisection: the mean rises with the shift)."""
    scores = np.array([item.score for item in observation.items])
    weights = row_weights([item.row for item in observation.items], draws=len(levels), seed=seed)
    values, places = np.unique(scores, return_inverse=True)
    shares = np.array([weights[:, places == place].sum(axis=1) for place in range(len(values))]).T
    shares /= weights.sum(axis=1, keepdims=True)
    start = softened(values)
    low, high = np.full(len(levels), -LARGEST_SHIFT), np.full(len(levels), LARGEST_SHIFT)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        below = (shares * expit(start + middle[:, None])).sum(axis=1) < levels
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray((low + high) / 2)


def row_scores(forecast: ItemForecast, rows: tuple[str, ...], draws: int) -> Array:
    """Expected score of each of `rows` under each draw, shape (draws, rows). Where the candidate
    was measured every draw has the same outcomes. Raises KeyError for a row it was not asked."""
    place = {row: index for index, row in enumerate(forecast.rows)}
    scores = forecast.score[[place[row] for row in rows]]
    if forecast.shift is None:
        return np.broadcast_to(scores, (draws, len(rows)))
    return np.asarray(expit(softened(scores)[None, :] + forecast.shift[:, None]))
