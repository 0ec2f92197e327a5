"""The two lines between which a policy stands: who is right is known, and lots are drawn."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from cosmosql.contracts.policy import Array
from cosmosql.policies.mix import upper_hull


def oracle_accuracies(scores: Array, costs: Array, budgets: Array) -> Array:
    """Mean score at each mean budget a row where every tier's score on every row is known before
    one is asked, shape (budgets,). `scores` has shape (tiers, rows), `costs` (tiers,), rising.

    Each row starts at the cheapest tier and climbs its own concave hull of cost and score; the
    steepest climbs of all rows are paid first, the last one in part: the linear relaxation of the
    multiple-choice knapsack, exact to one row.
    """
    kinds, counts = np.unique(scores, axis=1, return_counts=True)
    shares = counts / scores.shape[1]
    climbs, start = [], 0.0
    for kind, share in zip(kinds.T, shares, strict=True):
        hull = upper_hull(costs, kind)
        start += share * kind[hull[0]]
        climbs += [
            (share * (kind[high] - kind[low]), share * (costs[high] - costs[low]))
            for low, high in pairwise(hull)
        ]
    climbs.sort(key=lambda climb: -climb[0] / climb[1])
    gained = np.cumsum([0.0, *(gain for gain, _ in climbs)])
    spent = np.cumsum([0.0, *(price for _, price in climbs)])
    return np.asarray(np.interp(budgets, costs[0] + spent, start + gained))


def random_accuracies(scores: Array, costs: Array, budgets: Array) -> Array:
    """Mean score at each budget where lots decide between two tiers, the best two for it: the
    concave hull of the tiers, shape (budgets,)."""
    means = scores.mean(axis=1)
    hull = list(upper_hull(costs, means))
    return np.asarray(np.interp(budgets, costs[hull], means[hull]))
