"""What is known of a candidate before it is run in full."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cosmosql.interval import Estimate, Unmeasured
from cosmosql.plan.candidate import Candidate
from cosmosql.predict.footprint import Footprint


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """Draws of one quantity, shape (draws,). Draw i of every candidate sees the same draw of
    evaluation rows, so differences between candidates are paired."""

    draws: NDArray[np.float64] = field(repr=False)
    value: float
    """The point forecast: the median of the draws, or the measured value."""
    unit: str
    basis: str
    """measured, predicted or assumed."""
    n: int
    """Evaluation rows it rests on; 1 for declared numbers."""
    shown: tuple[float, float] | None = None
    """The 90 % interval that is shown where it is not the draws' own: a metric's draws are of the
    metric itself, while what is shown foretells its value measured on the test rows."""
    efficiency: float = 1.0
    """How many binomial rows a test row is worth for this metric: see `row_efficiency`."""

    def estimate(self) -> Estimate:
        """The value with its 90 % interval, as reports show it."""
        low, high = self.shown or (float(b) for b in np.quantile(self.draws, [0.05, 0.95]))
        return Estimate(self.value, min(low, self.value), max(high, self.value), self.n)


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemForecast:
    """Per-row view of a candidate on the common probe rows, for policies: shape (rows,).

    `score`: the outcome where the full candidate was measured, else of its nearest probe;
    `shift`: draws of the logit shift that moves those outcomes to the forecast, shape (draws,),
    None where measured. `signals` by name; NaN where absent."""

    rows: tuple[str, ...]
    score: NDArray[np.float64] = field(repr=False)
    signals: Mapping[str, NDArray[np.float64]] = field(repr=False)
    shift: NDArray[np.float64] | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adaptation:
    """Tokens of making a candidate ready: trained on, in batches of `batch_size` examples of
    `example_tokens`, and embedded for an index. With an index every request embeds `query_tokens`
    as well."""

    training_tokens: float = 0.0
    example_tokens: float = 0.0
    batch_size: int = 1
    indexed_rows: int = 0
    indexed_tokens: float = 0.0
    query_tokens: float = 0.0
    spread: float = 0.0
    """Relative standard error of the training tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """One candidate's forecast. `measures` holds every other quantity by name: `serve_cost`
    (money a request), `adapt_cost` (money, once), `latency` (seconds), `prompt_tokens`, …"""

    candidate: Candidate
    metric_name: str
    metric: Distribution | Unmeasured
    measures: Mapping[str, Distribution | Unmeasured]
    items: ItemForecast | None
    latencies: Mapping[str, float] = field(default_factory=dict, repr=False)
    """Seconds of each probe row, by its identity; empty where they are unknown."""
    adaptation: Adaptation | None = None
    """None where it could not be counted."""
    footprint: Footprint | None = None
    """None where what it takes of the memory is not known."""
