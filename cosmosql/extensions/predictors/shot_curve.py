"""Forecasts along a curve over shots, from the Bayesian curve families."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cosmosql.contracts.predictor import Series, Target
from cosmosql.interval import Unmeasured
from cosmosql.predict.series import along_curve


class ShotCurve:
    """The implementation behind predictor `icl`, for kinds icl-random and icl-retrieved."""

    def forecast(
        self,
        group: Sequence[Series],
        targets: Sequence[Sequence[Target]],
        *,
        draws: int,
        seed: int,
    ) -> tuple[tuple[NDArray[np.float64] | Unmeasured, ...], ...]:
        return tuple(
            along_curve(series, [target.size for target in asked], draws=draws, seed=seed)
            for series, asked in zip(group, targets, strict=True)
        )
