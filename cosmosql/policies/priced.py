"""Cascade-routing at a price: ask on where the expected gain is worth more than its cost.

Quality that is predicted and cost that is known make a linear programme over the ways to serve;
its solution at a budget asks, at one price of money in quality, of every row the tier with the
largest quality less priced cost, and mixes the two prices next to the budget (Dekoninck, Baader,
Vechev 2024, arXiv 2410.10347). The value of a tier counts that its answer shows whether to go on.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from cosmosql.contracts.policy import Array

SPEND = -1.0
"""The price that stands for spending: every row goes to the dearest tier alone."""

NESTED = 8
"""Values of a spread that are looked at where several tiers may follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is known of choosing: mean money a request of each tier, and of each tier but the last
    the `spreads`, values of what its answer adds to the gains expected of the dearer ones."""

    costs: Array
    spreads: tuple[Array, ...] = field(repr=False)

    @property
    def tiers(self) -> int:
        return len(self.costs)

    def first(self, gains: Array, price: float) -> Array:
        """The tier to ask first, shape (rows,), by gains over the cheapest, (tiers, rows)."""
        if price == SPEND:
            return np.full(gains.shape[1], self.tiers - 1)
        value = gains - price * self.costs[:, None]
        for tier in range(len(self.spreads)):
            value[tier] += self.hope(tier, gains, price)
        return np.asarray(np.argmax(value, axis=0))

    def then(self, tier: int, gains: Array, price: float) -> Array:
        """The tier to ask once this one has answered, or this one to stop, shape (rows,), by gains
        of the dearer ones over it, (dearer tiers, rows)."""
        worth = self.worth(tier, np.moveaxis(gains, 0, -1), price)
        best = np.argmax(worth, axis=-1)
        top = np.take_along_axis(worth, best[..., None], axis=-1)[..., 0]
        return np.where(top > 0, tier + 1 + best, tier)

    def hope(self, tier: int, gains: Array, price: float) -> Array:
        """What going on from a tier is expected to add, before it has answered."""
        ahead = np.moveaxis(gains[tier + 1 :] - gains[tier], 0, -1)
        return self.going_on(tier, ahead, price)

    def going_on(self, tier: int, ahead: Array, price: float) -> Array:
        """The mean over what the tier's answer may say of the best of stopping and going on;
        `ahead` has shape (…, dearer tiers)."""
        if not ahead.shape[-1] or not len(self.spreads):
            return np.zeros(ahead.shape[:-1])
        spread = self.spreads[tier]
        if ahead.shape[-1] > 1:
            spread = spread[len(spread) // NESTED // 2 :: len(spread) // NESTED]
        worth = self.worth(tier, ahead[..., None, :] + spread, price)
        return np.asarray(np.maximum(worth.max(axis=-1), 0.0).mean(axis=-1))

    def worth(self, tier: int, ahead: Array, price: float) -> Array:
        """What asking each dearer tier adds to stopping here, shape (…, dearer tiers)."""
        found = []
        for step in range(ahead.shape[-1]):
            target = tier + 1 + step
            rest = ahead[..., step + 1 :] - ahead[..., step, None]
            onward = self.going_on(target, rest, price)
            found.append(ahead[..., step] - price * self.costs[target] + onward)
        return np.stack(found, axis=-1)
