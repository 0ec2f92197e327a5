"""Areas, mixing at equal spend, and simultaneous bands."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmosql.contracts.policy import Ways
from cosmosql.policies.cascade import Cascade
from cosmosql.policies.curves import (
    accuracies,
    answering,
    area,
    at_spend,
    budget_grid,
    budget_weights,
    lower_band,
    resampled,
    spends,
)
from tests.policies.made import made


def some_ways(seed: int, count: int = 6, rows: int = 9) -> Ways:
    generator = np.random.default_rng(seed)
    large = np.sort(generator.random((count, rows)), axis=0)
    return Ways(
        asked=np.stack([np.ones_like(large), large], axis=1),
        answers=np.stack([1 - large, large], axis=1),
    )


@given(seed=st.integers(0, 99))
def test_the_area_in_closed_form_is_the_area_of_the_curve(seed):
    ways = some_ways(seed)
    scores = np.random.default_rng(seed).random((2, 9))
    budgets = np.linspace(1.0, 4.0, 6)
    closed = (answering(ways, budgets) * scores).sum(axis=0).mean()
    assert closed == pytest.approx(area(budgets, accuracies(ways, scores)))


def test_the_area_of_a_line_is_its_middle():
    budgets = np.linspace(1.0, 4.0, 100)
    assert area(budgets, budgets) == pytest.approx(2.5)
    assert budget_weights(budgets).sum() == pytest.approx(1.0)


def test_the_area_of_a_cascade_is_that_of_its_ranks():
    known = made(400)
    small, large = known.seen.costs
    budgets = budget_grid(known.seen.costs, 400)
    fitted = Cascade().fit(known, {}, seed=0)
    found = area(budgets, accuracies(fitted.ways(known.seen, list(budgets)), known.scores))
    rank = np.argsort(np.argsort(-known.seen.signals[0]["margin"])) / 400 + 0.5 / 400
    share = large / (large - small) * np.maximum(0, rank - small / large)
    closed = (known.scores[0] + share * (known.scores[1] - known.scores[0])).mean()
    assert found == pytest.approx(closed, abs=2e-3)


@settings(max_examples=30)
@given(seed=st.integers(0, 99))
def test_at_equal_spend_every_budget_within_reach_is_spent(seed):
    ways, costs = some_ways(seed), np.array([1.0, 4.0])
    spent = spends(ways, costs)
    budgets = np.linspace(spent.min(), spent.max(), 7)
    assert spends(at_spend(ways, costs, budgets), costs) == pytest.approx(budgets)


def test_beyond_the_dearest_way_nothing_more_is_spent():
    ways, costs = some_ways(0), np.array([1.0, 4.0])
    dear = at_spend(ways, costs, [99.0])
    assert spends(dear, costs)[0] == pytest.approx(spends(ways, costs).max())


def test_rows_of_one_group_are_drawn_together():
    values = np.array([[1.0], [1.0], [0.0], [0.0]])
    groups = np.array([0, 0, 1, 1])
    draws = resampled(values, groups, draws=200, seed=0)
    assert set(np.round(draws.ravel(), 6)) == {0.0, 0.5, 1.0}
    assert draws.mean() == pytest.approx(0.5, abs=0.1)


def test_the_band_covers_all_columns_at_once():
    generator = np.random.default_rng(1)
    groups = np.arange(200)
    missed = 0
    for trial in range(60):
        values = generator.standard_normal((200, 8))
        band = lower_band(values.mean(axis=0), resampled(values, groups, draws=200, seed=trial))
        missed += bool((band > 0).any())
    assert missed <= 9
