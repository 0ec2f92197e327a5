"""A survey narrows what is widest, whatever it is worth to the choice."""

from __future__ import annotations

import numpy as np

from cosmosql.decide.adaptive import narrowing


def test_a_probe_of_the_wider_and_of_more_forecasts_narrows_more() -> None:
    rng = np.random.default_rng(4)
    shared, own = rng.standard_normal((2, 4_000))
    predicted = np.array([0.05 * shared, 0.05 * shared, 0.02 * own])
    assert narrowing(predicted, shared) > narrowing(predicted, own) > 0
    noisy = shared + 2 * rng.standard_normal(4_000)
    assert narrowing(predicted, shared) > narrowing(predicted, noisy) > 0


def test_an_outcome_that_tells_nothing_narrows_nothing() -> None:
    rng = np.random.default_rng(5)
    predicted = 0.05 * rng.standard_normal((3, 4_000))
    assert narrowing(predicted, rng.standard_normal(4_000)) < 1e-4
    assert narrowing(predicted, np.ones(4_000)) == 0.0
