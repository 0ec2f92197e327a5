"""Parts of known rows, and the lot that each row draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from cosmosql.contracts.policy import Array, Known, Seen
from cosmosql.identity import rounded, seed_of

Index: TypeAlias = NDArray[np.intp]

FULL_RANGE = float(1 << 63)
"""`seed_of` is uniform below this."""

FOLDS = 5


def seen_part(seen: Seen, index: Index) -> Seen:
    return Seen(
        questions=tuple(seen.questions[place] for place in index),
        signals=tuple(
            {name: values[index] for name, values in tier.items()} for tier in seen.signals
        ),
        costs=seen.costs,
    )


def part(known: Known, index: Index) -> Known:
    """The rows at some places."""
    return Known(seen=seen_part(known.seen, index), scores=known.scores[:, index])


def lot(row: str) -> float:
    """A fair draw from [0, 1) that depends on the row's identity alone."""
    return seed_of("lot", row) / FULL_RANGE


def lots(rows: Sequence[str]) -> Array:
    return np.array([lot(row) for row in rows])


def folds_by(names: Sequence[str]) -> Index:
    """The fold of every row, equal names together: distinct names in an order of their own digest,
    dealt out one by one."""
    distinct = sorted(set(names), key=lambda name: seed_of("fold", name))
    place = {name: index % FOLDS for index, name in enumerate(distinct)}
    return np.array([place[name] for name in names], np.intp)


def coarse(values: Array) -> Array:
    """Values at 6 significant digits: what is thresholded must be the same on every machine."""
    found = [rounded(value) for value in np.ravel(values).tolist()]
    return np.array(found, np.float64).reshape(np.shape(values))
