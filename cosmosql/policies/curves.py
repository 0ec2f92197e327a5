"""Accuracy against budget, its area, and what two policies differ by, paired row by row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cosmosql.contracts.policy import Array, Ways

BUDGETS = 100


def budget_grid(costs: Array, count: int = BUDGETS) -> Array:
    """Budgets a query from the cheapest tier's cost to the dearest's."""
    return np.linspace(float(costs.min()), float(costs.max()), count)


def spends(ways: Ways, costs: Array) -> Array:
    """Mean money a row of each way, shape (ways,): a tier that is asked is paid."""
    return np.asarray(np.einsum("wtr,t->wr", ways.asked, costs).mean(axis=1))


def accuracies(ways: Ways, scores: Array) -> Array:
    """Expected mean score of each way, shape (ways,)."""
    return np.asarray(np.einsum("wtr,tr->wr", ways.answers, scores).mean(axis=1))


def area(budgets: Array, accuracy: Array) -> float:
    """AUC = 1 / (c2 - c1) times the integral of accuracy over the budget from c1 to c2
    (arXiv 2405.02134), by trapezoids."""
    steps = np.diff(budgets)
    return float((steps * (accuracy[1:] + accuracy[:-1]) / 2).sum() / steps.sum())


def budget_weights(budgets: Array) -> Array:
    """What accuracy at each budget weighs in the area: sums to one."""
    steps = np.diff(budgets)
    weights = np.zeros(len(budgets))
    weights[:-1] += steps / 2
    weights[1:] += steps / 2
    return np.asarray(weights / steps.sum())


def answering(ways: Ways, budgets: Array) -> Array:
    """The share of budgets at which each tier answers each row, shape (tiers, rows): the area is
    the mean over rows of its product with the scores."""
    return np.asarray(np.einsum("w,wtr->tr", budget_weights(budgets), ways.answers))


def at_spend(ways: Ways, costs: Array, budgets: Sequence[float] | Array) -> Ways:
    """The same ways mixed so that what is spent on *these* rows is each budget: between the two
    neighbours in spend; above the dearest way, that one. No outcome is needed for it."""
    spent = spends(ways, costs)
    order = np.argsort(spent, kind="stable")
    spent = spent[order]
    asked, answers = [], []
    for budget in budgets:
        high = int(np.searchsorted(spent, budget, side="right"))
        if high in (0, len(spent)):
            chosen = order[min(high, len(spent) - 1)]
            asked.append(ways.asked[chosen])
            answers.append(ways.answers[chosen])
            continue
        low, share = high - 1, (budget - spent[high - 1]) / (spent[high] - spent[high - 1])
        first, second = order[low], order[high]
        asked.append((1 - share) * ways.asked[first] + share * ways.asked[second])
        answers.append((1 - share) * ways.answers[first] + share * ways.answers[second])
    return Ways(asked=np.stack(asked), answers=np.stack(answers))


def resampled(values: Array, groups: NDArray[np.intp], *, draws: int, seed: int) -> Array:
    """Bootstrap draws of the mean over rows of each column, rows of one group drawn together;
    `values` has shape (rows, columns), the result (draws, columns)."""
    count = int(groups.max()) + 1
    sums = np.zeros((count, values.shape[1]))
    np.add.at(sums, groups, values)
    sizes = np.bincount(groups, minlength=count).astype(np.float64)
    generator = np.random.default_rng(seed)
    weights = np.stack(
        [np.bincount(generator.integers(count, size=count), minlength=count) for _ in range(draws)]
    ).astype(np.float64)
    return np.asarray((weights @ sums) / (weights @ sizes)[:, None])


def lower_band(values: Array, draws: Array, *, confidence: float = 0.95) -> Array:
    """One-sided simultaneous lower band of means: below each mean by as many of its standard
    errors as the largest studentised deviation of a bootstrap draw reaches with the confidence.
    `values` has shape (columns,), `draws` (draws, columns)."""
    errors = draws.std(axis=0)
    moving = errors > 0
    if not moving.any():
        return values
    deviations = (draws - values)[:, moving] / errors[moving]
    reach = float(np.quantile(deviations.max(axis=1), confidence))
    return np.asarray(values - reach * errors)
