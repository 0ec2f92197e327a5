"""`combined`: what it finds, what it leaves out, and the same answer row by row as over arrays."""

from __future__ import annotations

import json

import numpy as np
import pytest

from cosmosql.contracts.policy import Known, Question, Seen
from cosmosql.policies import logistic
from cosmosql.policies.calibration import cross_fitted, platt, reliability
from cosmosql.policies.cascade import Cascade
from cosmosql.policies.combination import combination_of, combine, combined
from cosmosql.policies.curves import accuracies

ROWS = 1500


def world() -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Two signals that each know half of what makes a row right, and two that know nothing."""
    rng = np.random.default_rng(2)
    first, second = rng.normal(size=ROWS), rng.normal(size=ROWS)
    right = (rng.random(ROWS) < 1 / (1 + np.exp(-1.5 * (first + second)))).astype(float)
    entropy = np.where(rng.random(ROWS) < 0.1, np.nan, -second)
    return {
        "margin": first,
        "entropy": entropy,
        "max_probability": np.full(ROWS, 0.5),
        "mean_logprob": np.full(ROWS, np.nan),
    }, right


def test_it_knows_more_than_its_parts_and_is_calibrated() -> None:
    signals, right = world()
    folds = np.arange(ROWS) % 5
    weights = np.random.default_rng(0).exponential(size=(200, ROWS))
    chances = combined(signals, right, folds)
    whole = reliability(chances, right, weights, seed=0)
    part = reliability(cross_fitted(platt, signals["margin"], right, folds), right, weights, seed=0)
    assert whole.brier.high < part.brier.low
    assert whole.error.value < 2 * whole.error_by_chance


def test_what_does_not_vary_is_left_out() -> None:
    signals, right = world()
    found = combine(signals, right)
    assert found is not None
    assert found.names == ("entropy", "margin")
    assert found.slopes[0] < 0 < found.slopes[1]
    assert combine({"margin": np.ones(5)}, np.ones(5)) is None
    assert np.isnan(combined({"margin": np.ones(6)}, np.ones(6), np.arange(6) % 2)).all()


def test_row_by_row_and_over_arrays_agree_after_saving() -> None:
    signals, right = world()
    found = combine(signals, right)
    assert found is not None
    again = combination_of(json.loads(json.dumps(found.state())))
    assert again == found
    over = found.over(signals, ROWS)
    for row in range(40):
        one = {name: float(values[row]) for name, values in signals.items()}
        assert again.of(one) == pytest.approx(over[row], abs=1e-12)
    assert np.isnan(found.of({})) and np.isnan(found.over({}, 1)[0])
    assert found.of({"margin": 1.0}) == pytest.approx(
        found.over({"margin": np.array([1.0])}, 1)[0], abs=1e-12
    )


def test_no_row_is_judged_by_a_fit_on_itself() -> None:
    signals, right = world()
    folds = np.arange(ROWS) % 5
    flipped = right.copy()
    flipped[0] = 1 - flipped[0]
    before, after = combined(signals, right, folds), combined(signals, flipped, folds)
    assert (before[folds == 0] == after[folds == 0]).all()
    assert (before[folds != 0] != after[folds != 0]).any()


@pytest.mark.parametrize(
    "state",
    [
        {"names": ["a"], "means": [1.0], "slopes": []},
        {"names": ["a"], "means": [1.0], "slopes": [], "intercept": 0.0},
        {"names": ["a"], "means": ["x"], "slopes": [1.0], "intercept": 0.0},
        {"names": "a", "means": [1.0], "slopes": [1.0], "intercept": 0.0},
    ],
)
def test_a_broken_state_is_refused(state: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        combination_of(state)


def test_logistic_regression_finds_the_weights() -> None:
    rng = np.random.default_rng(5)
    features = rng.normal(2.0, 3.0, size=(20_000, 2))
    chances = 1 / (1 + np.exp(-(0.5 * features[:, 0] - 0.25 * features[:, 1])))
    found = logistic.fit(features, chances)
    slopes = np.array(found.weights) / np.array(found.scales)
    assert slopes == pytest.approx([0.5, -0.25], abs=0.01)
    assert found.chances(features) == pytest.approx(chances, abs=0.01)


def test_all_right_is_no_certainty() -> None:
    features = np.arange(20.0)[:, None]
    assert 0.9 < logistic.fit(features, np.ones(20)).chances(features).max() < 0.99


def known(signals: dict[str, np.ndarray], right: np.ndarray) -> Known:
    questions = tuple(Question(row=f"row {place}", text="") for place in range(ROWS))
    seen = Seen(questions=questions, signals=(signals, {}), costs=np.array([1.0, 4.0]))
    return Known(seen=seen, scores=np.stack([right, np.ones(ROWS)]))


def test_a_cascade_by_the_combination_beats_one_by_its_parts() -> None:
    """The large tier is always right, so that whoever tells best who is wrong gains most."""
    rows = known(*world())
    reached = {}
    for signal in ("margin", "entropy", "combined"):
        fitted = Cascade().fit(rows, {"signal": signal}, seed=0)
        reached[signal] = accuracies(fitted.ways(rows.seen, [2.0]), rows.scores)[0]
    assert reached["combined"] > max(reached["margin"], reached["entropy"]) + 0.02


def test_a_saved_cascade_by_the_combination_serves_as_before() -> None:
    signals, right = world()
    rows = known(signals, right)
    fitted = Cascade().fit(rows, {"signal": "combined"}, seed=0)
    rule = fitted.rule(2.0)
    again = Cascade().load(json.loads(json.dumps(rule.state())))
    expected = fitted.ways(rows.seen, [2.0]).answers[0, 1]
    for place, question in enumerate(rows.seen.questions[:200]):
        own = {name: float(values[place]) for name, values in signals.items()}
        assert again.then(question, 0, own) == rule.then(question, 0, own)
        if expected[place] in (0.0, 1.0):
            assert again.then(question, 0, own) == expected[place]
    assert again.then(rows.seen.questions[0], 0, {}) == 1


def test_without_signals_that_vary_a_cascade_has_none_to_combine() -> None:
    rows = known({"margin": np.ones(ROWS)}, np.ones(ROWS))
    rule = Cascade().fit(rows, {"signal": "combined"}, seed=0).rule(2.0)
    assert rule.state()["signals"] == ["margin"]
