from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmosql.predict.metric import measured_on, row_efficiency
from cosmosql.predict.pairing import in_order_of, row_weights

ROWS = tuple(f"row {index}" for index in range(30))


def test_a_row_weighs_the_same_whatever_else_was_measured() -> None:
    every = row_weights(ROWS, draws=50, seed=1)
    some = row_weights(ROWS[10:20], draws=50, seed=1)
    ratio = every[:, 10:20] / some
    np.testing.assert_allclose(ratio, np.broadcast_to(ratio[:, :1], ratio.shape))


def test_weights_are_dirichlet() -> None:
    weights = row_weights(ROWS, draws=20_000, seed=0) / len(ROWS)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0)
    expected = (1 / 30) * (29 / 30) / 31
    assert weights.var(axis=0).mean() == pytest.approx(expected, rel=0.03)


def test_another_seed_gives_other_weights() -> None:
    assert (row_weights(ROWS, draws=5, seed=0) != row_weights(ROWS, draws=5, seed=1)).any()


@given(st.integers(0, 1000))
def test_ordering_leaves_the_distribution_alone(seed: int) -> None:
    rng = np.random.default_rng(seed)
    level, posterior = rng.normal(size=200), rng.normal(size=(200, 2))
    ordered = in_order_of(level, posterior, rng.normal(size=200), seed=seed)
    np.testing.assert_array_equal(np.sort(ordered, axis=0), np.sort(posterior, axis=0))


def test_draws_of_rows_that_lift_the_points_lift_the_forecast() -> None:
    rng = np.random.default_rng(0)
    level = 0.02 * rng.normal(size=3000)
    curve = 0.025 * rng.normal(size=3000)
    ordered = in_order_of(level, 0.8 + curve[:, None], curve, seed=0)
    assert np.corrcoef(level, ordered[:, 0])[0, 1] == pytest.approx(0.8, abs=0.05)


def test_test_rows_add_binomial_noise() -> None:
    draws = np.full(20_000, 0.8)
    noisy = measured_on(draws, 100, seed=0)
    assert noisy.std() == pytest.approx(np.sqrt(0.8 * 0.2 / 100), rel=0.03)
    assert measured_on(draws, None, seed=0) is draws


def test_a_metric_that_varies_more_counts_fewer_rows() -> None:
    rng = np.random.default_rng(0)
    plain = rng.beta(160, 40, 20_000)
    wild = np.clip(0.8 + 2 * (plain - 0.8), 0, 1)
    assert row_efficiency(plain, 200) == pytest.approx(1.0, rel=0.05)
    assert row_efficiency(wild, 200) == pytest.approx(0.25, rel=0.1)
