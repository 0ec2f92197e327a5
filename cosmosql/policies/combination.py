"""`combined`: one signal out of all that an answer has, as the chance that the answer is right.

Logistic regression on the signals. It is calibrated, which none of them is; it foretells what the
small tier gets wrong, not what a larger one would get right.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from cosmosql.identity import Json, rounded
from cosmosql.policies import logistic
from cosmosql.schema.kinds import COMBINED

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Combination:
    """The fitted combination of the signals `names`; one that an answer lacks counts as the mean.
    Slopes are in the chance's logit for one unit of the signal."""

    names: tuple[str, ...]
    means: tuple[float, ...]
    slopes: tuple[float, ...]
    intercept: float

    def of(self, signals: Mapping[str, float]) -> float:
        """The chance that one answer is right; NaN where it has none of the signals."""
        total, known = self.intercept, False
        for name, mean, slope in zip(self.names, self.means, self.slopes, strict=True):
            value = signals.get(name, math.nan)
            if math.isfinite(value):
                total, known = total + slope * (value - mean), True
        return float(expit(total)) if known else math.nan

    def over(self, signals: Mapping[str, Array], rows: int) -> Array:
        """The chance of each of so many rows, shape (rows,)."""
        total, known = np.full(rows, self.intercept), np.zeros(rows, bool)
        for name, mean, slope in zip(self.names, self.means, self.slopes, strict=True):
            values = signals.get(name, np.full(rows, np.nan))
            finite = np.isfinite(values)
            total += slope * (np.where(finite, values, mean) - mean)
            known |= finite
        return np.where(known, expit(total), np.nan)

    def state(self) -> dict[str, Json]:
        return {
            "names": list(self.names),
            "means": list(self.means),
            "slopes": list(self.slopes),
            "intercept": self.intercept,
        }


def beside(signals: Mapping[str, float], combination: Combination | None) -> Mapping[str, float]:
    """An answer's signals with `combined` beside them, where there is a combination."""
    return signals if combination is None else {**signals, COMBINED: combination.of(signals)}


def beside_all(
    signals: Mapping[str, Array], combination: Combination | None, rows: int
) -> Mapping[str, Array]:
    """The same of so many answers at once."""
    return (
        signals if combination is None else {**signals, COMBINED: combination.over(signals, rows)}
    )


def combination_of(state: Mapping[str, Json]) -> Combination:
    """The combination that `state` was taken of; raises KeyError, TypeError or ValueError for
    anything else."""
    names, means, slopes = (state[key] for key in ("names", "means", "slopes"))
    intercept = state["intercept"]
    if not (isinstance(names, list) and isinstance(means, list) and isinstance(slopes, list)):
        raise TypeError("a combination has lists of names, means and slopes")
    if not len(names) == len(means) == len(slopes):
        raise ValueError("a combination has a mean and a slope for each signal")
    return Combination(
        names=tuple(str(name) for name in names),
        means=numbers(means),
        slopes=numbers(slopes),
        intercept=numbers([intercept])[0],
    )


def numbers(values: Sequence[Json]) -> tuple[float, ...]:
    found = tuple(value for value in values if isinstance(value, int | float))
    if len(found) < len(values):
        raise TypeError("a combination is made of numbers")
    return tuple(float(value) for value in found)


def combine(signals: Mapping[str, Array], right: Array) -> Combination | None:
    """The combination fitted on rows whose outcomes are known: `signals` by name, each of shape
    (rows,), NaN where absent; `right` in [0, 1]. Signals that do not vary are left out; None where
    none is left. Numbers have six significant digits, so that a replay decides alike."""
    names = tuple(sorted(name for name, values in signals.items() if varies(values)))
    if not names:
        return None
    columns = [signals[name] for name in names]
    means = tuple(rounded(float(column[np.isfinite(column)].mean())) for column in columns)
    filled = [
        np.where(np.isfinite(column), column, mean)
        for column, mean in zip(columns, means, strict=True)
    ]
    found = logistic.fit(np.column_stack(filled), right)
    slopes = [weight / scale for weight, scale in zip(found.weights, found.scales, strict=True)]
    moved = zip(slopes, means, found.centres, strict=True)
    return Combination(
        names=names,
        means=means,
        slopes=tuple(rounded(slope) for slope in slopes),
        intercept=rounded(found.intercept + sum(slope * (m - c) for slope, m, c in moved)),
    )


def combined(signals: Mapping[str, Array], right: Array, folds: NDArray[np.intp]) -> Array:
    """The signal `combined` of every row, fitted on the other folds, shape (rows,); NaN where
    these have no signal that varies."""
    found = np.full(len(right), np.nan)
    for fold in np.unique(folds):
        inside = folds == fold
        others = {name: values[~inside] for name, values in signals.items()}
        fitted = combine(others, right[~inside])
        if fitted is not None:
            own = {name: values[inside] for name, values in signals.items()}
            found[inside] = fitted.over(own, int(inside.sum()))
    return found


def varies(values: Array) -> bool:
    known = values[np.isfinite(values)]
    return len(known) > 1 and float(known.min()) < float(known.max())
