"""The worth of a measurement against closed forms, and its limits."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from cosmosql.decide.value import (
    ERRORS,
    Prospect,
    contenders,
    gain,
    next_probe,
    utilities,
    worth,
)

DRAWS = 20_000


def everything(objective: np.ndarray) -> np.ndarray:
    return np.ones(objective.shape, bool)


def knowledge_gradient(gap: float, change: float) -> float:
    """Frazier, Powell and Dayanik 2009, "The knowledge-gradient policy for correlated normal
    beliefs", for two arms: s·f(-|gap|/s) with f(z) = z·Phi(z) + phi(z), s the deviation of the
    change of the arms' difference."""
    z = -abs(gap) / change
    return float(change * (z * norm.cdf(z) + norm.pdf(z)))


@pytest.mark.parametrize("gap", [0.0, 0.02, -0.05, 0.1])
@pytest.mark.parametrize("noise", [0.01, 0.05])
def test_one_uncertain_arm_against_a_known_one(gap: float, noise: float) -> None:
    rng = np.random.default_rng(1)
    deviation = 0.04
    arm = 0.8 + gap + deviation * rng.standard_normal(DRAWS)
    objective = np.array([arm, np.full(DRAWS, 0.8)])
    outcome = arm + noise * rng.standard_normal(DRAWS)
    change = deviation**2 / np.hypot(deviation, noise)
    found = gain(contenders(objective), outcome)
    expected = knowledge_gradient(gap, change)
    assert found.value == pytest.approx(expected, abs=3 * found.error + 2e-4)
    assert worth(objective, everything(objective), outcome) == max(found.value, 0.0)


def test_correlated_arms_tell_of_each_other() -> None:
    """What counts is by how much the difference of two arms moves, not the measured arm."""
    rng = np.random.default_rng(2)
    covariance = np.array([[1.0, 0.9], [0.9, 1.0]]) * 0.05**2
    arms = rng.multivariate_normal([0.7, 0.71], covariance, size=DRAWS).T
    noise = 0.02
    outcome = arms[0] + noise * rng.standard_normal(DRAWS)
    change = (covariance[0, 0] - covariance[0, 1]) / np.sqrt(covariance[0, 0] + noise**2)
    found = gain(contenders(arms), outcome)
    assert found.value == pytest.approx(
        knowledge_gradient(0.01, change), abs=3 * found.error + 2e-4
    )


def test_an_outcome_that_tells_nothing_is_worth_nothing() -> None:
    """A regression on the draws that it is judged on would find a gain in noise alone."""
    rng = np.random.default_rng(3)
    objective = 0.8 + 0.03 * rng.standard_normal((30, 500))
    found = [gain(contenders(objective), rng.standard_normal(500)).value for _ in range(40)]
    assert np.mean(found) < 0.0005
    prospects = {str(i): Prospect(outcome=rng.standard_normal(500), cost=1.0) for i in range(5)}
    picked = next_probe(contenders(objective), prospects.items())
    assert picked is None or picked.gain.value < 0.01


def test_a_constant_outcome_or_a_single_option_is_worth_nothing() -> None:
    rng = np.random.default_rng(4)
    objective = rng.standard_normal((3, 200))
    assert worth(objective, everything(objective), np.full(200, 0.5)) == 0.0
    assert worth(objective[:1], everything(objective[:1]), objective[0]) == 0.0


def test_perfect_information_is_worth_the_expected_regret() -> None:
    rng = np.random.default_rng(5)
    arms = np.array([np.full(DRAWS, 0.0), rng.standard_normal(DRAWS)])
    regret = float(arms.max(axis=0).mean() - arms.mean(axis=1).max())
    assert worth(arms, everything(arms), arms[1]) == pytest.approx(regret, rel=0.03)


def test_a_scale_scales_the_worth() -> None:
    rng = np.random.default_rng(6)
    arms = rng.standard_normal((4, 2000))
    outcome = arms[0] + rng.standard_normal(2000)
    once = worth(arms, everything(arms), outcome)
    assert worth(1e-4 * arms - 7, everything(arms), 50 * outcome + 3) == pytest.approx(1e-4 * once)


def test_requirements_make_the_metric_worth_knowing() -> None:
    """The objective is a known cost; whether the cheap one is allowed is open. Who takes it all
    the same is left with the dear one where it is not."""
    rng = np.random.default_rng(7)
    deviation, noise = 0.05, 0.02
    metric = 0.8 + deviation * rng.standard_normal(DRAWS)
    outcome = metric + noise * rng.standard_normal(DRAWS)
    objective = np.array([np.full(DRAWS, -1.0), np.full(DRAWS, -2.0), np.full(DRAWS, -10.0)])
    feasible = np.array([metric >= 0.8, np.ones(DRAWS, bool), np.ones(DRAWS, bool)])
    trust = deviation**2 / (deviation**2 + noise**2)
    left = deviation * np.sqrt(1 - trust)
    allowed = norm.cdf(trust * (outcome - 0.8) / left)
    # Without an answer the middle one is the choice, and costs 2.
    expected = float(np.maximum(-2.0, -allowed - 10 * (1 - allowed)).mean()) + 2
    assert worth(objective, feasible, outcome) == pytest.approx(expected, rel=0.1)
    assert worth(objective, feasible, rng.standard_normal(DRAWS)) < 0.02


def test_utility_of_what_is_not_allowed() -> None:
    objective = np.array([[5.0, 5.0, 5.0], [3.0, 3.0, 3.0], [1.0, 1.0, 1.0]])
    feasible = np.array([[True, False, False], [True, True, False], [True, True, False]])
    assert utilities(objective, feasible).tolist() == [
        [5.0, 1.0, 0.0],
        [3.0, 3.0, 0.0],
        [1.0, 1.0, 0.0],
    ]


def test_worth_per_cost_decides() -> None:
    rng = np.random.default_rng(8)
    arm = rng.standard_normal(4000)
    objective = np.array([arm, np.zeros(4000)])
    sharp, blurred = arm, arm + rng.standard_normal(4000)
    prospects = {
        "sharp": Prospect(outcome=sharp, cost=10.0),
        "blurred": Prospect(outcome=blurred, cost=1.0),
    }
    picked = next_probe(contenders(objective), prospects.items())
    assert picked is not None
    assert picked.name == "blurred"
    assert picked.gain.value > ERRORS * picked.gain.error
    dearer = {**prospects, "blurred": Prospect(outcome=blurred, cost=9.0)}
    picked = next_probe(contenders(objective), dearer.items())
    assert picked is not None
    assert picked.name == "sharp"


def test_what_is_settled_needs_no_probe() -> None:
    rng = np.random.default_rng(9)
    objective = np.array([[0.9], [0.5]]) + 0.01 * rng.standard_normal((2, 2000))
    prospects = {"a": Prospect(outcome=objective[0], cost=1.0)}
    assert next_probe(contenders(objective), prospects.items()) is None
