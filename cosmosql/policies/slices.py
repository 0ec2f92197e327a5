"""Where answers are worse than elsewhere, without taking the unluckiest few rows for a weakness.

The worst of many slices looks bad by chance alone. Intervals hold for all slices together
(Bonferroni), and each mean is drawn towards that of all rows by as much as its size leaves open
(empirical Bayes, Morris 1983).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cosmosql.identity import rounded
from cosmosql.interval import Estimate
from cosmosql.policies.calibration import LEVEL, share_right

Array = NDArray[np.float64]

LEAST_ROWS = 10
MOST_SHOWN = 8
EDGE = 1e-3
"""A mean nearer to 0 or 1 counts as this far: rows that are all alike still vary elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Rows alike `by` something, with that one's `name`: their mean score with its simultaneous
    interval, and what to expect of it."""

    by: str
    name: str
    mean: Estimate
    shrunk: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Slices:
    """The worst slices by what is to be expected of them, of `looked_at` in all; all intervals
    together hold with the confidence 0.9. `shown` have the whole interval below the mean."""

    mean: float
    rows: int
    looked_at: int
    shown: int
    worst: tuple[Slice, ...]


def worst_slices(scores: Array, names: Mapping[str, Sequence[str | None]]) -> Slices | None:
    """The worst slices of rows with these scores, shape (rows,) in [0, 1].

    `names` says by what rows are cut, and how each row's part is called (None: in none). Parts of
    fewer than 10 rows are not looked at, nor is a cut that leaves one part. None where no cut is
    left.
    """
    cuts = {by: parts_of(scores, called) for by, called in names.items()}
    cuts = {by: parts for by, parts in cuts.items() if len(parts) > 1}
    looked_at = sum(len(parts) for parts in cuts.values())
    if looked_at == 0:
        return None
    level = 1 - (1 - LEVEL) / looked_at
    mean = float(scores.mean())
    found = [
        Slice(by=by, name=name, mean=share_right(part, level), shrunk=drawn_in)
        for by, parts in cuts.items()
        for (name, part), drawn_in in zip(
            parts.items(), shrunk(list(parts.values()), mean), strict=True
        )
    ]
    found.sort(key=lambda one: (rounded(one.shrunk), rounded(one.mean.value), one.by, one.name))
    worst = [one for one in found if one.mean.value < mean]
    return Slices(
        mean=mean,
        rows=len(scores),
        looked_at=looked_at,
        shown=sum(one.mean.high < mean for one in worst),
        worst=tuple(worst[:MOST_SHOWN]),
    )


def parts_of(scores: Array, called: Sequence[str | None]) -> dict[str, Array]:
    """The scores of each part that has rows enough, by its name."""
    names = np.array([name or "" for name in called], dtype=object)
    known = np.array([name is not None for name in called])
    parts = {str(name): scores[known & (names == name)] for name in sorted(set(names[known]))}
    return {name: part for name, part in parts.items() if len(part) >= LEAST_ROWS}


def shrunk(parts: Sequence[Array], mean: float) -> list[float]:
    """What to expect of each part: its own mean and that of all rows, each by its precision. How
    much the parts differ truly is what their means vary by beyond the sampling of rows that are
    right or wrong (DerSimonian, Laird 1986); where that is all, they count as alike."""
    sizes = np.array([len(part) for part in parts], np.float64)
    means = np.array([part.mean() for part in parts])
    level = min(max(mean, EDGE), 1 - EDGE)
    noise = level * (1 - level) / sizes
    precision = 1 / noise
    middle = float((precision * means).sum() / precision.sum())
    beyond = float((precision * (means - middle) ** 2).sum()) - (len(parts) - 1)
    scale = float(precision.sum() - (precision**2).sum() / precision.sum())
    between = max(beyond / scale, 0.0)
    own = between / (between + noise)
    return [float(value) for value in own * means + (1 - own) * mean]
