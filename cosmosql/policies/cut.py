"""Which share of rows lies below a threshold, to the row: ties are drawn by lot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cosmosql.contracts.policy import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Rows below the `threshold` pass, and a share `tied` of those that equal it."""

    threshold: float
    tied: float

    def passing(self, values: Array) -> Array:
        """The probability that each row passes."""
        tied = self.tied * (values == self.threshold)
        return np.asarray((values < self.threshold) + tied)

    def passes(self, value: float, lot: float) -> bool:
        return value < self.threshold or (value == self.threshold and lot < self.tied)


def cut_at(values: Array, share: float) -> Cut:
    """The cut that a share of these rows passes in expectation: element floor(n p) of the sorted
    values, infinite where all must pass (arXiv 2405.02134)."""
    if share >= 1 or not len(values):
        return Cut(threshold=np.inf, tied=1.0 if share >= 1 else 0.0)
    wanted = max(share, 0.0) * len(values)
    limit = float(np.partition(values, int(wanted))[int(wanted)])
    below = int((values < limit).sum())
    equal = int((values == limit).sum())
    return Cut(threshold=limit, tied=(wanted - below) / equal)
