"""What other pairs of tiers teach of a new one before its first labelled row.

Gains differ in size from pair to pair and in where they lie much less. Learnt is the shape: how the
gain, in units of its mean, goes with the look of a question and with the rank of the cheaper
answer's margin; and how much each policy has won. `stdlib/past/policies.json` holds what is
shipped; `tests/bench/two_tier.py --learn` writes it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from cosmosql.contracts.policy import Array, Known
from cosmosql.policies.confidence import signal_of
from cosmosql.policies.graded import graded
from cosmosql.policies.linear import Block, fit
from cosmosql.policies.looked import looked_at
from cosmosql.policies.surface import SURFACE
from cosmosql.policies.waves import Standard, standard
from cosmosql.resources import resource

RANK_FEATURES = 5

LEAST_LEVEL = 0.02
"""Of a mean gain: where the dearer tier hardly gains, little is expected to lie anywhere."""

SCALES = (0.02, 0.05, 0.1, 0.2, 0.4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """A normal belief of a number."""

    mean: float
    deviation: float

    def block(self, values: Array) -> Block:
        """The one feature, shape (rows,), that a weight so believed in belongs to."""
        return Block(
            values=values[:, None],
            mean=np.array([self.mean]),
            deviation=np.array([self.deviation]),
            scales=(1.0,),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prior:
    """`surface` weighs standardised surface features, `signal` the rank features of an answer's
    margin: gains in units of their mean. The slopes say how much of either a new pair shows.
    `policies`: what each kind has won over the random mix in AUC, in the same units."""

    standard: Standard
    surface: Array = field(repr=False)
    surface_slope: Belief
    signal: Array = field(repr=False)
    signal_slope: Belief
    policies: Mapping[str, Belief]

    def shape(self, surfaces: Array) -> Array:
        """What the surface of questions promises, shape (rows,)."""
        return np.asarray(self.standard.of(surfaces) @ self.surface)


def level(gains: Array) -> float:
    """The mean gain, the unit of a pair's gains."""
    return max(float(gains.mean()), LEAST_LEVEL)


def rank_features(rank: Array, promised: Array) -> Array:
    """Hermite polynomials of the margin's normal score, and their products with the promised gain
    in units of the mean gain; shape (rows, RANK_FEATURES)."""
    square = rank**2 - 1
    more = np.clip(promised - 1, -2.0, 2.0)
    return np.stack([rank, square, rank**3 - 3 * rank, rank * more, square * more], axis=-1)


def learn(pairs: Sequence[Known], policies: Mapping[str, Belief]) -> Prior:
    """The shape that pairs of two tiers on the same questions have in common."""
    surfaces, _ = looked_at(pairs[0].seen.questions)
    scale = standard(surfaces)
    looks = scale.of(surfaces)
    shares = [gains(pair) / level(gains(pair)) for pair in pairs]
    surface = fit((Block.plain(looks, scales=SCALES),), np.mean(shares, axis=0)).linear.weights
    ranks, rests, own = [], [], []
    for pair, share in zip(pairs, shares, strict=True):
        promised = fit((Block.plain(looks, scales=SCALES),), share)
        own.append(promised.linear.weights)
        ranks.append(rank_features(main_rank(pair), promised.left_out))
        rests.append(share - promised.left_out)
    lines = [
        fit((Block.plain(rank, scales=SCALES),), rest).linear.weights
        for rank, rest in zip(ranks, rests, strict=True)
    ]
    signal = np.mean(lines, axis=0)
    return Prior(
        standard=scale,
        surface=surface,
        surface_slope=slope_belief(looks, own),
        signal=signal,
        signal_slope=slope_belief(np.vstack(ranks), lines),
        policies=policies,
    )


def gains(pair: Known) -> Array:
    return np.asarray(pair.scores[-1] - pair.scores[0])


def main_rank(pair: Known) -> Array:
    """Normal scores of the cheaper tier's margin."""
    signals = pair.seen.signals[0]
    name = signal_of(signals, "margin")
    if name is None:
        return np.zeros(pair.seen.rows)
    return graded(name, signals[name]).of(signals[name])


LEAST_DEVIATION = 0.3
"""Of a slope: pairs that were seen are few and much alike."""


def slope_belief(features: Array, weights: Sequence[Array]) -> Belief:
    """How much of the shape that the other pairs have in common each pair shows."""
    slopes = []
    for place, own in enumerate(weights):
        others = [one for index, one in enumerate(weights) if index != place]
        if others:
            common, mine = features @ np.mean(others, axis=0), features @ own
            common = common - common.mean()
            slopes.append(float(common @ mine / max(float(common @ common), 1e-12)))
    if not slopes:
        return Belief(mean=1.0, deviation=1.0)
    return Belief(
        mean=float(np.mean(slopes)), deviation=max(float(np.std(slopes)), LEAST_DEVIATION)
    )


@lru_cache(maxsize=1)
def shipped() -> Prior:
    """The prior that comes with CosmosQL."""
    place = resource("stdlib") / "past" / "policies.json"
    return prior_of(json.loads(place.read_text(encoding="utf-8")))


def document(prior: Prior) -> dict[str, object]:
    """What `prior_of` reads again: numbers with 6 significant digits."""

    def numbers(values: Array) -> list[float]:
        return [float(f"{value:.6g}") for value in values]

    def belief(one: Belief) -> dict[str, float]:
        mean, deviation = numbers(np.array([one.mean, one.deviation]))
        return {"mean": mean, "deviation": deviation}

    return {
        "features": list(SURFACE),
        "centre": numbers(prior.standard.centre),
        "scale": numbers(prior.standard.scale),
        "surface": numbers(prior.surface),
        "surface_slope": belief(prior.surface_slope),
        "signal": numbers(prior.signal),
        "signal_slope": belief(prior.signal_slope),
        "policies": {name: belief(one) for name, one in sorted(prior.policies.items())},
    }


def prior_of(found: dict[str, object]) -> Prior:
    """Raises KeyError, TypeError or ValueError where the document is none of ours."""

    def numbers(name: str) -> Array:
        return np.array(found[name], np.float64)

    def belief(value: object) -> Belief:
        if not isinstance(value, dict):
            raise TypeError("a belief has a mean and a deviation")
        return Belief(mean=float(value["mean"]), deviation=float(value["deviation"]))

    if found["features"] != list(SURFACE):
        raise ValueError("the prior was learnt on other features")
    policies = found["policies"]
    if not isinstance(policies, dict):
        raise TypeError("policies are beliefs by name")
    return Prior(
        standard=Standard(centre=numbers("centre"), scale=numbers("scale")),
        surface=numbers("surface"),
        surface_slope=belief(found["surface_slope"]),
        signal=numbers("signal"),
        signal_slope=belief(found["signal_slope"]),
        policies={name: belief(one) for name, one in policies.items()},
    )
