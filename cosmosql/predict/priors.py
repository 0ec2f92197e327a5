"""What is believed of a learning curve before it is seen: the shipped priors, and their parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from cosmosql.predict.families import Array, Ceiling


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """What stands between a curve and its measured points, in units of a point's scale: for an
    accuracy p twice the binomial deviation of one row, 2 sqrt(p (1 - p)); for a log loss 1.

    `discrepancy` is the deviation of the smooth error of every family, `length` its range in
    natural logarithms of the size. `drift` is the deviation that a curve's error gains over a
    factor e of the size: the further the target, the less any family is believed."""

    discrepancy: float
    length: float
    drift: float
    run_noise: tuple[float, ...]
    """Deviations from run to run, one of which holds for the whole curve."""
    run_noise_weights: tuple[float, ...]
    bad: float
    """Probability that a run is bad: a diverged training, an unlucky draw of demonstrations."""
    bad_deviation: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """A Gaussian over a family's latents (in standard normal units), learnt from past curves; with
    probability 1 - `share` the latents still follow the shipped prior."""

    share: float
    mean: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]

    def log_ratio(self, z: Array) -> Array:
        """Logarithm of this prior over the shipped one (standard normal) at `z`, shape (points,
        latents)."""
        root = np.linalg.cholesky(np.array(self.covariance))
        standard = np.linalg.solve(root, (z - np.array(self.mean)).T)
        log_density = -0.5 * np.sum(standard**2, axis=0) - np.log(np.diag(root)).sum()
        ratio = log_density + 0.5 * np.sum(z * z, axis=1)
        return np.asarray(np.logaddexp(np.log1p(-self.share), np.log(self.share) + ratio))


@dataclass(frozen=True, slots=True, kw_only=True)
class Priors:
    """Everything a curve's posterior starts from."""

    ceiling: Ceiling
    noise: Noise
    family_weights: Mapping[str, float] = field(default_factory=dict)
    """By family name; what is absent keeps the weight that it has for the kind."""
    learnt: Mapping[str, Learnt] = field(default_factory=dict)
    """By family name; what is absent keeps the shipped prior."""


TRAINING_NOISE = Noise(
    discrepancy=0.02,
    length=1.5,
    drift=0.02,
    run_noise=(0.01, 0.025, 0.06, 0.12),
    run_noise_weights=(0.45, 0.35, 0.15, 0.05),
    bad=0.02,
    bad_deviation=0.3,
)
CONTEXT_NOISE = Noise(
    discrepancy=0.02,
    length=1.0,
    drift=0.02,
    run_noise=(0.005, 0.015, 0.04, 0.1),
    run_noise_weights=(0.35, 0.4, 0.2, 0.05),
    bad=0.02,
    bad_deviation=0.3,
)

PRIORS = {
    "finetune": Priors(ceiling=Ceiling(mean=0.93, deviation=0.05, wide=0.10), noise=TRAINING_NOISE),
    "icl-random": Priors(
        ceiling=Ceiling(mean=0.90, deviation=0.06, wide=0.15), noise=CONTEXT_NOISE
    ),
    "icl-retrieved": Priors(
        ceiling=Ceiling(mean=0.93, deviation=0.05, wide=0.10), noise=CONTEXT_NOISE
    ),
}
