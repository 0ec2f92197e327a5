"""The level of the light heads at any number of rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import expit, logit

LOWEST, HIGHEST = 0.01, 0.985
"""Accuracies are kept within these before a logit is taken of them."""

DOUBLINGS = 3.0
"""Beyond the largest size the curve goes on with its slope over the last so many doublings."""


def level_at(sizes: Sequence[float], accuracies: Sequence[float], size: float) -> float:
    """Accuracy of the heads at `size` rows: between the sizes linear in the logit over the
    logarithm of the size, beyond the largest with the last doublings' slope, never falling there.
    `sizes` rise."""
    places = np.log2(sizes)
    logits = logit(np.clip(accuracies, LOWEST, HIGHEST))
    place = float(np.log2(size))
    if place <= places[-1] or len(places) == 1:
        return float(expit(np.interp(place, places, logits)))
    span = min(DOUBLINGS, float(places[-1] - places[0]))
    slope = float(logits[-1] - np.interp(places[-1] - span, places, logits)) / span
    level = float(logits[-1]) + max(0.0, slope) * (place - float(places[-1]))
    return float(min(expit(level), HIGHEST))
