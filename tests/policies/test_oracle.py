"""The oracle against brute force, and the lottery as the hull of the tiers."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmosql.policies.oracle import oracle_accuracies, random_accuracies


def test_two_tiers_by_hand() -> None:
    """Costs 1 and 4; the large tier helps on one row of four and harms on another: what it adds is
    bought with the first three quarters, and no budget adds more."""
    scores = np.array([[1.0, 0.0, 0.0, 1.0], [1.0, 1.0, 0.0, 0.0]])
    budgets = np.array([1.0, 1.375, 1.75, 4.0])
    costs = np.array([1.0, 4.0])
    assert oracle_accuracies(scores, costs, budgets) == pytest.approx([0.5, 0.625, 0.75, 0.75])
    assert random_accuracies(scores, costs, budgets) == pytest.approx([0.5] * 4)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(2, 3).flatmap(
        lambda tiers: st.lists(
            st.lists(st.integers(0, 4), min_size=tiers, max_size=tiers), min_size=1, max_size=4
        )
    )
)
def test_no_assignment_beats_the_oracle_at_its_cost(rows: list[list[int]]) -> None:
    scores = np.array(rows, float).T / 4
    costs = np.array([1.0, 2.5, 7.0])[: len(scores)]
    row = np.arange(scores.shape[1])
    for tiers in product(range(len(scores)), repeat=scores.shape[1]):
        chosen = np.array(tiers)
        budget = np.array([costs[chosen].mean()])
        best = oracle_accuracies(scores, costs, budget)[0]
        assert scores[chosen, row].mean() <= best + 1e-9
        assert random_accuracies(scores, costs, budget)[0] <= best + 1e-9


def test_lots_run_along_the_hull() -> None:
    scores = np.repeat(np.array([[0.4], [0.45], [0.8]]), 10, axis=1)
    found = random_accuracies(scores, np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 3.0]))
    assert found == pytest.approx([0.4, 0.6, 0.8])
