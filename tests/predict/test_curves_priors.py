"""Priors learnt from past curves: they help where the past is like the present, and stay wide."""

from __future__ import annotations

import numpy as np
import pytest

from cosmosql.interval import Estimate
from cosmosql.predict.curves import extrapolate
from cosmosql.predict.past_curves import LARGEST_SHARE, PRIOR_CURVES, PastCurve, learn_priors
from cosmosql.predict.priors import PRIORS, Learnt, Priors

SIZES = np.array([16.0, 32, 64, 128, 256, 512, 1024])


def low_curve(rng: np.random.Generator) -> np.ndarray:
    """A curve that ends near .7, where the shipped priors expect .93."""
    curve = rng.uniform(0.66, 0.74) - 0.5 / (1 + (SIZES / 100) ** 1.2)
    return np.asarray(np.clip(rng.binomial(1000, curve) / 1000, 0, 1))


def past(count: int, datasets: int) -> list[PastCurve]:
    rng = np.random.default_rng(1)
    return [
        PastCurve(
            dataset=str(number % datasets),
            sizes=SIZES.tolist(),
            accuracies=low_curve(rng).tolist(),
            n_test=1000,
            label_counts=6,
        )
        for number in range(count)
    ]


def far(priors: Priors | None) -> Estimate:
    """The forecast of 1,024 rows after 128, where such a curve still rises steeply."""
    seen = [0.27, 0.31, 0.38, 0.49]
    (answer,) = extrapolate(
        "finetune", SIZES[:4].tolist(), seen, 1000, [1024], label_counts=6, priors=priors
    )
    assert isinstance(answer, Estimate)
    return answer


def test_many_past_curves_draw_the_forecast_to_where_they_ended() -> None:
    shipped, learnt = far(None), far(learn_priors("finetune", past(16, 16)))
    assert learnt.value < shipped.value - 0.02
    assert learnt.high - learnt.low < shipped.high - shipped.low


def test_few_past_curves_change_little_and_leave_the_interval_wide() -> None:
    shipped, one = far(None), far(learn_priors("finetune", past(1, 1)))
    assert one.high - one.low > 0.75 * (shipped.high - shipped.low)


def test_curves_of_one_data_set_count_for_less_than_those_of_many() -> None:
    same, various = (learn_priors("finetune", past(8, sets)) for sets in (1, 8))
    assert same.learnt["tuned_hill"].share < various.learnt["tuned_hill"].share <= LARGEST_SHARE


def test_without_past_curves_the_shipped_priors_stand() -> None:
    assert learn_priors("finetune", []) == PRIORS["finetune"]
    empty = PastCurve(dataset="a", sizes=[0], accuracies=[0.3], n_test=100)
    assert learn_priors("icl-random", [empty]) == PRIORS["icl-random"]


def test_learnt_weights_are_a_distribution_near_the_shipped_one() -> None:
    learnt = learn_priors("icl-retrieved", past(3, 3))
    assert sum(learnt.family_weights.values()) == pytest.approx(1)
    levels = np.array(learnt.noise.run_noise_weights)
    before = np.array(PRIORS["icl-retrieved"].noise.run_noise_weights)
    assert levels.sum() == pytest.approx(1)
    assert np.all(levels >= before * PRIOR_CURVES / (PRIOR_CURVES + 3) - 1e-9)


def test_priors_are_not_learnt_twice() -> None:
    once = learn_priors("finetune", past(8, 8))
    with pytest.raises(ValueError, match="at once"):
        learn_priors("finetune", past(8, 8), priors=once)
    with pytest.raises(KeyError, match="no kind of curve"):
        learn_priors("distill", [])


def test_a_learnt_prior_is_a_density() -> None:
    """Its ratio to the standard normal averages to one under the standard normal."""
    learnt = Learnt(share=0.6, mean=(0.3, -0.2), covariance=((0.5, 0.1), (0.1, 0.8)))
    z = np.random.default_rng(0).standard_normal((200_000, 2))
    assert np.exp(learnt.log_ratio(z)).mean() == pytest.approx(1, abs=0.01)
