"""What many worlds say together: coverage with its band, regret, confident errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulated_worlds.outcome import Judged, Outcome
from simulated_worlds.world import CONFIDENCE, TOLERANCE

Array = NDArray[np.float64]

BAND = 1.96
"""Standard errors to either side that a share may stray from what it is held against."""

CONFIDENT = 1.645
"""The same to one side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The share of forecasts inside their central interval of `level` percent. `error` is its
    standard error with forecasts of one world counted as one cluster."""

    level: int
    share: float
    error: float
    forecasts: int

    @property
    def band(self) -> tuple[float, float]:
        """Where the share of intervals that keep their promise falls with 95 %: the binomial
        band, widened by as much as forecasts of one world stand and fall together."""
        nominal = self.level / 100
        binomial = float(np.sqrt(nominal * (1 - nominal) / self.forecasts))
        spread = BAND * max(binomial, self.error)
        return nominal - spread, min(1.0, nominal + spread)

    @property
    def kept(self) -> bool:
        low, high = self.band
        return low <= self.share <= high


def coverage(
    outcomes: Sequence[Outcome], level: int, only: Callable[[Judged], bool] = lambda one: True
) -> Coverage | None:
    """Over all forecasts of the worlds that `only` lets through; None where there are none."""
    counted = [[one.inside[level] for one in world.predicted if only(one)] for world in outcomes]
    hits = np.array([float(sum(found)) for found in counted if found])
    sizes = np.array([float(len(found)) for found in counted if found])
    if not len(sizes):
        return None
    share = float(hits.sum() / sizes.sum())
    residuals = hits - share * sizes
    clusters = len(sizes)
    inflation = clusters / max(clusters - 1, 1)
    error = float(np.sqrt(inflation * (residuals**2).sum()) / sizes.sum())
    return Coverage(level=level, share=share, error=error, forecasts=int(sizes.sum()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Confidence:
    """How often a decided query's choice was worse than the best by more than the tolerance."""

    decided: int
    wrong: int

    @property
    def allowed(self) -> float:
        """The share of wrong ones that the asked confidence allows, chance included."""
        promised = 1 - CONFIDENCE / 100
        spread = np.sqrt(promised * (1 - promised) / max(self.decided, 1))
        return float(promised + CONFIDENT * spread)

    @property
    def kept(self) -> bool:
        return self.wrong <= self.allowed * self.decided


def confidence(outcomes: Sequence[Outcome]) -> Confidence:
    decided = [one for one in outcomes if one.status == "decided"]
    wrong = [one for one in decided if one.regret is not None and one.regret > TOLERANCE]
    return Confidence(decided=len(decided), wrong=len(wrong))


def regrets(outcomes: Sequence[Outcome]) -> Array:
    return np.array([one.regret for one in outcomes if one.regret is not None])


def errors(outcomes: Sequence[Outcome]) -> Array:
    """Forecast minus measured, in points, over all predicted candidates."""
    return np.array([one.error for world in outcomes for one in world.predicted])


def widths(outcomes: Sequence[Outcome]) -> Array:
    """Of the 90 % intervals, in points."""
    return np.array([one.width for world in outcomes for one in world.predicted])
