"""Turns what was measured along learning curves into forecasts further along them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    examples: float = 0.0
    """Examples that training saw, epochs counted; 0 where nothing was trained."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a curve is asked for: train rows or shots, and the examples that training sees."""

    size: float
    examples: float = 0.0


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
    """Runs that were stopped after fewer examples than the configuration asks for (finetune
    only)."""
    task: str = ""
    """Names what is asked, the same wherever it is asked: a digest of the labels."""
    model: str = ""
    """Reference of the model; series of one model share its proxy."""
    parameters: int | None = None
    """Of the model, where they are known."""
    config: Mapping[str, float] = field(default_factory=dict)
    """The numeric options off the axis: rank, learning rate, epochs, …"""


class Predictor(Protocol):
    def forecast(
        self,
        group: Sequence[Series],
        targets: Sequence[Sequence[Target]],
        *,
        draws: int,
        seed: int,
    ) -> tuple[tuple[NDArray[np.float64] | Unmeasured, ...], ...]:
        """For each series of a query its targets' draws of the metric of one run there: shape
        (draws,), within [0, 1], run-to-run noise included, the sampling noise of test rows left
        out. All series of the predictor's kind are given at once, so that they may share what they
        tell. Draw i belongs to the same draw of rows as element i of the points' draws."""
        ...
