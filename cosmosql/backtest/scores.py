"""Error, rank correlation and coverage of forecasts against the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np

from cosmosql.artifact.backtest import CalibrationPoint, Interval, TruthNoise
from cosmosql.backtest.resampling import interval, kendall, mean, point
from cosmosql.backtest.truth import Truth
from cosmosql.identity import rounded
from cosmosql.interval import Unmeasured
from cosmosql.predict.forecast import Distribution, Forecast
from cosmosql.predict.metric import measured_on
from cosmosql.predict.pairing import Array

LEVELS = (50, 80, 90)
"""Central intervals whose coverage is scored, in percent."""

CALIBRATION = (10, 20, 30, 40, 50, 60, 70, 80, 90, 95)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A predicted candidate and its truth; `bounds` by level in percent."""

    forecast: Forecast
    predicted: float
    truth: Truth
    bounds: Mapping[int, tuple[float, float]]

    @property
    def error(self) -> float:
        return self.truth.metric - self.predicted


@dataclass(frozen=True, slots=True, kw_only=True)
class Accuracy:
    """Scores of some forecasts, in points and shares, rounded; intervals by the score's name."""

    mae_points: float | None
    bias_points: float | None
    kendall_tau: float | None
    coverage: dict[str, float | None]
    runs_covered: dict[str, float | None]
    intervals: dict[str, Interval]


def is_predicted(forecast: Forecast) -> bool:
    return isinstance(forecast.metric, Distribution) and forecast.metric.basis == "predicted"


def judged(
    forecasts: Sequence[Forecast],
    truths: Mapping[str, Truth | Unmeasured],
    *,
    n_test: int | None,
    seed: int,
) -> tuple[Judged, ...]:
    """The predicted candidates whose truth is known: one that a probe already measured in full is
    no forecast."""
    found = []
    for one in forecasts:
        truth = truths[one.candidate.name]
        if isinstance(one.metric, Unmeasured) or isinstance(truth, Unmeasured):
            continue
        if is_predicted(one):
            found.append(
                Judged(
                    forecast=one,
                    predicted=one.metric.value,
                    truth=truth,
                    bounds=central(one.metric, n_test=n_test, seed=seed),
                )
            )
    return tuple(found)


def central(
    metric: Distribution, *, n_test: int | None, seed: int
) -> Mapping[int, tuple[float, float]]:
    """The central intervals of what `n_test` rows will show, by level in percent: as the one that
    reports show, with the rows' own worth for this metric. Each holds the point forecast."""
    shown = measured_on(metric.draws, n_test, seed=seed, efficiency=metric.efficiency)
    found = {}
    for level in sorted({*LEVELS, *CALIBRATION}):
        tail = (1 - level / 100) / 2
        low, high = (float(bound) for bound in np.quantile(shown, [tail, 1 - tail]))
        found[level] = min(low, metric.value), max(high, metric.value)
    return found


def inside(items: Sequence[Judged], level: int) -> Array:
    """Whether each truth lies in the interval of its forecast, shape (n,)."""
    return np.array(
        [one.bounds[level][0] <= one.truth.metric <= one.bounds[level][1] for one in items], float
    )


def runs_inside(items: Sequence[Judged], level: int) -> Array:
    """The share of each candidate's single runs in the interval of its forecast, shape (n,)."""
    bounds = [one.bounds[level] for one in items]
    return np.array(
        [
            np.mean([low <= run <= high for run in one.truth.runs])
            for one, (low, high) in zip(items, bounds, strict=True)
        ],
        float,
    )


def accuracy(items: Sequence[Judged], *, seed: int) -> Accuracy:
    errors = np.array([100 * one.error for one in items])
    predicted = np.array([one.predicted for one in items])
    measured = np.array([one.truth.metric for one in items])
    statistics: dict[str, Callable[[Array], Array]] = {
        "mae_points": partial(mean, values=np.abs(errors)),
        "bias_points": partial(mean, values=errors),
        "kendall_tau": partial(kendall, first=predicted, second=measured),
    }
    for level in LEVELS:
        statistics[f"coverage.{level}"] = partial(mean, values=inside(items, level))
        statistics[f"runs_covered.{level}"] = partial(mean, values=runs_inside(items, level))
    points = {name: known(point(found, len(items))) for name, found in statistics.items()}
    intervals = {
        name: span
        for name, found in statistics.items()
        if (span := bounded(interval(found, len(items), seed=seed))) is not None
    }
    return Accuracy(
        mae_points=points["mae_points"],
        bias_points=points["bias_points"],
        kendall_tau=points["kendall_tau"],
        coverage={str(level): points[f"coverage.{level}"] for level in LEVELS},
        runs_covered={str(level): points[f"runs_covered.{level}"] for level in LEVELS},
        intervals=intervals,
    )


def calibration(items: Sequence[Judged], *, seed: int) -> tuple[CalibrationPoint, ...]:
    """Nominal against observed coverage at every level; empty where nothing was predicted."""
    found = []
    for level in CALIBRATION:
        statistic = partial(mean, values=inside(items, level))
        covered = point(statistic, len(items))
        if covered is not None:
            span = bounded(interval(statistic, len(items), seed=seed))
            found.append(
                CalibrationPoint(level=level / 100, covered=rounded(covered), interval=span)
            )
    return tuple(found)


def truth_noise(
    items: Sequence[Judged], truths: Mapping[str, Truth | Unmeasured], *, rows: int, seeds: int
) -> TruthNoise:
    """How well the truth is known, and what no forecast can do better than.

    The floor takes a measured value to be normal around what is expected of it, whose mean
    absolute deviation is √(2/π) standard errors.
    """
    errors = [100 * one.truth.standard_error for one in items]
    apart = [
        100 * abs(first - second)
        for truth in truths.values()
        if isinstance(truth, Truth)
        for first, second in combinations(truth.runs, 2)
    ]
    error = float(np.mean(errors)) if errors else None
    return TruthNoise(
        rows=rows,
        seeds=seeds,
        standard_error_points=known(error),
        floor_points=known(None if error is None else float(np.sqrt(2 / np.pi)) * error),
        runs_differ_points=known(float(np.mean(apart)) if apart else None),
    )


def known(value: float | None) -> float | None:
    return None if value is None else rounded(value)


def bounded(span: tuple[float, float] | None) -> Interval | None:
    return None if span is None else Interval(low=rounded(span[0]), high=rounded(span[1]))
