"""Ways to choose under a cap that a forecast has to beat, and what each gives up.

A rule is given the candidates that fit the cap and returns those that it would take, each equally
likely. None of them extrapolates anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

import numpy as np

from cosmosql.predict.pairing import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A candidate with its truth, and what a rule may know of it before anything is run in full.

    `truth` is the metric, `draws` its paired draws, shape (draws,); `flops` what adapting it and
    answering the test rows takes; `parameters` of its model, 0 without one; `probed` the metric
    at its curve's last probe, None where none was made.
    """

    name: str
    kind: str
    trains: bool
    parameters: int
    shots: float
    flops: float
    probed: float | None
    truth: float
    draws: Array = field(repr=False)


Rule: TypeAlias = Callable[[Sequence[Option]], Sequence[Option]]


def dearest(options: Sequence[Option]) -> Sequence[Option]:
    return highest(options, lambda one: one.flops)


def largest_tuned(options: Sequence[Option]) -> Sequence[Option]:
    """The dearest candidate that trains; the dearest of all where none that trains fits."""
    return dearest([one for one in options if one.trains] or options)


def best_at_last_probe(options: Sequence[Option]) -> Sequence[Option]:
    """The best score at the last probe of its curve, the dearest of equals; any where no probe was
    made of what fits."""
    probed = [one for one in options if one.probed is not None]
    return dearest(highest(probed, lambda one: one.probed or 0.0)) if probed else options


def largest_in_context(options: Sequence[Option]) -> Sequence[Option]:
    """The largest model with the most demonstrations; the dearest where none demonstrates."""
    shown = [one for one in options if one.shots > 0]
    return highest(shown, lambda one: (one.parameters, one.shots)) if shown else dearest(options)


def random_choice(options: Sequence[Option]) -> Sequence[Option]:
    return options


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "largest fine-tuning": largest_tuned,
        "best at last probe": best_at_last_probe,
        "largest model in context": largest_in_context,
        "random": random_choice,
    }
)


def highest(
    options: Sequence[Option], key: Callable[[Option], float | tuple[float, float]]
) -> Sequence[Option]:
    """The options whose key is the largest; several where they are equal."""
    most = max(key(one) for one in options)
    return [one for one in options if key(one) == most]


def best(options: Sequence[Option]) -> Option:
    """The truly best option; the cheapest of equals."""
    return max(options, key=lambda one: (one.truth, -one.flops, one.name))


def regret(taken: Sequence[Option], options: Sequence[Option]) -> float:
    """What the best option has more than the mean of those taken, in points; at least 0."""
    return 100 * (best(options).truth - float(np.mean([one.truth for one in taken])))


def regret_draws(taken: Sequence[Option], options: Sequence[Option]) -> Array:
    """The same on other test rows and seeds, in points, shape (draws,); which option is truly best
    is taken as known."""
    mean = np.mean([one.draws for one in taken], axis=0)
    return np.asarray(100 * (best(options).draws - mean))


def three_caps(options: Sequence[Option]) -> tuple[float, ...]:
    """Caps that bind: the quartiles of the costs of options that have one, the lowest of them below
    the cost of the truly best option where that is possible. Fewer where they coincide."""
    costs = sorted(one.flops for one in options if one.flops > 0)
    if not costs:
        return ()
    caps = [float(np.quantile(costs, share, method="lower")) for share in (0.25, 0.5, 0.75)]
    limit = best(options).flops
    below = [cost for cost in costs if cost < limit]
    if limit <= caps[0] and below:
        caps[0] = below[-1]
    return tuple(sorted({cap for cap in caps if cap < costs[-1]}))
