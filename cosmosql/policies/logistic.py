"""Logistic regression for a handful of features: outcomes may be fractions, nothing is drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Array = NDArray[np.float64]

PENALTY = 1.0
"""Of a standardised weight, squared and halved: the prior of a weight is a standard normal."""

STEPS = 50
CLOSE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Logistic:
    """The chance expit(intercept + Σ weight · (value − centre) / scale); tuples a feature long."""

    centres: tuple[float, ...]
    scales: tuple[float, ...]
    weights: tuple[float, ...]
    intercept: float

    def chances(self, features: Array) -> Array:
        """The chance of each row; `features` has shape (rows, features)."""
        standard = (features - np.array(self.centres)) / np.array(self.scales)
        return np.asarray(expit(self.intercept + standard @ np.array(self.weights)))


def fit(features: Array, outcomes: Array) -> Logistic:
    """Penalised maximum likelihood by Newton's method.

    `features` has shape (rows, features), finite; `outcomes` (rows,) in [0, 1]. Outcomes are drawn
    in by 1 / (rows + 2), as Platt (1999) does, so that a set in which all are right has a finite
    fit and does not promise certainty.
    """
    rows, count = features.shape
    centres = features.mean(axis=0)
    spread = features.std(axis=0)
    scales = np.where(spread > 0, spread, 1.0)
    design = np.column_stack([np.ones(rows), (features - centres) / scales])
    edge = 1.0 / (rows + 2)
    targets = np.clip(outcomes, edge, 1.0 - edge)
    penalty = np.diag([0.0] + [PENALTY] * count)
    found = np.zeros(count + 1)
    for _ in range(STEPS):
        chances = expit(design @ found)
        slope = design.T @ (targets - chances) - penalty @ found
        curvature = (design * (chances * (1 - chances))[:, None]).T @ design + penalty
        step = np.linalg.solve(curvature, slope)
        found = found + np.clip(step, -4.0, 4.0)
        if float(np.abs(step).max()) < CLOSE:
            break
    return Logistic(
        centres=tuple(float(one) for one in centres),
        scales=tuple(float(one) for one in scales),
        weights=tuple(float(one) for one in found[1:]),
        intercept=float(found[0]),
    )
