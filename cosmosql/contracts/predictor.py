"""Turns what was measured along one learning curve into forecasts further along it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from cosmosql.interval import Unmeasured

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """The metric at one size. `draws`: metric values under the common row weights, shape
    (draws,); `n` evaluation rows."""

    size: float
    value: float
    draws: NDArray[np.float64] = field(repr=False)
    n: int
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Candidates that differ only along one axis, and what is known of their common curve."""

    kind: str
    """`finetune`, `icl-random` or `icl-retrieved`."""
    points: tuple[CurvePoint, ...]
    proxy: tuple[CurvePoint, ...] = ()
    """Light heads on frozen embeddings at growing sizes (finetune only)."""
    zero_shot: CurvePoint | None = None
    labels: int | None = None
    label_counts: tuple[int, ...] = ()
    """Train rows of each label."""
    largest_fitting: float | None = None
    """Beyond this size the context overflows."""
    short: tuple[CurvePoint, ...] = ()
    """Short runs on the whole pool (finetune only); their size is the number of steps."""


class Predictor(Protocol):
    def forecast(
        self, series: Series, sizes: Sequence[float], *, n_test: int | None, draws: int, seed: int
    ) -> tuple[NDArray[np.float64] | Unmeasured, ...]:
        """For each size, draws of the metric that would be measured there on `n_test` rows:
        shape (draws,), within [0, 1], run-to-run and sampling noise included; with `n_test` None
        without the sampling noise. Draw i belongs to the same draw of rows as element i of the
        points' draws."""
        ...
