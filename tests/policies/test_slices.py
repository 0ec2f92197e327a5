"""Slices that are worse, and slices that were merely unlucky."""

from __future__ import annotations

import numpy as np
import pytest

from cosmosql.policies.slices import worst_slices


def outcomes(*parts: tuple[str, int, int]) -> tuple[np.ndarray, list[str]]:
    """Rows of parts, each with its name, how many are right and how many there are."""
    scores = [float(row < right) for _, right, rows in parts for row in range(rows)]
    return np.array(scores), [name for name, _, rows in parts for _ in range(rows)]


def test_a_true_weakness_stays_and_luck_is_drawn_in() -> None:
    """Two hundred rows at 40 % keep their mean, eleven of them come half way up."""
    others = [(f"label {place}", 160 + 2 * place, 200) for place in range(6)]
    scores, names = outcomes(("weak", 80, 200), ("unlucky", 5, 11), *others)
    found = worst_slices(scores, {"label": names})
    assert found is not None
    weak, unlucky = found.worst[:2]
    assert (weak.name, unlucky.name) == ("weak", "unlucky")
    assert weak.shrunk == pytest.approx(0.4, abs=0.03)
    assert unlucky.shrunk > unlucky.mean.value + 0.1
    assert weak.mean.high < found.mean < unlucky.mean.high
    assert (found.looked_at, found.shown) == (8, 1)


def test_slices_that_vary_as_rows_do_are_all_alike() -> None:
    rng = np.random.default_rng(3)
    alike = 0
    for _ in range(50):
        scores = (rng.random(400) < 0.8).astype(float)
        found = worst_slices(scores, {"label": [f"label {row % 20}" for row in range(400)]})
        assert found is not None
        spread = max(abs(one.shrunk - found.mean) for one in found.worst)
        alike += spread < 0.05
        assert min(one.mean.value for one in found.worst) < found.mean - 0.05
    assert alike >= 40


def test_intervals_hold_together() -> None:
    """Over 200 worlds of 30 slices some interval misses the truth in at most a tenth."""
    rng = np.random.default_rng(4)
    names = [f"part {row % 30}" for row in range(900)]
    missed = 0
    for _ in range(200):
        found = worst_slices((rng.random(900) < 0.7).astype(float), {"part": names})
        assert found is not None
        missed += any(one.mean.high < 0.7 for one in found.worst)
    assert missed <= 20


def test_small_parts_and_lone_parts_are_not_looked_at() -> None:
    scores = np.array([1.0, 0.0] * 20)
    names: list[str | None] = ["large"] * 31 + ["small"] * 9
    assert worst_slices(scores, {"label": names, "length": ["one"] * 40}) is None
    assert worst_slices(scores, {}) is None
    unnamed: list[str | None] = ["first"] * 15 + ["second"] * 15 + [None] * 10
    found = worst_slices(scores, {"label": unnamed, "length": names})
    assert found is not None and found.looked_at == 2
