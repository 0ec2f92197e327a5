"""`policy … using cascade`: the next tier is asked where the last one's answer is unsure.

Two tiers, c1 < c2: escalated is the share p = min((b - c1) / c2, 1) of the rows with the smallest
margins (Ramírez, Birch, Titov 2024, arXiv 2405.02134), the batch version. More tiers: every tier
hands on the same share of the rows that reach it, the largest that the budget allows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cosmosql.contracts.policy import Array, Fitted, Known, Question, Rule, Seen, Ways
from cosmosql.identity import Json
from cosmosql.policies.combination import (
    Combination,
    beside,
    beside_all,
    combination_of,
    combine,
)
from cosmosql.policies.confidence import confidence, confidences, signal_of
from cosmosql.policies.cut import Cut, cut_at
from cosmosql.policies.rows import lot
from cosmosql.schema.kinds import COMBINED, RISING

LARGEST = 1e300
"""Stands for infinity, which JSON cannot write."""

HALVINGS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class CascadeRule:
    """A row goes on from a tier where its confidence passes the tier's cut. A tier whose signal is
    `combined` has its combination."""

    signals: tuple[str | None, ...]
    cuts: tuple[Cut, ...]
    combinations: tuple[Combination | None, ...] = ()

    def first(self, question: Question) -> int:
        return 0

    def then(self, question: Question, tier: int, signals: Mapping[str, float]) -> int:
        if tier >= len(self.cuts):
            return tier
        sure = confidence(self.given(tier, signals), self.signals[tier])
        return tier + int(self.cuts[tier].passes(sure, lot(question.row)))

    def why(
        self, question: Question, tier: int | None, signals: Mapping[str, float]
    ) -> Mapping[str, float]:
        if tier is None or tier >= len(self.cuts):
            return {}
        name = self.signals[tier] or ""
        figures = {
            name: self.given(tier, signals).get(name, math.nan),
            "threshold": self.cuts[tier].threshold * (-1 if self.falls(tier) else 1),
        }
        return {name: value for name, value in figures.items() if math.isfinite(value)}

    def given(self, tier: int, signals: Mapping[str, float]) -> Mapping[str, float]:
        """The answer's signals, `combined` among them where that decides."""
        return beside(signals, self.combinations[tier] if self.combinations else None)

    def falls(self, tier: int) -> bool:
        """Whether the tier's signal is high where it is unsure."""
        return self.signals[tier] is not None and self.signals[tier] not in RISING

    def state(self) -> Mapping[str, Json]:
        state: dict[str, Json] = {
            "signals": list(self.signals),
            "thresholds": [min(max(cut.threshold, -LARGEST), LARGEST) for cut in self.cuts],
            "tied": [cut.tied for cut in self.cuts],
        }
        if any(self.combinations):
            state["combinations"] = [
                None if one is None else one.state() for one in self.combinations
            ]
        return state


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedCascade:
    """`sure`: confidence of each tier but the last on the fitted rows, (tiers - 1, rows)."""

    signals: tuple[str | None, ...]
    combinations: tuple[Combination | None, ...]
    sure: Array = field(repr=False)
    costs: tuple[float, ...]

    def ways(self, seen: Seen, budgets: Sequence[float]) -> Ways:
        sure = surenesses(seen, self.signals, self.combinations)
        return stacked([reached(sure, self.rule(budget).cuts) for budget in budgets])

    def known_ways(self, budgets: Sequence[float]) -> Ways:
        """A threshold takes so little from one row that it is not left out."""
        return stacked([reached(self.sure, self.rule(budget).cuts) for budget in budgets])

    def rule(self, budget: float) -> CascadeRule:
        return CascadeRule(
            signals=self.signals,
            cuts=self.cuts_at(self.share(budget)),
            combinations=self.combinations,
        )

    def share(self, budget: float) -> float:
        """The largest share that every tier may hand on within the budget."""
        first, *later = self.costs
        if len(later) == 1:
            return min(max((budget - first) / later[0], 0.0), 1.0)
        low, high = 0.0, 1.0
        if self.spent(high) <= budget:
            return high
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if self.spent(middle) <= budget else (low, middle)
        return low

    def spent(self, share: float) -> float:
        """Expected money a fitted row where every tier hands on this share."""
        asked, _ = reached(self.sure, self.cuts_at(share))
        return float(asked.mean(axis=1) @ np.array(self.costs))

    def cuts_at(self, share: float) -> tuple[Cut, ...]:
        """The cut of each tier on the fitted rows that reach it."""
        weight = np.ones(self.sure.shape[1])
        cuts = []
        for sure in self.sure:
            cut = cut_at(sure[weight > 0], share)
            weight = weight * cut.passing(sure)
            cuts.append(cut)
        return tuple(cuts)


def reached(sure: Array, cuts: Sequence[Cut]) -> tuple[Array, Array]:
    """Probabilities that each tier is asked and that it answers, shape (tiers, rows). One lot a row
    decides all its ties, so that ties at two tiers are not independent."""
    tiers, rows = len(cuts) + 1, sure.shape[1]
    asked = np.ones((tiers, rows))
    for tier, cut in enumerate(cuts):
        asked[tier + 1] = np.minimum(asked[tier], cut.passing(sure[tier]))
    answers = asked.copy()
    answers[:-1] -= asked[1:]
    return asked, answers


def stacked(found: Sequence[tuple[Array, Array]]) -> Ways:
    return Ways(
        asked=np.stack([asked for asked, _ in found]),
        answers=np.stack([answers for _, answers in found]),
    )


class Cascade:
    """Options: `signal`, the name of the uncertainty that decides (default `margin`)."""

    sees: frozenset[str] = frozenset({"signals"})

    def fit(self, known: Known, options: Mapping[str, object], *, seed: int) -> Fitted:
        seen = known.seen
        wanted = str(options.get("signal", "margin"))
        tiers = seen.signals[:-1]
        combinations = tuple(
            combine(signals, right) if wanted == COMBINED else None
            for signals, right in zip(tiers, known.scores, strict=False)
        )
        names = tuple(
            signal_of(beside_all(signals, combination, seen.rows), wanted)
            for signals, combination in zip(tiers, combinations, strict=True)
        )
        return FittedCascade(
            signals=names,
            combinations=combinations,
            sure=surenesses(seen, names, combinations),
            costs=tuple(float(cost) for cost in seen.costs),
        )

    def load(self, state: Mapping[str, Json]) -> Rule:
        signals, thresholds, tied = state["signals"], state["thresholds"], state["tied"]
        assert isinstance(signals, list)
        assert isinstance(thresholds, list) and isinstance(tied, list)
        combinations = loaded_combinations(state.get("combinations", []))
        if len(signals) != len(thresholds) or len(combinations) not in (0, len(thresholds)):
            raise ValueError(f"{len(thresholds)} thresholds on {len(signals)} signals")
        return CascadeRule(
            signals=tuple(None if name is None else str(name) for name in signals),
            cuts=tuple(
                loaded_cut(float(str(limit)), float(str(share)))
                for limit, share in zip(thresholds, tied, strict=True)
            ),
            combinations=combinations,
        )


def surenesses(
    seen: Seen, names: Sequence[str | None], combinations: Sequence[Combination | None]
) -> Array:
    """Confidence of each tier but the last, shape (tiers - 1, rows)."""
    tiers = zip(seen.signals, names, combinations, strict=False)
    return np.stack(
        [
            confidences(beside_all(signals, combination, seen.rows), name, seen.rows)
            for signals, name, combination in tiers
        ]
    )


def loaded_combinations(states: Json) -> tuple[Combination | None, ...]:
    assert isinstance(states, list)
    found = []
    for state in states:
        assert state is None or isinstance(state, dict)
        found.append(None if state is None else combination_of(state))
    return tuple(found)


def loaded_cut(threshold: float, tied: float) -> Cut:
    """Raises ValueError for a threshold that is no number and a share that is none."""
    if np.isnan(threshold) or not 0 <= tied <= 1:
        raise ValueError(f"no threshold: {threshold:g}, and {tied:g} of what equals it")
    return Cut(threshold=loaded_threshold(threshold), tied=tied)


def loaded_threshold(value: float) -> float:
    return float(np.copysign(np.inf, value)) if abs(value) >= LARGEST else value
