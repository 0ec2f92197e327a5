"""Prices against linear programmes and brute force."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from cosmosql.contracts.policy import Ways
from cosmosql.policies.cascade_route import Expected, served
from cosmosql.policies.curves import spends
from cosmosql.policies.path import mixed, path, price_grid
from cosmosql.policies.priced import Choice

seeds = st.integers(0, 999)


def programme(gains: np.ndarray, costs: np.ndarray, budget: float) -> float:
    """The largest mean gain within a mean budget, rows shared among tiers as one likes."""
    tiers, rows = gains.shape
    found = linprog(
        -gains.ravel() / rows,
        A_ub=np.repeat(costs, rows)[None] / rows,
        b_ub=[budget],
        A_eq=np.tile(np.eye(rows), tiers),
        b_eq=np.ones(rows),
        bounds=(0, 1),
    )
    return -float(found.fun)


@settings(max_examples=25, deadline=None)
@given(seed=seeds, tiers=st.integers(2, 4), share=st.floats(0.05, 0.95))
def test_mixing_two_prices_solves_the_linear_programme(seed, tiers, share):
    generator = np.random.default_rng(seed)
    costs = np.array([1.0, 2.5, 4.0, 9.0][:tiers])
    gains = np.vstack([np.zeros(12), generator.normal(0.2, 0.3, (tiers - 1, 12))])
    choice = Choice(costs=costs, spreads=())
    expected = Expected(promised=gains, remaining=())

    def serve(price: float) -> Ways:
        return served(choice, expected, price)

    turns = [
        (gains[high, row] - gains[low, row]) / (costs[high] - costs[low])
        for low, high in combinations(range(tiers), 2)
        for row in range(12)
    ]
    prices = [turn + nudge for turn in turns for nudge in (-1e-9, 1e-9)]
    found = path([price for price in prices if price > 0] + [99.0, 0.0], costs, gains, serve)
    budget = costs[0] + share * (costs[-1] - costs[0])
    ways = mixed(found, [budget], serve)
    reached = float((ways.answers[0] * gains).sum(axis=0).mean())
    assert spends(ways, costs)[0] <= budget + 1e-9
    assert reached == pytest.approx(programme(gains, costs, budget), abs=1e-6)


@given(seed=seeds, price=st.floats(0.0, 0.3))
def test_with_two_tiers_the_small_one_is_asked_for_what_it_may_tell(seed, price):
    generator = np.random.default_rng(seed)
    costs, spread = np.array([1.0, 4.0]), generator.normal(0, 0.2, 40)
    choice = Choice(costs=costs, spreads=(spread[:, None],))
    gains = generator.normal(0.2, 0.2, 30)
    hope = np.array([np.maximum(0, gain + spread - 4 * price).mean() for gain in gains])
    expected = (gains - 3 * price > hope).astype(int)
    assert choice.first(np.stack([0 * gains, gains]), price).tolist() == expected.tolist()
    assert choice.then(0, gains[None], price).tolist() == (gains > 4 * price).astype(int).tolist()


@given(seed=seeds, price=st.floats(0.001, 0.2))
def test_hope_is_never_negative_and_never_less_than_going_on_blindly(seed, price):
    generator = np.random.default_rng(seed)
    costs = np.array([1.0, 2.0, 6.0])
    spreads = (generator.normal(0, 0.2, (40, 2)), generator.normal(0, 0.2, (40, 1)))
    centred = tuple(spread - spread.mean(axis=0) for spread in spreads)
    choice = Choice(costs=costs, spreads=centred)
    gains = np.vstack([np.zeros(20), generator.normal(0.2, 0.3, (2, 20))])
    for tier in (0, 1):
        assert (choice.hope(tier, gains, price) >= 0).all()
    last = gains[2] - gains[1] - price * costs[2]
    assert (choice.hope(1, gains, price) >= last - 1e-12).all()


def test_a_path_ends_at_the_dearest_tier_where_that_is_better():
    costs, gains = np.array([1.0, 4.0]), np.vstack([np.zeros(40), np.linspace(-0.1, 0.5, 40)])
    expected = Expected(promised=gains, remaining=())
    choice = Choice(costs=costs, spreads=())

    def end_of(scores: np.ndarray) -> float:
        prices = price_grid([gains[1:]], costs)
        found = path(prices, costs, scores, lambda price: served(choice, expected, price))
        ways = mixed(found, [4.0], lambda price: served(choice, expected, price))
        return float(ways.answers[0, 1].mean())

    assert end_of(np.vstack([np.zeros(40), np.ones(40)])) == 1.0
    assert end_of(gains) == pytest.approx((gains[1] > 0).mean())


def test_the_dearest_price_asks_nobody_but_the_cheapest():
    gains = np.vstack([np.zeros(50), np.random.default_rng(0).normal(0.1, 0.2, 50)])
    costs = np.array([1.0, 3.0])
    prices = price_grid([gains[1:]], costs)
    choice = Choice(costs=costs, spreads=())
    assert (choice.first(gains, max(prices)) == 0).all()
    assert choice.first(gains, min(prices)).tolist() == (gains[1] > 0).astype(int).tolist()
