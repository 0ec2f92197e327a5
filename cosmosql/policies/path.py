"""One price after another: how much each spends on known rows, and which two a budget lies
between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cosmosql.contracts.policy import Array, Ways
from cosmosql.policies.curves import accuracies, spends
from cosmosql.policies.priced import SPEND

PRICES = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """The share `dearer` of rows is served at the second of two `prices`, the others at the
    first."""

    prices: tuple[float, float]
    dearer: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """Prices of money in quality, falling, with what is spent a row at each, rising."""

    prices: tuple[float, ...]
    spent: tuple[float, ...]

    def between(self, budget: float) -> Between:
        """Above the dearest way nothing more is worth its price: that one."""
        high = int(np.searchsorted(self.spent, budget, side="right"))
        if high in (0, len(self.spent)):
            price = self.prices[min(high, len(self.prices) - 1)]
            return Between(prices=(price, price), dearer=0.0)
        low = high - 1
        share = (budget - self.spent[low]) / (self.spent[high] - self.spent[low])
        return Between(prices=(self.prices[low], self.prices[high]), dearer=share)


def path(
    prices: Sequence[float], costs: Array, scores: Array, serve: Callable[[float], Ways]
) -> Path:
    """The prices at which each spends more than the last, by how known rows with these scores are
    served at each. Where a budget for the dearest tier alone is better spent on it alone, that is
    the end: gains that are foretold are least to be trusted where hardly any is worth nothing."""
    kept: list[float] = []
    spent: list[float] = []
    for price in sorted(set(prices), reverse=True):
        cost = float(spends(serve(price), costs)[0])
        if not spent or cost > spent[-1]:
            kept.append(price)
            spent.append(cost)
    found = Path(prices=tuple(kept), spent=tuple(spent))
    dearest = float(costs[-1])
    if accuracies(mixed(found, [dearest], serve), scores)[0] > scores[-1].mean():
        return found
    within = sum(cost < dearest for cost in spent)
    return Path(prices=(*kept[:within], SPEND), spent=(*spent[:within], dearest))


def price_grid(gains: Sequence[Array], costs: Array) -> list[float]:
    """Prices at which some row changes its tier: expected gains over what they cost more, by
    quantiles; and one at which nothing but the cheapest tier is worth it."""
    steps = np.diff(costs)
    rates = np.concatenate(
        [np.ravel(gain) / step for gain in gains for step in (steps.min(), costs.max())]
    )
    positive = rates[rates > 0]
    if not len(positive):
        return [1.0 / float(steps.min()), 0.0]
    shares = np.linspace(0.0, 1.0, PRICES)
    grid = np.quantile(positive, shares)
    return [*(float(f"{price:.6g}") for price in grid), 2 * float(positive.max()), 0.0]


def mixed(path: Path, budgets: Sequence[float], serve: Callable[[float], Ways]) -> Ways:
    """Rows served at each budget; `serve` gives one way for a price."""
    found: dict[float, Ways] = {}
    asked, answers = [], []
    for budget in budgets:
        chosen = path.between(budget)
        for price in chosen.prices:
            if price not in found:
                found[price] = serve(price)
        low, high = (found[price] for price in chosen.prices)
        asked.append((1 - chosen.dearer) * low.asked[0] + chosen.dearer * high.asked[0])
        answers.append((1 - chosen.dearer) * low.answers[0] + chosen.dearer * high.answers[0])
    return Ways(asked=np.stack(asked), answers=np.stack(answers))
