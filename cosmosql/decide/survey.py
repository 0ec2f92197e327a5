"""The next probe is the one that narrows all forecasts most for its cost.

For who wants the whole table rather than one choice: `probe { order = survey }`. Adaptive probing
leaves alone what cannot win, a survey does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cosmosql.decide.adaptive import Adaptive
from cosmosql.decide.narrowing import narrowing
from cosmosql.evidence.measured import Measured
from cosmosql.identity import rounded
from cosmosql.predict.forecast import Distribution, Forecast
from cosmosql.predict.forecasting import Foreseen
from cosmosql.probes.rounds import Choice, Ended, Round

Array = NDArray[np.float64]


LEAST = 0.1
"""A probe that narrows the forecasts' mean deviation by less than this share of the query's
tolerance is not made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey(Adaptive):
    """Of the probes that narrow the predicted candidates' mean deviation by a tenth of the query's
    tolerance, the one that does so most for its cost; ends where there is none."""

    def choose(self, measured: Sequence[Measured], costs: Mapping[str, float]) -> Choice:
        foreseen = self._foresee(measured, self.sketch, tuple(costs))
        if not costs:
            return Ended.CAP_REACHED
        unknown = self._unknown(measured, foreseen.forecasts, costs)
        return unknown or self._narrowest(foreseen, costs)

    def _narrowest(self, foreseen: Foreseen, costs: Mapping[str, float]) -> Choice:
        predicted = table(foreseen.forecasts)
        gains = {
            id: narrowing(predicted, self._shown(id, drawn))
            for id, drawn in foreseen.outcomes.items()
            if isinstance(drawn, np.ndarray) and len(predicted)
        }
        least = LEAST * float(self.graph.query.tolerance)
        worthy = [id for id, gain in gains.items() if gain >= least]
        if not worthy:
            return Ended.NOTHING_WORTH_ITS_PRICE
        best = max(worthy, key=lambda id: gains[id] / max(costs[id], 1e-300))
        return Round(
            node=best,
            worth=rounded(gains[best]),
            error=None,
            cost=rounded(costs[best]),
            unit=self.unit,
        )


def table(forecasts: Sequence[Forecast]) -> Array:
    """Draws of the metric of every predicted candidate, shape (candidates, draws)."""
    found = [
        one.metric.draws
        for one in forecasts
        if isinstance(one.metric, Distribution) and one.metric.basis == "predicted"
    ]
    return np.array(found, np.float64)
