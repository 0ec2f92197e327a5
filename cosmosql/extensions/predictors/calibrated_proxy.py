"""Fine-tuned accuracy from the proxy curve and a few real runs, as a distribution.

P(n) is the proxy's accuracy and L(n) that of a real run. Three point forecasts for N rows:

* ceiling: max(P(N), S), S a short run on the whole pool;
* decayed offset: logit P(N) + (logit L(n) - logit P(n)) * (n / N) ** 0.5;
* horizontal shift: P(2^s N) with s between -2 and 5 that brings P(2^s n) nearest to L(n).

Their mean on the logit scale is the forecast. Its error is drawn on the arcsine scale, where the
noise of a share is the same everywhere: the recipe's own, and half the distance between the
furthest of the three and P(N) itself (docs/science.md, "Fine-tuning").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from cosmosql.contracts.predictor import CurvePoint, Series, Target
from cosmosql.identity import seed_of
from cosmosql.interval import Unmeasured
from cosmosql.predict.series import along_curve

Array = NDArray[np.float64]

LOWEST, HIGHEST = 0.01, 0.985
"""Accuracies are kept within these before a logit is taken of them."""

LARGEST_LOGIT = 4.0
SHIFTS = np.linspace(-2.0, 5.0, 71)
SHIFT_SPREAD = 2.5
RUN_LOGIT_NOISE = 0.15
OFFSET_DECAY = 0.5

RUN_ERROR = 0.035
"""Deviation between two runs in full with other seeds, on the arcsine scale."""

METHOD_ERROR = {"calibrated": 0.061, "proxy": 0.091}
"""Deviation of the forecast from a run, arcsine scale: 6 points (calibrated by a run) and 9 points
(proxy alone) for 90 % at an accuracy of 0.9, the widths to start from on a task never seen."""

DOUBLING_ERROR = 0.02
"""Added for each doubling of the size beyond the proxy's largest."""

TAIL_FREEDOM = 6


class CalibratedProxy:
    """The implementation behind predictor `finetune`."""

    def forecast(
        self,
        group: Sequence[Series],
        targets: Sequence[Sequence[Target]],
        *,
        draws: int,
        seed: int,
    ) -> tuple[tuple[NDArray[np.float64] | Unmeasured, ...], ...]:
        return tuple(
            self.curve(series, [target.size for target in asked], draws=draws, seed=seed)
            for series, asked in zip(group, targets, strict=True)
        )

    def curve(
        self, series: Series, sizes: Sequence[float], *, draws: int, seed: int
    ) -> tuple[Array | Unmeasured, ...]:
        """Draws at each size; without a proxy from the curve families alone."""
        if len(series.proxy) < 2:
            return along_curve(series, sizes, draws=draws, seed=seed)
        return tuple(calibrated(series, size, draws=draws, seed=seed) for size in sizes)


@dataclass(frozen=True, slots=True)
class ProxyLogit:
    """The proxy curve on the logit scale, per draw of rows: shape (draws, sizes)."""

    log_sizes: Array
    logits: Array = field(repr=False)

    def at(self, log_size: Array) -> Array:
        """Logits at binary logarithms of sizes, shape (draws,), one a draw; beyond the largest
        size with the slope over the last three doublings, at most `LARGEST_LOGIT`."""
        position = np.clip(
            np.searchsorted(self.log_sizes, log_size) - 1, 0, len(self.log_sizes) - 2
        )
        rows = np.arange(len(self.logits))
        left, right = self.log_sizes[position], self.log_sizes[position + 1]
        share = np.maximum((log_size - left) / (right - left), 0.0)
        inside = self.logits[rows, position] * (1 - share) + self.logits[rows, position + 1] * share
        beyond = self.logits[:, -1] + self.slope() * (log_size - self.log_sizes[-1])
        largest = self.log_sizes[-1]
        return np.asarray(np.minimum(np.where(log_size <= largest, inside, beyond), LARGEST_LOGIT))

    def slope(self) -> Array:
        """Logits gained a doubling over the last three doublings, never negative."""
        first = int(np.searchsorted(self.log_sizes, self.log_sizes[-1] - 3))
        first = min(first, len(self.log_sizes) - 2)
        span = self.log_sizes[-1] - self.log_sizes[first]
        return np.asarray(np.maximum((self.logits[:, -1] - self.logits[:, first]) / span, 0.0))


def calibrated(series: Series, size: float, *, draws: int, seed: int) -> Array:
    """Draws of the accuracy of one run in full on `size` rows."""
    proxy = proxy_logit(series.proxy)
    target = np.full(draws, np.log2(size))
    level = proxy.at(target)
    runs = by_size(series.points)
    short = [safe_logit(point.draws) for point in series.short]
    forecasts = []
    if short or not runs:
        forecasts.append(np.maximum.reduce([level, *short]))
    if runs:
        forecasts.append(decayed_offset(proxy, runs, size, level))
        forecasts.append(shifted(proxy, runs, size))
    middle = np.mean(forecasts, axis=0)
    answers = np.arcsin(np.sqrt(expit([level, *forecasts])))
    disagreement = answers.max(axis=0) - answers.min(axis=0)
    error = np.hypot(method_error(series, runs, size), disagreement / 2)
    rng = np.random.default_rng(seed_of("fine-tuning", seed, size))
    tail = rng.standard_t(TAIL_FREEDOM, draws) * np.sqrt((TAIL_FREEDOM - 2) / TAIL_FREEDOM)
    angle = np.arcsin(np.sqrt(expit(middle))) + error * tail
    return np.asarray(np.sin(np.clip(angle, 0.0, np.pi / 2)) ** 2)


def safe_logit(values: Array) -> Array:
    return np.asarray(logit(np.clip(values, LOWEST, HIGHEST)))


def proxy_logit(points: Sequence[CurvePoint]) -> ProxyLogit:
    ordered = sorted(points, key=lambda point: point.size)
    return ProxyLogit(
        np.log2([point.size for point in ordered]),
        np.column_stack([safe_logit(point.draws) for point in ordered]),
    )


def by_size(points: Sequence[CurvePoint]) -> dict[float, Array]:
    """Mean logits of the runs at each size, over seeds, shape (draws,), and how many there are."""
    sizes = sorted({point.size for point in points if point.size >= 1})
    return {
        size: np.mean([safe_logit(p.draws) for p in points if p.size == size], axis=0)
        for size in sizes
    }


def nearest_below(runs: dict[float, Array], size: float) -> float:
    """The largest run that is no larger than the target, else the smallest run."""
    return max((n for n in runs if n <= size), default=min(runs))


def decayed_offset(proxy: ProxyLogit, runs: dict[float, Array], size: float, level: Array) -> Array:
    nearest = nearest_below(runs, size)
    offset = runs[nearest] - proxy.at(np.full(len(level), np.log2(nearest)))
    return np.asarray(level + offset * min(1.0, nearest / size) ** OFFSET_DECAY)


def shifted(proxy: ProxyLogit, runs: dict[float, Array], size: float) -> Array:
    """The proxy's logit 2^s times further along, s chosen for every draw by penalised squares."""
    draws = len(proxy.logits)
    loss = np.tile((SHIFTS / SHIFT_SPREAD) ** 2, (draws, 1))
    for run, values in runs.items():
        variance = float(values.var()) + RUN_LOGIT_NOISE**2
        for index, shift in enumerate(SHIFTS):
            along = proxy.at(np.full(draws, np.log2(run) + shift))
            loss[:, index] += (along - values) ** 2 / variance
    best = SHIFTS[loss.argmin(axis=1)]
    return proxy.at(np.log2(size) + best)


def method_error(series: Series, runs: dict[float, Array], size: float) -> float:
    """Deviation of the recipe's error on the arcsine scale: a run's own noise at a size that was
    run, the method's two doublings beyond it, more beyond the proxy's largest size."""
    known = METHOD_ERROR["calibrated" if runs or series.short else "proxy"]
    if runs:
        doublings = abs(float(np.log2(size / nearest_below(runs, size))))
        known = RUN_ERROR + (known - RUN_ERROR) * min(1.0, doublings / 2)
    beyond = np.log2(size / max(point.size for point in series.proxy))
    return float(np.hypot(known, DOUBLING_ERROR * max(0.0, float(beyond))))
