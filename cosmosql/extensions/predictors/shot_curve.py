"""Forecasts along a curve over shots, from the Bayesian curve families."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cosmosql.contracts.predictor import Series
from cosmosql.interval import Unmeasured
from cosmosql.predict.metric import measured_on
from cosmosql.predict.series import forecast_curve, outside_reach


class ShotCurve:
    """The implementation behind predictor `icl`, for kinds icl-random and icl-retrieved."""

    def forecast(
        self, series: Series, sizes: Sequence[float], *, n_test: int | None, draws: int, seed: int
    ) -> tuple[NDArray[np.float64] | Unmeasured, ...]:
        refused = {size: outside_reach(series, size) for size in sizes}
        asked = [size for size in sizes if refused[size] is None]
        curves = dict(
            zip(asked, forecast_curve(series, asked, draws=draws, seed=seed), strict=True)
        )
        return tuple(
            refused[size] or measured_on(curves[size], n_test, seed=seed) for size in sizes
        )
