"""Smooth functions of standardised features as linear models."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from cosmosql.contracts.policy import Array

WAVES = 200
REACH = 4.0
"""Standardised features are held within this many deviations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waves:
    """Random cosines of standardised features: a Gaussian kernel as a linear model (Rahimi, Recht
    2007). `phases` has shape (waves,), `frequencies` (features, waves)."""

    centre: Array = field(repr=False)
    scale: Array = field(repr=False)
    frequencies: Array = field(repr=False)
    phases: Array = field(repr=False)

    def of(self, values: Array) -> Array:
        held = np.clip((values - self.centre) / self.scale, -REACH, REACH)
        waves = np.cos(held @ self.frequencies + self.phases)
        return np.asarray(waves * np.sqrt(2 / len(self.phases)))


def waves(values: Array, *, length: float, seed: int) -> Waves:
    """`length`: standard deviations over which the kernel falls off."""
    features = values.shape[1]
    generator = np.random.default_rng(seed)
    spread = values.std(axis=0)
    return Waves(
        centre=values.mean(axis=0),
        scale=np.where(spread > 1e-6, spread, 1.0),
        frequencies=generator.standard_normal((features, WAVES)) / length,
        phases=generator.uniform(0, 2 * np.pi, WAVES),
    )
