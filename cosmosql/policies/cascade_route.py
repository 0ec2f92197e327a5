"""`policy … using route` and `cascade_route`: by the gains that a question promises, and, once a
tier has answered, by those that its signals leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cosmosql.contracts.policy import Array, Fitted, Known, Question, Rule, Seen, Ways
from cosmosql.identity import Json
from cosmosql.policies import storage
from cosmosql.policies.after import After, fit_after
from cosmosql.policies.gain import Before, fit_before, promised
from cosmosql.policies.looked import looked_at
from cosmosql.policies.path import Between, Path, mixed, path, price_grid
from cosmosql.policies.priced import SPEND, Choice
from cosmosql.policies.prior import Prior, shipped
from cosmosql.policies.rows import coarse, lot
from cosmosql.policies.surface import surface_of


@dataclass(frozen=True, slots=True, kw_only=True)
class GainRule:
    """Decides at one of two prices, which is the row's lot."""

    choice: Choice
    before: Before
    after: tuple[After, ...]
    between: Between

    def first(self, question: Question) -> int:
        gains = coarse(promised(self.before, question))
        return int(self.choice.first(gains[:, None], self.price(question))[0])

    def then(self, question: Question, tier: int, signals: Mapping[str, float]) -> int:
        if tier >= len(self.after):
            return tier
        first = promised(self.before, question)
        ahead = (first[tier + 1 :] - first[tier])[:, None]
        told = {name: np.array([value]) for name, value in signals.items()}
        gains = coarse(self.after[tier].of(ahead, told, surface_of(question)[None]))
        return int(self.choice.then(tier, gains, self.price(question))[0])

    def why(
        self, question: Question, tier: int | None, signals: Mapping[str, float]
    ) -> Mapping[str, float]:
        gains = promised(self.before, question)
        start = 0
        if tier is not None:
            if tier >= len(self.after):
                return {}
            told = {name: np.array([value]) for name, value in signals.items()}
            ahead = (gains[tier + 1 :] - gains[tier])[:, None]
            gains = self.after[tier].of(ahead, told, surface_of(question)[None])[:, 0]
            start = tier + 1
        named = enumerate(gains.tolist(), start=start + 1)
        expected = {f"gain of tier {place}": gain for place, gain in named if place > 1}
        price = self.price(question)
        return expected if price == SPEND else {**expected, "price": price}

    def price(self, question: Question) -> float:
        return self.between.prices[int(lot(question.row) < self.between.dearer)]

    def state(self) -> Mapping[str, Json]:
        return storage.state(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Gains of rows: `promised` over the cheapest tier by the question, shape (tiers, rows);
    `remaining` ones of the dearer tiers over each that may have answered, (dearer tiers, rows)."""

    promised: Array = field(repr=False)
    remaining: tuple[Array, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedGains:
    choice: Choice
    before: Before
    after: tuple[After, ...]
    path: Path
    expected: Expected = field(repr=False)

    def ways(self, seen: Seen, budgets: Sequence[float]) -> Ways:
        promised = self.before.of(seen.questions)
        surfaces = looked_at(seen.questions)[0]
        remaining = tuple(
            coarse(after.of(promised[tier + 1 :] - promised[tier], seen.signals[tier], surfaces))
            for tier, after in enumerate(self.after)
        )
        return self.served(Expected(promised=coarse(promised), remaining=remaining), budgets)

    def known_ways(self, budgets: Sequence[float]) -> Ways:
        """How the fitted rows are served, each by models that have not seen it."""
        return self.served(self.expected, budgets)

    def served(self, expected: Expected, budgets: Sequence[float]) -> Ways:
        return mixed(self.path, budgets, lambda price: served(self.choice, expected, price))

    def rule(self, budget: float) -> GainRule:
        return GainRule(
            choice=self.choice,
            before=self.before,
            after=self.after,
            between=self.path.between(budget),
        )


def served(choice: Choice, expected: Expected, price: float) -> Ways:
    """The one way that rows are served at a price."""
    gains, remaining = expected.promised, expected.remaining
    tiers, rows = gains.shape
    asked = np.zeros((tiers, rows))
    answers = np.zeros((tiers, rows))
    at = choice.first(gains, price)
    for tier in range(tiers):
        here = at == tier
        asked[tier, here] = 1.0
        if tier < len(remaining):
            at = np.where(here, choice.then(tier, remaining[tier], price), at)
        answers[tier, here & (at == tier)] = 1.0
    return Ways(asked=asked[None], answers=answers[None])


class _Gains:
    """Fits gains before an answer, and after one where it `sees` signals."""

    sees: frozenset[str]

    def __init__(self, prior: Prior | None = None) -> None:
        """By the shipped prior where none is given."""
        self.prior = prior or shipped()

    def fit(self, known: Known, options: Mapping[str, object], *, seed: int) -> Fitted:
        seen, scores = known.seen, known.scores
        before, promised = fit_before(seen.questions, scores, self.prior, seed=seed)
        fits = [
            fit_after(
                promised[tier + 1 :] - promised[tier],
                seen.signals[tier],
                looked_at(seen.questions)[0],
                scores[tier + 1 :] - scores[tier],
                self.prior,
                seed=seed,
            )
            for tier in range(len(scores) - 1)
            if "signals" in self.sees
        ]
        before = storage.settled(before)
        after = tuple(storage.settled(model) for model, _ in fits)
        expected = Expected(
            promised=coarse(promised), remaining=tuple(coarse(left) for _, left in fits)
        )
        spreads = tuple(model.spread for model in after)
        choice = storage.settled(Choice(costs=seen.costs, spreads=spreads))
        prices = price_grid([expected.promised[1:], *expected.remaining], seen.costs)
        return FittedGains(
            choice=choice,
            before=before,
            after=after,
            path=path(prices, seen.costs, scores, lambda price: served(choice, expected, price)),
            expected=expected,
        )

    def load(self, state: Mapping[str, Json]) -> Rule:
        found: GainRule = storage.decoded(GainRule, dict(state))
        return found


class Route(_Gains):
    sees = frozenset({"question"})


class CascadeRoute(_Gains):
    sees = frozenset({"question", "signals"})
