"""Features brought to a common scale, and smooth functions of them as linear models."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from cosmosql.contracts.policy import Array

WAVES = 200
REACH = 4.0
"""Standardised features are held within this many deviations."""

LEAST_SPREAD = 1e-6
"""A feature that varies less is constant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """Features less their `centre`, over their `scale`, each of shape (features,)."""

    centre: Array = field(repr=False)
    scale: Array = field(repr=False)

    def of(self, values: Array) -> Array:
        return np.minimum(np.maximum((values - self.centre) / self.scale, -REACH), REACH)


def standard(values: Array) -> Standard:
    """By mean and standard deviation of known rows, shape (rows, features)."""
    spread = values.std(axis=0)
    return Standard(centre=values.mean(axis=0), scale=np.where(spread > LEAST_SPREAD, spread, 1.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Waves:
    """Random cosines of standardised features: a Gaussian kernel as a linear model (Rahimi, Recht
    2007). `phases` has shape (waves,), `frequencies` (features, waves)."""

    standard: Standard
    frequencies: Array = field(repr=False)
    phases: Array = field(repr=False)

    def of(self, values: Array) -> Array:
        waves = np.cos(self.standard.of(values) @ self.frequencies + self.phases)
        return np.asarray(waves * math.sqrt(2 / len(self.phases)))


def waves(values: Array, *, length: float, seed: int) -> Waves:
    """`length`: standard deviations over which the kernel falls off."""
    generator = np.random.default_rng(seed)
    return Waves(
        standard=standard(values),
        frequencies=generator.standard_normal((values.shape[1], WAVES)) / length,
        phases=generator.uniform(0, 2 * np.pi, WAVES),
    )
