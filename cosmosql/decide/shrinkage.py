"""The winner's curse: the best of many noisy forecasts is, on average, too good."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def shrunk(draws: Sequence[Array]) -> list[Array]:
    """Paired draws of several options, each moved towards their common mean by its own noise.

    Normal hierarchical model: option j has mean v_j and noise s_j^2 beside what all share (draws
    of rows that are hard for all move no comparison). With t^2 the spread of the options beyond
    their noise (method of moments), the posterior mean is m + t^2 / (t^2 + s_j^2) (v_j - m) (Efron
    and Morris 1975). Fewer than three options, or options without noise, stay as they are.
    """
    if len(draws) < 3:
        return list(draws)
    table = np.array(draws)
    centred = table - table.mean(axis=0, keepdims=True)
    means = centred.mean(axis=1)
    noise = centred.var(axis=1)
    spread = max(0.0, float(means.var(ddof=1) - noise.mean()))
    kept = np.where(noise > 0, spread / np.maximum(spread + noise, 1e-300), 1.0)
    return [row + (share - 1) * mean for row, share, mean in zip(table, kept, means, strict=True)]
