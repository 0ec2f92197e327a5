"""Bayesian extrapolation of loss curves: losses at a few sizes in, the loss at other sizes out.

The rectified law of fine-tuning (Lin et al., arXiv 2402.02314),

    L(D) = E + (A - E) / (1 + e^B D^beta) = E + (A - E) / (1 + (D / D0)^beta),

falls slowly until D0, then as a power of D, towards E. On few small sizes its least squares fit is
worse than a straight line; here every number has a prior, and the law is averaged with plain power
laws (with and without a floor), which is what it becomes where D0 is small. Noise is that of log
losses. Sizes are train rows, examples, tokens or steps: the priors are relative to the smallest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from cosmosql.identity import seed_of
from cosmosql.interval import Estimate, Unmeasured
from cosmosql.predict.curves import finite
from cosmosql.predict.families import Array, growth, log_normal
from cosmosql.predict.mixture import Form, draw_values
from cosmosql.predict.noise import Observed, likelihood
from cosmosql.predict.priors import Noise

DRAWS = 4000

LOSS_NOISE = Noise(
    discrepancy=0.015,
    length=1.5,
    drift=0.015,
    run_noise=(0.002, 0.006, 0.02, 0.06),
    run_noise_weights=(0.35, 0.4, 0.2, 0.05),
    bad=0.02,
    bad_deviation=0.3,
)
"""In units of the log loss."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LossPriors:
    """What is believed of a loss curve before it is seen. The pair of an exponent is the median and
    the log deviation of a log-normal; the other pairs are ranges."""

    noise: Noise = LOSS_NOISE
    start: float = 0.1
    """Log deviation of the curve at the smallest size from the loss that was measured there."""
    floor: tuple[float, float] = (0.0, 0.9)
    """Share of the loss at the smallest size that no size takes away."""
    exponent: tuple[float, float] = (0.5, 0.5)
    """Of the rectified law."""
    turn: tuple[float, float] = (0.1, 1e4)
    """D0 over the smallest size, uniform in the logarithm."""
    plain_exponent: tuple[float, float] = (0.15, 0.8)
    """Of the plain power laws."""
    weights: Mapping[str, float] = field(
        default_factory=lambda: {"rectified": 1.0, "pinned": 1.0, "power": 0.3, "straight": 0.3}
    )
    """By form. `pinned` is the rectified law from the loss at size 0, where that is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Where a loss curve was first measured: the smallest positive size, and the loss there."""

    size: float
    loss: float
    at_zero: float | None


def extrapolate_loss(
    sizes: Sequence[float],
    losses: Sequence[float],
    targets: Sequence[float],
    *,
    loss_at_zero: float | None = None,
    priors: LossPriors | None = None,
) -> list[Estimate | Unmeasured]:
    """For each target size the posterior median of the loss that would be measured there, with its
    90 % interval; `n` is the number of points that it rests on.

    Losses are positive and of any unit; sizes may come in any order and more than once. A point of
    size 0 says the same as `loss_at_zero`, which goes before it. Targets that are not above 0, and
    all of them where no point is, come back Unmeasured. Raises ValueError for no loss curve.
    """
    belief = priors or LossPriors()
    size, loss = finite("sizes", sizes), finite("losses", losses)
    if len(size) != len(loss):
        raise ValueError(f"{len(size)} sizes, {len(loss)} losses")
    if np.any(size < 0):
        raise ValueError("a curve's sizes are not negative")
    zero = [] if loss_at_zero is None else finite("the loss at zero", [loss_at_zero]).tolist()
    if np.any(loss <= 0) or any(value <= 0 for value in zero):
        raise ValueError("losses are positive")
    asked = finite("targets", targets)
    zero += loss[size == 0].tolist()
    size, loss = size[size > 0], loss[size > 0]
    if len(size) == 0:
        return [Unmeasured("no point of the curve was measured")] * len(asked)
    fitting = asked[asked > 0]
    drawn = sample_loss(size, loss, fitting, zero[0] if zero else None, belief)
    quantiles = np.quantile(drawn, [0.05, 0.5, 0.95], axis=0)
    known = {
        target: Estimate(float(middle), float(low), float(high), len(size))
        for target, low, middle, high in zip(fitting.tolist(), *quantiles, strict=True)
    }
    return [known.get(target, Unmeasured("the curve starts above 0")) for target in asked.tolist()]


def sample_loss(
    sizes: Array, losses: Array, targets: Array, loss_at_zero: float | None, belief: LossPriors
) -> Array:
    """Draws of the loss of a new run at the targets, shape (draws, targets)."""
    first = float(sizes.min())
    start = Start(size=first, loss=float(np.median(losses[sizes == first])), at_zero=loss_at_zero)
    observed = Observed(
        sizes=sizes,
        values=np.log(losses),
        sampling=np.zeros((len(sizes), len(sizes))),
        scale=np.ones(len(sizes)),
        smallest=float(min(first, targets.min(initial=first))),
    )
    _, values = draw_values(
        forms_of(start, belief),
        likelihood(observed, belief.noise),
        targets,
        np.ones_like,
        draws=DRAWS,
        rng=np.random.default_rng(seed_of("loss", sizes.tolist())),
    )
    return np.asarray(np.exp(values))


def forms_of(start: Start, belief: LossPriors) -> list[Form]:
    """The forms of a loss curve that was first measured at `start`, in log losses."""
    latents = {"rectified": 4, "pinned": 3, "power": 3, "straight": 2}
    curves = {"rectified": rectified, "pinned": pinned, "power": power, "straight": straight}
    return [
        Form(name=name, latents=latents[name], weight=weight, curve=partial(curve, start, belief))
        for name, curve in curves.items()
        if (weight := belief.weights.get(name, 0.0)) > 0
        and (name != "pinned" or start.at_zero is not None)
    ]


def first_loss(u: Array, start: Start, belief: LossPriors) -> Array:
    return log_normal(u, start.loss, belief.start)


def spread(u: Array, low: float, high: float) -> Array:
    return np.asarray(low + (high - low) * u)


def turn(u: Array, start: Start, belief: LossPriors) -> Array:
    low, high = np.log(belief.turn[0]), np.log(belief.turn[1])
    return np.asarray(start.size * np.exp(spread(u, low, high)))


def rectified(start: Start, belief: LossPriors, u: Array, sizes: Array) -> Array:
    """The rectified law through the loss at the smallest size."""
    first = first_loss(u[:, 0], start, belief)
    floor = first * spread(u[:, 1], *belief.floor)
    exponent = log_normal(u[:, 2], *belief.exponent)
    scale = turn(u[:, 3], start, belief)
    left = 1 + growth(np.array([start.size]), scale, exponent)
    left = left / (1 + growth(sizes, scale, exponent))
    return np.asarray(np.log(floor[:, None] + (first - floor)[:, None] * left))


def pinned(start: Start, belief: LossPriors, u: Array, sizes: Array) -> Array:
    """The rectified law that starts at the loss at size 0."""
    assert start.at_zero is not None
    floor = min(start.loss, start.at_zero) * spread(u[:, 0], *belief.floor)
    exponent = log_normal(u[:, 1], *belief.exponent)
    left = 1 / (1 + growth(sizes, turn(u[:, 2], start, belief), exponent))
    return np.asarray(np.log(floor[:, None] + (start.at_zero - floor)[:, None] * left))


def power(start: Start, belief: LossPriors, u: Array, sizes: Array) -> Array:
    """A power law that ends at a floor."""
    first = first_loss(u[:, 0], start, belief)
    floor = first * spread(u[:, 1], *belief.floor)
    exponent = log_normal(u[:, 2], *belief.plain_exponent)
    left = 1 / growth(sizes, np.full(len(u), start.size), exponent)
    return np.asarray(np.log(floor[:, None] + (first - floor)[:, None] * left))


def straight(start: Start, belief: LossPriors, u: Array, sizes: Array) -> Array:
    """A straight line in log loss over log size."""
    exponent = log_normal(u[:, 1], *belief.plain_exponent)
    fallen = exponent[:, None] * (np.log(sizes) - np.log(start.size))
    return np.asarray(np.log(first_loss(u[:, 0], start, belief))[:, None] - fallen)
