"""Bayesian linear models whose prior is given weight by weight, with leave-one-out predictions in
closed form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from scipy.linalg import cho_factor, cho_solve

from cosmosql.contracts.policy import Array

LEAST_NOISE = 1e-4
"""Variance of targets that do not vary: no model is needed of them, and none divides by zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Features with a common scale: `values` of shape (rows, features); their weights are
    N(`mean`, (s `deviation`)^2) for one of the `scales` s."""

    values: Array = field(repr=False)
    mean: Array = field(repr=False)
    deviation: Array = field(repr=False)
    scales: tuple[float, ...]

    @classmethod
    def plain(cls, values: Array, *, scales: tuple[float, ...]) -> Block:
        """Nothing is known of its weights but that they are alike."""
        features = values.shape[1]
        return cls(
            values=values, mean=np.zeros(features), deviation=np.ones(features), scales=scales
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Linear:
    """`weights`: posterior means, shape (features,)."""

    weights: Array = field(repr=False)
    intercept: float

    def of(self, values: Array) -> Array:
        return np.asarray(values @ self.weights + self.intercept)


@dataclass(frozen=True, slots=True, kw_only=True)
class Posterior:
    """The model, and what it says of each fitted row having not seen it, shape (rows,)."""

    linear: Linear
    left_out: Array = field(repr=False)
    evidence: float


def fit(blocks: Sequence[Block], targets: Array) -> Posterior:
    """The model whose scales the targets make most likely (type II maximum likelihood, Bishop
    2006, section 3.5). The intercept is free; the noise is what the targets vary by."""
    values = np.hstack([block.values for block in blocks])
    centre = values.mean(axis=0)
    centred = values - centre
    mean = np.concatenate([block.mean for block in blocks])
    noise = max(float(targets.var()), LEAST_NOISE)
    rest = targets - targets.mean() - centred @ mean
    gram, along = centred.T @ centred / noise, centred.T @ rest / noise
    best = max(
        (
            evidence(gram, along, deviations(blocks, scales))
            for scales in product(*(block.scales for block in blocks))
        ),
        key=lambda found: found[0],
    )
    deviation = best[1]
    factor = cho_factor(np.eye(len(gram)) + deviation[:, None] * gram * deviation)
    weights = mean + deviation * cho_solve(factor, deviation * along)
    scaled = centred * deviation
    leverage = (scaled * cho_solve(factor, scaled.T).T).sum(axis=1) / noise + 1 / len(targets)
    error = targets - targets.mean() - centred @ weights
    left_out = targets - error / np.maximum(1 - leverage, 1e-6)
    left_out += (targets - targets.mean()) / max(len(targets) - 1, 1)
    return Posterior(
        linear=Linear(weights=weights, intercept=float(targets.mean() - centre @ weights)),
        left_out=left_out,
        evidence=best[0],
    )


def deviations(blocks: Sequence[Block], scales: Sequence[float]) -> Array:
    return np.concatenate(
        [scale * block.deviation for block, scale in zip(blocks, scales, strict=True)]
    )


def evidence(gram: Array, along: Array, deviation: Array) -> tuple[float, Array]:
    """Log marginal likelihood up to a constant, of X'X / noise and X'y / noise."""
    factor = cho_factor(np.eye(len(gram)) + deviation[:, None] * gram * deviation)
    projected = deviation * along
    fitted = float(projected @ cho_solve(factor, projected)) / 2
    return fitted - float(np.log(np.diag(factor[0])).sum()), deviation
