"""Who answers a row: the chosen policy as it serves, over members that are ready."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

from cosmosql.artifact.bundle import BundlePolicy
from cosmosql.contracts.policy import Policy, Question, Rule
from cosmosql.identity import Json
from cosmosql.policies.cascade import CascadeRule
from cosmosql.policies.cut import Cut
from cosmosql.policies.mix import MixRule
from cosmosql.probes.runtime import implementation

LOWEST = -sys.float_info.max


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTier:
    """The rule of a policy of one member."""

    def first(self, question: Question) -> int:
        return 0

    def then(self, question: Question, tier: int, signals: Mapping[str, float]) -> int:
        return tier

    def why(
        self, question: Question, tier: int | None, signals: Mapping[str, float]
    ) -> Mapping[str, float]:
        return {}

    def state(self) -> Mapping[str, Json]:
        return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """The tiers that were asked for a row, in order, and the one whose answer is given."""

    asked: tuple[int, ...]
    tier: int


def plug_in(kind: str) -> Policy:
    return cast(Policy, implementation("policy", kind))


BROKEN = (AssertionError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What a plug-in raises where a state is none of its own."""


def rule_of(policy: BundlePolicy) -> Rule:
    """The rule that a bundle serves by; raises InputError E0501 where nothing here knows such a
    policy, and one of `BROKEN` where its state is none."""
    if policy.rule is not None:
        return plug_in(policy.kind).load(policy.rule)
    last = len(policy.members) - 1
    if policy.kind == "mix":
        return MixRule(tiers=(0, last), dearer=policy.share or 0.0)
    if policy.kind == "cascade":
        # Without a threshold only rows without the signal, the least sure of all, go on.
        limits = policy.thresholds or (LOWEST,) * last
        return CascadeRule(
            signals=(policy.signal,) * last,
            cuts=tuple(Cut(threshold=limit, tied=0.0) for limit in limits),
        )
    if last:
        raise ValueError(f"a {policy.kind} of {last + 1} members needs a rule")
    return OneTier()


class BrokenRuleError(ValueError):
    """A rule that cannot say whom to ask, or names a tier that the policy does not have: it is none
    of this policy's."""


def serve(
    rule: Rule,
    questions: Sequence[Question],
    tiers: int,
    ask: Callable[[int, Sequence[int]], Sequence[Mapping[str, float]]],
) -> list[Served]:
    """Serves rows together: `ask` has a tier answer the questions at some places and returns the
    signals of its answers. Each tier is asked once a row at most. Raises BrokenRuleError where the
    rule is none of a policy of so many tiers."""
    at = [_told(partial(rule.first, question), tiers) for question in questions]
    asked: list[list[int]] = [[] for _ in questions]
    waiting = set(range(len(questions)))
    while waiting:
        for tier in sorted({at[place] for place in waiting}):
            places = [place for place in sorted(waiting) if at[place] == tier]
            for place, signals in zip(places, ask(tier, places), strict=True):
                asked[place].append(tier)
                at[place] = _told(partial(rule.then, questions[place], tier, signals), tiers)
                if at[place] in asked[place]:
                    waiting.remove(place)
    return [Served(asked=tuple(each), tier=tier) for each, tier in zip(asked, at, strict=True)]


def _told(whom: Callable[[], int], tiers: int) -> int:
    try:
        tier = whom()
    except BROKEN as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise BrokenRuleError(f"its policy cannot decide: {reason}") from error
    if not 0 <= tier < tiers:
        raise BrokenRuleError(f"the policy asks tier {tier} of {tiers}")
    return tier
