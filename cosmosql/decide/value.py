"""What a measurement is worth before it is made: the expected value of sample information.

Joint draws of the options' objective and of what a probe would show say how the best choice would
move once that is seen. Each option's utility is regressed on the outcome (Strong, Oakley and
Brennan 2014, Medical Decision Making 34(3), section "Method": the fitted value is the posterior
mean given the outcome), and the expected utility of the choice that follows the regression is held
against that of the best choice now. The choice is made by a regression on other draws than those
it is judged on: a fit to the same draws would always find a little to gain.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

FOLDS = 5
"""Parts of the draws: each is judged by a regression on the others."""

KNOTS = (0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9)
"""Quantiles of the outcome at which the regression may bend."""

ROOM = 0.01
"""Options with less than this share of the largest room for gain are left out: they could take the
best one's place in hardly any draw."""

ERRORS = 2.0
"""Standard errors that a worth must be above nothing, to be more than the draws' chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """Expected gain of the choice's utility, in the objective's unit, and its Monte Carlo error."""

    value: float
    error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """What is known of a probe before it is made: draws of what would be measured, shape (draws,),
    paired with those of the options, and its cost in any one unit."""

    outcome: Array
    cost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """The probe that is worth most for its cost."""

    name: str
    gain: Gain
    cost: float


def worth(objective: Array, feasible: NDArray[np.bool_], outcome: Array) -> float:
    """Expected gain of the best choice's expected objective once the outcome is known, in the
    objective's unit and never negative.

    `objective` (larger is better) and `feasible` have shape (options, draws), `outcome` (draws,);
    draw i is the same draw everywhere.
    """
    return max(gain(contenders(utilities(objective, feasible)), outcome).value, 0.0)


def next_probe(utility: Array, prospects: Iterable[tuple[str, Prospect]]) -> Pick | None:
    """The prospect with the largest worth per cost, the first of equals; None where no worth is
    above nothing by its Monte Carlo error. `utility` is that of the `contenders`."""
    best: Pick | None = None
    for name, prospect in prospects:
        found = gain(utility, prospect.outcome)
        if found.value <= ERRORS * found.error:
            continue
        pick = Pick(name=name, gain=found, cost=prospect.cost)
        if best is None or rate(pick) > rate(best):
            best = pick
    return best


def rate(pick: Pick) -> float:
    """Worth per cost; what costs nothing is worth any price."""
    return pick.gain.value / pick.cost if pick.cost > 0 else np.inf


def utilities(objective: Array, feasible: NDArray[np.bool_]) -> Array:
    """The objective, where an option is allowed; where it fails a requirement in a draw, the least
    objective of any option that is allowed in that draw: who chose it is left with the worst of the
    others. In a draw that allows nothing all options are alike. Shape (options, draws)."""
    allowed = np.where(feasible, objective, np.inf).min(axis=0)
    floor = np.where(np.isfinite(allowed), allowed, 0.0)
    return np.where(feasible, objective, floor)


def contenders(utility: Array) -> Array:
    """The options that can be the choice after a measurement, the best one now first."""
    first = int(np.argmax(utility.mean(axis=1)))
    room = np.maximum(utility - utility[first], 0.0).mean(axis=1)
    others = np.flatnonzero((room > ROOM * room.max()) & (room > 0))
    return np.asarray(utility[np.concatenate([[first], others[others != first]])])


def gain(utility: Array, outcome: Array) -> Gain:
    """The gain from an outcome; `utility` has shape (options, draws), the best option now first."""
    spread = float(outcome.std())
    if spread == 0:
        return Gain(value=0.0, error=0.0)
    return gain_by(utility, bent_lines((outcome - outcome.mean()) / spread))


def gain_by(utility: Array, basis: Array) -> Gain:
    """The gain from what functions of the outcomes, shape (draws, functions), say of the options,
    shape (options, draws), the best option now first."""
    draws = len(basis)
    if len(utility) < 2:
        return Gain(value=0.0, error=0.0)
    ahead = utility - utility[0]
    choice = np.argmax(fitted(basis, ahead, FOLDS), axis=0)
    gained = ahead[choice, np.arange(draws)]
    return Gain(value=float(gained.mean()), error=float(gained.std(ddof=1) / np.sqrt(draws)))


def fitted(basis: Array, values: Array, parts: int) -> Array:
    """Least squares of each row of `values` on the basis: the conditional means at every draw,
    shape of `values`, by the draws of the other parts; by all draws where there is one part. What
    bends by chance alone is taken off again: the fitted deviations are shrunk by the share of them
    that noise explains (Efron and Morris 1975). The basis begins with the constant."""
    own = [sums(basis[part::parts], values[:, part::parts]) for part in range(parts)]
    products, across, squares = (np.array(one) for one in zip(*own, strict=True))
    if parts > 1:
        products, across, squares = (one.sum(axis=0) - one for one in (products, across, squares))
    weights = np.linalg.pinv(products, hermitian=True) @ across
    found = np.empty_like(values)
    for part in range(parts):
        count, weight = products[part, 0, 0], weights[part]
        means = across[part, 0] / count
        power = (weight * (products[part] @ weight)).sum(axis=0) / count
        bent = power - 2 * means * (products[part, 0] @ weight) / count + means**2
        left = squares[part] / count - 2 * (weight * across[part]).sum(axis=0) / count + power
        chance = np.maximum(left, 0.0) * len(weight) / count
        kept = 1 - chance / np.maximum(bent, chance + np.finfo(np.float64).tiny)
        there = (basis[part::parts] @ weight - means) * kept + means
        found[:, part::parts] = there.T
    return found


def sums(basis: Array, values: Array) -> tuple[Array, Array, Array]:
    """Over draws: products of the functions with each other and with the values, and squares of
    these; shapes (functions, functions), (functions, rows), (rows,)."""
    return basis.T @ basis, basis.T @ values.T, (values**2).sum(axis=1)


def bent_lines(outcome: Array) -> Array:
    """A basis of continuous piecewise linear functions of the outcome, shape (draws, functions)."""
    hinges = [np.maximum(outcome - knot, 0.0) for knot in np.unique(np.quantile(outcome, KNOTS))]
    return np.column_stack([np.ones_like(outcome), outcome, *hinges])
