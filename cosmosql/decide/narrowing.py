"""What a probe takes off the doubt about forecasts, or about which option is right."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from cosmosql.decide.value import Prospect

Array = NDArray[np.float64]

TELLING = 0.02
"""A probe that takes less than this share off the deviation of whether an option is right tells
nothing of it."""


def most_telling(right: NDArray[np.bool_], prospects: Mapping[str, Prospect]) -> str | None:
    """The prospect that takes most, for its cost, off the doubt about the most probable option;
    None where none takes a noticeable share of it.

    `right`, shape (options, draws): in which draws an option is feasible and its regret within the
    tolerance.
    """
    guess = right[[np.argmax(right.mean(axis=1))]].astype(np.float64)
    doubt = float(guess.std())
    told = {name: narrowing(guess, one.outcome) for name, one in prospects.items()}
    telling = [name for name, share in told.items() if doubt and share >= TELLING * doubt]
    return max(
        telling, key=lambda name: told[name] / max(prospects[name].cost, 1e-300), default=None
    )


def narrowing(predicted: Array, outcome: Array) -> float:
    """By how much the forecasts' mean deviation falls once the outcome is known, by their linear
    regression on it; what as many draws correlate by chance is taken off.

    >>> draws = np.random.default_rng(0).standard_normal((1, 2_000))
    >>> round(narrowing(draws, draws[0]), 2), narrowing(draws, -np.roll(draws[0], 7)) < 0.01
    (0.97, True)
    """
    spread = outcome.std()
    deviations = predicted.std(axis=1)
    if spread == 0:
        return 0.0
    centred = predicted - predicted.mean(axis=1, keepdims=True)
    covariance = centred @ (outcome - outcome.mean()) / len(outcome)
    known = (covariance / np.maximum(deviations * spread, 1e-300)) ** 2
    explained = np.clip(known - 2 / len(outcome), 0.0, 1.0)
    return float(np.mean(deviations * (1 - np.sqrt(1 - explained))))
