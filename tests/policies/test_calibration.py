"""Calibration against chances that are known, and the edges where little is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmosql.policies.calibration import (
    FITS,
    calibration_errors,
    cross_fitted,
    equal_mass,
    isotonic,
    platt,
    reliability,
    share_right,
)

ROWS = 2000


def world(rows: int = ROWS, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Confidence, the true chance of being right, and the outcome."""
    rng = np.random.default_rng(seed)
    confidence = rng.gamma(1.5, 1.0, rows)
    chance = 1 / (1 + np.exp(1.2 - confidence))
    return confidence, chance, (rng.random(rows) < chance).astype(float)


def weights(rows: int, draws: int = 300) -> np.ndarray:
    return np.random.default_rng(9).exponential(size=(draws, rows))


@pytest.mark.parametrize("name", FITS)
def test_a_fit_finds_the_chances(name: str) -> None:
    confidence, chance, right = world()
    found = cross_fitted(FITS[name], confidence, right, np.arange(ROWS) % 5)
    assert np.abs(found - chance).mean() < 0.04
    judged = reliability(found, right, weights(ROWS), seed=0)
    assert judged.error.low < judged.error_by_chance < judged.error.high + 0.02
    assert judged.brier.value == pytest.approx(((chance - right) ** 2).mean(), abs=0.005)


def test_an_overconfident_chance_shows() -> None:
    _, chance, right = world()
    honest = reliability(chance, right, weights(ROWS), seed=0)
    bold = reliability(np.where(chance > 0.5, 1.0, 0.0), right, weights(ROWS), seed=0)
    assert honest.error.value < 2 * honest.error_by_chance
    assert bold.error.low > 0.15
    assert bold.error_by_chance == 0.0
    assert bold.brier.low > honest.brier.high


def test_the_interval_of_the_calibration_error_holds_the_truth() -> None:
    """Exact chances have no error, though every sample shows one; squared chances have 0.203."""
    held = {0.0: 0, 0.203: 0}
    for seed in range(40):
        _, chance, right = world(300, seed)
        for true, said in ((0.0, chance), (0.203, chance**2)):
            found = reliability(said, right, weights(300), seed=0).error
            held[true] += found.low <= true <= found.high
            assert found.value > 0.02
    assert min(held.values()) >= 33


def test_bins_have_equally_many_rows() -> None:
    bins = equal_mass(np.random.default_rng(1).random(305))
    assert np.bincount(bins).tolist() == [31, 30] * 5
    assert equal_mass(np.zeros(7)).tolist() == [0] * 7
    assert len(set(equal_mass(np.arange(59.0)))) == 2


def test_the_calibration_error_by_hand() -> None:
    """Two bins of two rows: |0.5 - 1| and |0.75 - 0.5|, each of half the weight."""
    chances, right = np.array([0.5, 0.5, 0.75, 0.75]), np.array([1.0, 1.0, 1.0, 0.0])
    bins = np.array([0, 0, 1, 1])
    found = calibration_errors(chances, right, np.ones((1, 4)), bins)
    assert found == pytest.approx([0.375])


def test_rows_without_the_signal_get_their_own_share() -> None:
    confidence = np.array([np.nan] * 40 + [1.0, 2.0] * 30)
    right = np.array([0.0] * 40 + [0.0, 1.0] * 30)
    found = cross_fitted(platt, confidence, right, np.arange(100) % 5)
    assert found[:40] == pytest.approx(0.5 / 33)
    assert found[40] < 0.2 < 0.8 < found[41]


def test_a_signal_on_no_row_gives_the_share() -> None:
    found = cross_fitted(platt, np.full(10, np.nan), np.ones(10), np.arange(10) % 5)
    assert found == pytest.approx(8.5 / 9)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(-5, 5), st.booleans()), min_size=2, max_size=60))
def test_isotonic_chances_rise_and_are_never_certain(rows: list[tuple[float, bool]]) -> None:
    confidence = np.array([signal for signal, _ in rows])
    right = np.array([float(came_true) for _, came_true in rows])
    found = isotonic(confidence, right)(np.linspace(-6, 6, 50))
    assert (np.diff(found) >= -1e-12).all()
    assert (found > 0).all() and (found < 1).all()


def test_the_share_has_its_exact_interval() -> None:
    """Clopper and Pearson's for 8 of 10 at 0.9: 0.4931 to 0.9632."""
    found = share_right(np.array([1.0] * 8 + [0.0] * 2), 0.9)
    assert (found.low, found.high) == pytest.approx((0.4931, 0.9632), abs=5e-5)
    assert share_right(np.ones(10), 0.9).high == 1.0
    assert share_right(np.zeros(10), 0.9).low == 0.0
