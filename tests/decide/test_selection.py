"""The winner's curse: what was measured best is corrected, and no more than it should be."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmosql.decide.choose import decide
from cosmosql.decide.decision import Verdict
from cosmosql.decide.selection import corrected
from cosmosql.predict.forecast import Distribution
from tests.bench.selection import SCENES, Outcome, simulate


def seen(truth: list[float], noise: float, seed: int, draws: int = 300) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    values = np.array(truth) + noise * rng.standard_normal(len(truth))
    return [value + noise * rng.standard_normal(draws) for value in values]


def bias(outcomes: list[Outcome]) -> float:
    return 100 * float(np.mean([one.error for one in outcomes]))


def test_two_options_by_hand() -> None:
    """With the noise's variance v in each, a gap of g and a spread of ratio r between peers, the
    gap is kept by r / (1 + r): whatever the ratios weigh, the means move towards each other by the
    same amount and their sum stays."""
    draws = seen([0.80, 0.80], 0.0, seed=1)
    rng = np.random.default_rng(2)
    noise = rng.standard_normal((2, 4000))
    noise -= noise.mean(axis=1, keepdims=True)
    draws = [level + 0.02 * row for level, row in zip((0.82, 0.78), noise, strict=True)]
    first, second = (one.mean() for one in corrected(draws, seed=0))
    assert 0.78 < second < first < 0.82
    assert first + second == pytest.approx(1.6, abs=0.002)
    assert first - second == pytest.approx(0.02, abs=0.012)


def test_options_far_apart_are_left_alone() -> None:
    draws = seen([0.3, 0.6, 0.9], 0.005, seed=0, draws=1000)
    for before, after in zip(draws, corrected(draws, seed=0), strict=True):
        assert after.mean() == pytest.approx(before.mean(), abs=0.003)
        assert after.std() == pytest.approx(before.std(), rel=0.2)


def test_one_alone_and_options_without_noise_stay() -> None:
    alone = seen([0.7], 0.02, seed=0)
    assert corrected(alone, seed=0)[0] is alone[0]
    exact = [np.full(50, level) for level in (0.5, 0.6, 0.7)]
    for before, after in zip(exact, corrected(exact, seed=0), strict=True):
        assert (before == after).all()
    assert corrected([], seed=0) == []


def test_what_answers_alike_counts_once() -> None:
    draws = seen([0.8, 0.79, 0.7], 0.02, seed=4)
    once, twice = corrected(draws, seed=0), corrected([*draws, draws[0]], seed=0)
    assert all((a == b).all() for a, b in zip(once, twice[:3], strict=True))
    assert (twice[3] == twice[0]).all()


@settings(max_examples=12)
@given(st.permutations(range(5)), st.integers(0, 100))
def test_the_order_of_options_changes_nothing(order: list[int], seed: int) -> None:
    draws = seen([0.8, 0.79, 0.78, 0.6, 0.8], 0.02, seed=seed, draws=60)
    straight = corrected(draws, seed=0)
    mixed = corrected([draws[place] for place in order], seed=0)
    for place, after in zip(order, mixed, strict=True):
        assert (after == straight[place]).all()


def test_many_options_and_one_draw_pattern_stay_inside_the_unit_interval() -> None:
    draws = [np.clip(one, 0, 1) for one in seen([0.99] * 45, 0.02, seed=0)]
    after = np.array(corrected(draws, seed=0))
    assert ((after >= 0) & (after <= 1)).all()
    assert after.mean() == pytest.approx(np.mean(draws), abs=0.005)


@pytest.mark.parametrize(
    "name", ["10 near", "10 equal, 15 far below", "4 families of 4", "two groups of 10"]
)
def test_the_best_is_no_longer_too_good(name: str) -> None:
    before, after = simulate(SCENES[name], 30, seed=11)
    assert bias(before) > 1.0
    assert abs(bias(after)) < 0.6 * bias(before)
    errors = [float(np.mean([one.error**2 for one in side])) for side in (before, after)]
    assert errors[1] < errors[0]
    covered = [float(np.mean([one.covered for one in side])) for side in (before, after)]
    assert covered[1] >= max(covered[0], 0.75)
    regret = [float(np.mean([one.regret for one in side])) for side in (before, after)]
    assert regret[1] <= regret[0] + 0.002


@pytest.mark.parametrize("name", ["1 far above 9", "25 anywhere"])
def test_a_leader_without_peers_keeps_what_it_measured(name: str) -> None:
    before, after = simulate(SCENES[name], 30, seed=12)
    assert abs(bias(after) - bias(before)) < 0.5


def test_the_plan_holds_the_corrected_forecast_and_verdicts_follow_it(
    candidate: Any, query: Any, requirement: Any
) -> None:
    """Thirty options of the same truth: the best looks as if it met the floor."""
    rng = np.random.default_rng(1)
    forecasts = [
        candidate(f"strategy.s{place}", (rng.random(300) < 0.8).astype(float))
        for place in range(30)
    ]
    names = [one.candidate.name for one in forecasts]
    best = max(forecasts, key=lambda one: one.metric.value)
    floor = requirement("accuracy", ">=", "80.5%")
    alone = decide(query(floor, among=names), [best], [], n_test=None, seed=0)
    assert alone.options[0].verdict is Verdict.HOLDS
    assert alone.options[0].corrected is None
    found = decide(query(floor, among=names), forecasts, [], n_test=None, seed=0)
    option = next(one for one in found.options if one.name == best.candidate.name)
    assert option.corrected is not None and option.verdict is Verdict.UNDECIDED
    assert option.corrected.value < best.metric.value - 0.015
    assert option.corrected.low <= 0.8 <= option.corrected.high
    assert "corrected" in option.misses[0].found


def test_a_prediction_is_a_posterior_already(candidate: Any, query: Any) -> None:
    forecasts = [candidate(f"strategy.s{n}", [1.0] * (70 + n) + [0.0] * 30) for n in range(3)]
    told = forecasts[2]
    predicted = replace(told, metric=replace(told.metric, basis="predicted"))
    names = [one.candidate.name for one in forecasts]
    found = decide(query(among=names), [*forecasts[:2], predicted], [], n_test=100, seed=0)
    assert isinstance(predicted.metric, Distribution)
    assert [one.corrected is None for one in found.options] == [False, False, True]
