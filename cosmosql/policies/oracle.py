"""The two lines between which a policy stands: who is right is known, and lots are drawn."""

from __future__ import annotations

import numpy as np

from cosmosql.contracts.policy import Array
from cosmosql.policies.mix import upper_hull


def oracle_accuracies(scores: Array, costs: Array, budgets: Array) -> Array:
    """Mean score at each mean budget a row where every tier's score on every row is known before
    one is asked, shape (budgets,). `scores` has shape (tiers, rows), `costs` (tiers,), rising.

    Each row starts at the cheapest tier and climbs its own concave hull of cost and score; the
    steepest climbs of all rows are paid first, the last one in part: the linear relaxation of the
    multiple-choice knapsack, exact to one row. Of scores that are expectations it knows these, and
    is then below who would know the outcomes.
    """
    rises, paid = [], []
    for row in scores.T:
        hull = upper_hull(costs, row)
        for low, high in zip(hull, hull[1:], strict=False):
            rises.append(row[high] - row[low])
            paid.append(costs[high] - costs[low])
    gains, prices = np.array(rises, np.float64), np.array(paid, np.float64)
    order = np.argsort(-gains / prices, kind="stable")
    rows = scores.shape[1]
    first = scores.T[np.arange(rows), [upper_hull(costs, row)[0] for row in scores.T]]
    value = np.concatenate([[0.0], np.cumsum(gains[order])]) / rows + first.mean()
    spent = np.concatenate([[0.0], np.cumsum(prices[order])]) / rows + float(costs[0])
    return np.asarray(np.interp(budgets, spent, value))


def random_accuracies(scores: Array, costs: Array, budgets: Array) -> Array:
    """Mean score at each budget where lots decide between two tiers, the best two for it: the
    concave hull of the tiers, shape (budgets,)."""
    means = scores.mean(axis=1)
    hull = list(upper_hull(costs, means))
    return np.asarray(np.interp(budgets, costs[hull], means[hull]))
