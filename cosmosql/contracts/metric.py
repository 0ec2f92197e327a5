"""How good answers are: `metric = accuracy|macro_f1|exact_match|token_f1`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Metric(Protocol):
    """A number between 0 and 1 from per-item outcomes under item weights.

    Weights let one piece of code serve the plain value (all ones), the bootstrap and the Bayesian
    bootstrap, so that every candidate is judged under the same draws of rows (paired).
    """

    name: str
    decomposes: bool
    """True where the metric is the weighted mean of item scores (accuracy, exact match)."""

    def item(self, predicted: str, target: str) -> float:
        """The score of one answer, in [0, 1]."""
        ...

    def aggregate(
        self,
        scores: NDArray[np.float64],
        predicted: Sequence[int | None],
        target: Sequence[int | None],
        weights: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Metric values for `weights` of shape (draws, items); result has shape (draws,).
        `predicted` and `target` are label indices where the task has labels."""
        ...
