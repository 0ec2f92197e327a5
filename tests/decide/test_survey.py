"""A survey narrows what is widest, whatever it is worth to the choice."""

from __future__ import annotations

import numpy as np

from cosmosql.decide.narrowing import most_telling, narrowing
from cosmosql.decide.value import Prospect


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


def test_the_probe_that_tells_most_of_the_likeliest_option_for_its_cost() -> None:
    rng = np.random.default_rng(6)
    first, second = rng.standard_normal((2, 4_000))
    right = np.array([first > -0.5, second > 0.5])
    probes = {
        "of the other": Prospect(outcome=second, cost=1.0),
        "dear": Prospect(outcome=first, cost=9.0),
        "noisy": Prospect(outcome=first + 0.5 * rng.standard_normal(4_000), cost=1.0),
        "of nothing": Prospect(outcome=rng.standard_normal(4_000), cost=0.01),
    }
    assert most_telling(right, probes) == "noisy"
    assert most_telling(right, {"dear": probes["dear"]}) == "dear"
    assert most_telling(right, {"of nothing": probes["of nothing"]}) is None


def test_nothing_tells_of_what_is_certain() -> None:
    sure = np.ones((1, 500), bool)
    outcome = np.random.default_rng(7).standard_normal(500)
    assert most_telling(sure, {"any": Prospect(outcome=outcome, cost=1.0)}) is None
