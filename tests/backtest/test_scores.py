"""Error, rank correlation, coverage and the noise of the truth, by hand and beside scipy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau

from cosmosql.backtest.resampling import FEWEST, interval, kendall, mean, point, resamples
from cosmosql.backtest.scores import (
    CALIBRATION,
    accuracy,
    calibration,
    is_predicted,
    judged,
    truth_noise,
)
from cosmosql.interval import Unmeasured
from tests.backtest.conftest import forecast, truth

SHARES = st.floats(0, 1).map(lambda share: round(share, 2))
MANY = 10**8
"""Test rows that add no noise."""


@given(values=st.lists(st.tuples(SHARES, SHARES), min_size=2, max_size=12), data=st.data())
def test_rank_correlation_is_scipys(values: list[tuple[float, float]], data: st.DataObject) -> None:
    """Also where candidates are counted several times, and where some are tied."""
    first, second = (np.array(side) for side in zip(*values, strict=True))
    counts = data.draw(st.lists(st.integers(0, 3), min_size=len(values), max_size=len(values)))
    own = kendall(np.array([counts], float), first, second)[0]
    repeated = np.repeat(np.arange(len(values)), counts)
    several = len(repeated) > 1
    expected = kendalltau(first[repeated], second[repeated]).statistic if several else np.nan
    assert own == pytest.approx(expected, nan_ok=True)


@given(values=st.lists(st.floats(0, 100), min_size=FEWEST, max_size=20))
def test_an_interval_of_a_mean_lies_among_the_values(values: list[float]) -> None:
    found = interval(lambda counts: mean(counts, np.array(values)), len(values), seed=0)
    assert found is not None
    slack = 1e-9
    assert min(values) - slack <= found[0] <= found[1] <= max(values) + slack


def test_few_candidates_have_no_interval() -> None:
    ones = np.ones(FEWEST - 1)
    assert interval(lambda counts: mean(counts, ones), FEWEST - 1, seed=0) is None
    assert point(lambda counts: mean(counts, ones), 0) is None


def test_resamples_are_the_same_again_and_as_many_as_there_are_candidates() -> None:
    found = resamples(7, 3)
    assert (found.sum(axis=1) == 7).all()
    resamples.cache_clear()
    assert (resamples(7, 3) == found).all()


def test_error_and_bias_are_in_points() -> None:
    found = [forecast("a", 0.8), forecast("b", 0.5)]
    items = judged(found, {"a": truth(0.9), "b": truth(0.46)}, n_test=MANY, seed=0)
    scores = accuracy(items, seed=0)
    assert scores.mae_points == pytest.approx((10 + 4) / 2)
    assert scores.bias_points == pytest.approx((10 - 4) / 2)
    assert scores.kendall_tau == 1
    assert scores.intervals == {}


def test_nothing_predicted_scores_nothing() -> None:
    scores = accuracy((), seed=0)
    assert scores.mae_points is None and scores.kendall_tau is None
    assert set(scores.coverage.values()) == {None}
    assert calibration((), seed=0) == ()


def test_only_predicted_candidates_with_a_truth_are_judged() -> None:
    unknown = replace(forecast("unknown", 0.5), metric=Unmeasured("no run"))
    probed = forecast("probed", 0.5, basis="measured")
    found = [forecast("fine", 0.5), unknown, probed, forecast("overflows", 0.5)]
    truths = {
        "fine": truth(0.5),
        "unknown": truth(0.5),
        "probed": truth(0.5),
        "overflows": Unmeasured("too long"),
    }
    items = judged(found, truths, n_test=MANY, seed=0)
    assert [one.forecast.candidate.name for one in items] == ["fine"]
    assert is_predicted(found[0])
    assert not is_predicted(unknown) and not is_predicted(probed)


def test_coverage_counts_truths_in_the_central_interval() -> None:
    """Draws go evenly from 0.4 to 0.6: the central half from 0.45 to 0.55."""
    found = [forecast("near", 0.5, 0.1), forecast("far", 0.5, 0.1)]
    truths = {"near": truth(0.54), "far": truth(0.585)}
    items = judged(found, truths, n_test=MANY, seed=0)
    assert accuracy(items, seed=0).coverage == {"50": 0.5, "80": 0.5, "90": 1.0}
    shares = {one.level: one.covered for one in calibration(items, seed=0)}
    assert list(shares) == [level / 100 for level in CALIBRATION]
    assert (shares[0.1], shares[0.4], shares[0.9]) == (0.0, 0.5, 1.0)


def test_single_runs_are_covered_less_than_their_mean() -> None:
    found = [forecast("wild", 0.5, 0.1)]
    items = judged(found, {"wild": truth(0.3, 0.5, 0.7)}, n_test=MANY, seed=0)
    scores = accuracy(items, seed=0)
    assert scores.coverage["90"] == 1.0
    assert scores.runs_covered["90"] == pytest.approx(1 / 3, rel=1e-5)


def test_the_noise_of_few_test_rows_widens_an_interval() -> None:
    truths = {"sure": truth(0.55)}
    few = judged([forecast("sure", 0.5)], truths, n_test=100, seed=0)
    many = judged([forecast("sure", 0.5)], truths, n_test=10**6, seed=0)
    assert accuracy(few, seed=0).coverage["80"] == 1.0
    assert accuracy(many, seed=0).coverage["80"] == 0.0


def test_rows_that_are_worth_less_widen_an_interval() -> None:
    """A metric that varies ten times as much as accuracy counts a tenth of the rows."""
    truths = {"f1": truth(0.56)}
    plain = judged([forecast("f1", 0.5)], truths, n_test=1000, seed=0)
    varying = judged([forecast("f1", 0.5, efficiency=0.1)], truths, n_test=1000, seed=0)
    assert accuracy(plain, seed=0).coverage["90"] == 0.0
    assert accuracy(varying, seed=0).coverage["90"] == 1.0


def test_the_floor_is_what_the_truths_own_noise_costs() -> None:
    truths = {"a": truth(0.5, 0.52, error=0.01), "b": Unmeasured("too long")}
    items = judged([forecast("a", 0.5)], truths, n_test=2000, seed=0)
    noise = truth_noise(items, truths, rows=2000, seeds=2)
    assert noise.standard_error_points == pytest.approx(1.0, rel=0.1)
    assert noise.floor_points == pytest.approx(0.8, rel=0.1)
    assert noise.runs_differ_points == pytest.approx(2.0)
