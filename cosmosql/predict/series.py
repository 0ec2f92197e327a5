"""A contract `Series` through the Bayesian curve engine, its draws paired by rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cosmosql.contracts.predictor import CurvePoint, Series
from cosmosql.interval import Unmeasured
from cosmosql.predict.curves import sample_curve, usable_points
from cosmosql.predict.pairing import Array, in_order_of

CORRELATION_CAP = 0.98
"""Rows in common never make two points the same measurement."""


def outside_reach(series: Series, size: float) -> Unmeasured | None:
    """Why nothing can be said at a size by the series' own points, if so."""
    if reason := off_the_curve(series, size):
        return reason
    if not any(point.size >= 1 for point in series.points):
        return Unmeasured("no point of the curve was measured")
    return None


def off_the_curve(series: Series, size: float) -> Unmeasured | None:
    """Why a size is no point of the series' curve, if so."""
    if series.largest_fitting is not None and size > series.largest_fitting:
        return Unmeasured(
            f"{size:g} demonstrations do not fit the context: at most {series.largest_fitting:g} do"
        )
    if size < 1:
        return Unmeasured("size 0 is no point of the curve; measure it")
    return None


def chance_of(series: Series) -> float:
    """Share of the most frequent label among the train rows; the series has label counts."""
    return max(series.label_counts) / sum(series.label_counts)


def zero_shot_of(series: Series) -> float:
    """The model's accuracy as it is; chance where it was not measured."""
    return series.zero_shot.value if series.zero_shot else chance_of(series)


def along_curve(
    series: Series, sizes: Sequence[float], *, draws: int, seed: int
) -> tuple[Array | Unmeasured, ...]:
    """As `forecast_curve`, with the reason in place of a size that is out of reach."""
    refused = {size: outside_reach(series, size) for size in sizes}
    asked = [size for size in dict.fromkeys(sizes) if refused[size] is None]
    known = dict(zip(asked, forecast_curve(series, asked, draws=draws, seed=seed), strict=True))
    return tuple(refused[size] or known[size] for size in sizes)


def forecast_curve(
    series: Series, sizes: Sequence[float], *, draws: int, seed: int
) -> tuple[Array, ...]:
    """Draws of the metric of a run in full at each size, shape (draws,), without the sampling
    noise of test rows. Draw i belongs to element i of the points' draws, of which there are as
    many."""
    if not sizes:
        return ()
    points = [point for point in series.points if point.size >= 1]
    curve = usable_points(
        np.array([point.size for point in points]),
        np.array([point.value for point in points]),
        np.array([float(point.n) for point in points]),
        correlation(points),
    )
    posterior = sample_curve(
        series.kind,
        curve,
        sizes,
        labels=series.labels,
        label_counts=series.label_counts,
        draws=draws,
        seed=seed,
    )
    ordered = in_order_of(
        np.mean([point.draws for point in points], axis=0),
        posterior.at_targets,
        posterior.at_points.mean(axis=1),
        seed=seed,
    )
    return tuple(ordered.T)


def correlation(points: Sequence[CurvePoint]) -> Array:
    """Correlation of the points' sampling noise, from their paired draws."""
    deviations = np.array([point.draws - point.draws.mean() for point in points])
    spread = np.sqrt((deviations**2).mean(axis=1))
    scaled = deviations / np.where(spread > 0, spread, 1.0)[:, None]
    matrix = np.clip(scaled @ scaled.T / deviations.shape[1], 0.0, CORRELATION_CAP)
    np.fill_diagonal(matrix, 1.0)
    return positive_definite(matrix)


def positive_definite(matrix: Array) -> Array:
    """The matrix, its negative eigenvalues (a product of clipping) lifted, on a unit diagonal."""
    values, vectors = np.linalg.eigh(matrix)
    lifted = (vectors * np.maximum(values, 1e-3)) @ vectors.T
    scale = np.sqrt(np.diag(lifted))
    return np.asarray(lifted / np.outer(scale, scale))
