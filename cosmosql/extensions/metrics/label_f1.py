"""Macro F1 from the weighted table of predicted and right labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cosmosql.extensions.metrics.item_mean import same


@dataclass(frozen=True, slots=True, kw_only=True)
class MacroF1:
    """The mean over labels of 2·TP / (predicted + right).

    A label counts in a draw in which it is predicted or right, as in scikit-learn's `f1_score`
    with `average="macro"`. An answer that is no label is wrong for the row's label and costs no
    other label precision.
    """

    name: str = "macro_f1"
    decomposes: bool = False

    def item(self, predicted: str, target: str) -> float:
        return same(predicted, target)

    def aggregate(
        self,
        scores: NDArray[np.float64],
        predicted: Sequence[int | None],
        target: Sequence[int | None],
        weights: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Macro F1 of each draw; raises ValueError where a draw holds no label at all."""
        said, right = _codes(predicted), _codes(target)
        labels = np.unique(np.concatenate([said, right]))
        labels = labels[labels >= 0]
        is_said = (said[:, None] == labels).astype(np.float64)
        is_right = (right[:, None] == labels).astype(np.float64)
        hits = weights @ (is_said * is_right)
        total = weights @ (is_said + is_right)
        present = total > 0
        if not present.any(axis=1).all():
            raise ValueError("a draw of weights holds no label")
        f1 = np.divide(2 * hits, total, out=np.zeros_like(total), where=present)
        mean: NDArray[np.float64] = f1.sum(axis=1) / present.sum(axis=1)
        return mean.clip(0.0, 1.0)


def _codes(labels: Sequence[int | None]) -> NDArray[np.int64]:
    return np.array([-1 if label is None else label for label in labels], dtype=np.int64)


MACRO_F1 = MacroF1()
