"""Many replayed problems: regret at equal cost, and cost at equal regret, with paired intervals.

Intervals are percentiles of a bootstrap over problems; problems resampled from one task's evidence
are drawn together, because they share its truth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from replays.contest import SHARES, Result

Array = NDArray[np.float64]

RESAMPLES = 4_000

SAME = 0.25
"""Points of regret by which one method may lie above another and still count as no worse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A mean with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`regrets` by method, shape (problems, shares); `clusters` numbers the problems that are drawn
    together, shape (problems,)."""

    regrets: dict[str, Array]
    spent: dict[str, Array]
    menus: Array
    clusters: NDArray[np.int64]

    def regret(self, method: str, share: int) -> Interval:
        """The mean regret of a method at one of `SHARES`."""
        return self.interval(lambda rows: float(self.regrets[method][rows, share].mean()))

    def ahead(self, method: str, share: int, other: str, others_share: int) -> Interval:
        """By how much a method's regret exceeds another's, each at its share, problem by
        problem."""
        gap = self.regrets[method][:, share] - self.regrets[other][:, others_share]
        return self.interval(lambda rows: float(gap[rows].mean()))

    def cost_ratio(self, method: str, other: str, others_share: int) -> Interval:
        """What a method costs until its mean regret is as low as another's at its share, over that
        share."""

        def ratio(rows: NDArray[np.int64]) -> float:
            goal = float(self.regrets[other][rows, others_share].mean())
            curve = self.regrets[method][rows].mean(axis=0)
            return cost_of(goal, curve) / SHARES[others_share]

        return self.interval(ratio)

    def interval(self, statistic: Callable[[NDArray[np.int64]], float]) -> Interval:
        """A statistic of the problems (by their rows), with its bootstrap interval."""
        rng = np.random.default_rng(len(self.clusters))
        members = [np.flatnonzero(self.clusters == one) for one in np.unique(self.clusters)]
        found = []
        for _ in range(RESAMPLES):
            drawn = rng.integers(len(members), size=len(members))
            found.append(statistic(np.concatenate([members[place] for place in drawn])))
        # A resample's own value: nothing lies between two of them where one is infinite.
        low, high = np.quantile(found, [0.025, 0.975], method="inverted_cdf")
        whole = statistic(np.arange(len(self.clusters)))
        return Interval(value=whole, low=float(low), high=float(high))


def cost_of(goal: float, curve: Array) -> float:
    """The share at which a curve of mean regrets over `SHARES` first comes down to a goal, on
    straight lines over the logarithm of cost; infinite where it never does."""
    logs = np.log(SHARES)
    if curve[0] <= goal:
        return SHARES[0]
    for place in range(1, len(curve)):
        if curve[place] <= goal:
            high, low = curve[place - 1], curve[place]
            along = (high - goal) / (high - low)
            return float(np.exp(logs[place - 1] + along * (logs[place] - logs[place - 1])))
    return float("inf")


def compared(results: Sequence[Result], cluster: Callable[[Result], str]) -> Comparison:
    """The results as one comparison, of the methods that took part in all of them; `cluster` names
    what a problem is drawn with."""
    names = [cluster(one) for one in results]
    places = {name: place for place, name in enumerate(sorted(set(names)))}
    methods = [name for name in results[0].regrets if all(name in one.regrets for one in results)]
    return Comparison(
        regrets={name: np.array([one.regrets[name] for one in results]) for name in methods},
        spent={name: np.array([one.spent[name] for one in results]) for name in methods},
        menus=np.array([one.menu for one in results]),
        clusters=np.array([places[name] for name in names], np.int64),
    )
