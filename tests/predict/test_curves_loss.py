from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from cosmosql.interval import Estimate, Unmeasured
from cosmosql.predict.loss_curves import (
    LOSS_NOISE,
    LossPriors,
    Start,
    extrapolate_loss,
    forms_of,
)

SIZES = np.array([200.0, 400, 800, 1600, 3200, 6400])
TARGETS = np.array([25_600.0, 102_400])


def law(sizes: np.ndarray, floor: float, top: float, turn: float, power: float) -> np.ndarray:
    return floor + (top - floor) / (1 + (sizes / turn) ** power)


def estimates(*arguments: Any, **named: Any) -> list[Estimate]:
    found = extrapolate_loss(*arguments, **named)
    assert all(isinstance(one, Estimate) for one in found)
    return found  # type: ignore[return-value]


def test_a_rectified_curve_is_followed_where_a_line_is_not() -> None:
    """The curve turns down at the last sizes seen: a line through the logarithms is too high."""
    losses, truth = law(SIZES, 1.0, 4.0, 8000, 0.7), law(TARGETS, 1.0, 4.0, 8000, 0.7)
    found = estimates(SIZES, losses, TARGETS)
    slope, level = np.polyfit(np.log(SIZES), np.log(losses), 1)
    line = np.exp(level + slope * np.log(TARGETS))
    for one, value, straight in zip(found, truth, line, strict=True):
        assert one.low <= value <= one.high
        assert abs(one.value - value) < 0.6 * abs(straight - value)


def test_intervals_hold_nine_in_ten_of_drawn_curves() -> None:
    """Curves drawn from the priors themselves, with noise of their size."""
    rng = np.random.default_rng(3)
    every = np.concatenate([SIZES, TARGETS])
    hits = total = 0
    for _ in range(40):
        losses = law(
            every,
            floor=rng.uniform(0.1, 2.0),
            top=rng.uniform(3, 5),
            turn=np.exp(rng.uniform(np.log(100), np.log(1e6))),
            power=0.5 * np.exp(0.5 * rng.standard_normal()),
        ) * np.exp(0.006 * rng.standard_normal(len(every)))
        found = estimates(SIZES, losses[: len(SIZES)], TARGETS)
        for one, value in zip(found, losses[len(SIZES) :], strict=True):
            hits += one.low <= value <= one.high
            total += 1
    assert hits / total >= 0.8


def test_the_loss_before_training_may_be_told_either_way() -> None:
    losses = law(SIZES, 1.0, 4.0, 2000, 0.7)
    told = estimates(SIZES, losses, TARGETS, loss_at_zero=4.0)
    point = estimates([0, *SIZES], [4.0, *losses], TARGETS)
    assert told == point != estimates(SIZES, losses, TARGETS)


def test_every_form_falls() -> None:
    start = Start(size=200.0, loss=3.0, at_zero=4.0)
    u = np.random.default_rng(0).random((300, 4))
    sizes = np.geomspace(200, 1e7, 30)
    forms = forms_of(start, LossPriors())
    assert [form.name for form in forms] == ["rectified", "pinned", "power", "straight"]
    for form in forms:
        curves = form.curve(u[:, : form.latents], sizes)
        assert np.all(np.isfinite(curves))
        assert np.diff(curves, axis=1).max() <= 1e-12


def test_more_is_known_near_than_far() -> None:
    near, far = estimates(SIZES, law(SIZES, 1.0, 4.0, 2000, 0.7), [12_800, 1e6])
    assert math.log(near.high / near.low) < math.log(far.high / far.low)
    assert near.n == len(SIZES)


def test_steps_and_rows_are_the_same_curve() -> None:
    losses = law(SIZES, 1.0, 4.0, 2000, 0.7)
    rows = estimates(SIZES, losses, TARGETS)
    steps = estimates(SIZES / 200, losses, TARGETS / 200)
    for one, other in zip(rows, steps, strict=True):
        assert one.value == pytest.approx(other.value, rel=0.03)


@pytest.mark.parametrize(
    ("arguments", "named", "sentence"),
    [
        (([1, 2], [3.0], [4]), {}, "2 sizes, 1 losses"),
        (([1, -2], [3.0, 2.0], [4]), {}, "not negative"),
        (([1, 2], [3.0, 0.0], [4]), {}, "positive"),
        (([1, 2], [3.0, math.nan], [4]), {}, "finite"),
        (([1, 2], [3.0, 2.0], [math.inf]), {}, "finite"),
        (([1, 2], [3.0, 2.0], [4]), {"loss_at_zero": -1.0}, "positive"),
        (([1, 2], [3.0, 2.0], [4]), {"loss_at_zero": math.nan}, "finite"),
    ],
)
def test_what_is_no_loss_curve_is_refused(
    arguments: tuple[Any, ...], named: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        extrapolate_loss(*arguments, **named)


def test_what_cannot_be_known_is_unmeasured() -> None:
    (nothing,) = extrapolate_loss([0], [4.0], [100])
    assert isinstance(nothing, Unmeasured)
    before, after = extrapolate_loss([10, 20], [4.0, 3.5], [0, 40])
    assert isinstance(before, Unmeasured) and isinstance(after, Estimate)
    assert extrapolate_loss([10, 20], [4.0, 3.5], []) == []


def test_one_bad_size_does_not_carry_the_curve() -> None:
    losses = law(SIZES, 1.0, 4.0, 2000, 0.7)
    struck = losses.copy()
    struck[2] *= 1.5
    (clean,), (other,) = estimates(SIZES, losses, [25_600]), estimates(SIZES, struck, [25_600])
    assert other.value == pytest.approx(clean.value, rel=0.08)
    assert LOSS_NOISE.bad > 0
