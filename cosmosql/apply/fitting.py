"""The chosen policy fitted to its budget, on rows that the members themselves have answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cosmosql.apply.policy import plug_in, rule_of, serve
from cosmosql.artifact.bundle import BundlePolicy, SignalReference
from cosmosql.artifact.storage import document_bytes
from cosmosql.contracts.policy import Known, Question, Rule, Seen
from cosmosql.data.rows import Role
from cosmosql.decide.person import PERSON
from cosmosql.decide.plug_ins import options_of
from cosmosql.evidence.observation import Item
from cosmosql.identity import Json, rounded
from cosmosql.model import program as model
from cosmosql.policies.cascade import LARGEST
from cosmosql.policies.confidence import signal_of

FEWEST = 30
"""Rows that a member has to have answered for its signal to be worth a reference."""

QUANTILES = 1001
"""Values of a reference at most: every per mille."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What every member said to the same rows, members in the policy's order."""

    questions: tuple[Question, ...] = field(repr=False)
    items: tuple[tuple[Item, ...], ...] = field(repr=False)

    def signals(self, tier: int, places: Sequence[int]) -> list[Mapping[str, float]]:
        return [self.items[tier][place].signals for place in places]


def together(
    members: Sequence[str],
    answered: Sequence[tuple[Item, ...]],
    questions: Mapping[str, Question],
) -> Answers:
    """The answers of the members that are candidates to one role's rows; a person among the
    members is always right."""
    rows = answered[0]
    each = iter(answered)
    return Answers(
        questions=tuple(questions.get(item.row, Question(row=item.row, text="")) for item in rows),
        items=tuple(
            tuple(deferred(item) for item in rows) if name == PERSON else next(each)
            for name in members
        ),
    )


def deferred(item: Item) -> Item:
    """The row as a person answers it."""
    return Item(
        row=item.row,
        score=1.0,
        predicted=item.target,
        target=item.target,
        signals={},
        prompt_tokens=0,
        completion_tokens=0,
    )


def joined(parts: Sequence[Answers]) -> Answers:
    """The same members' answers to several roles' rows, as one."""
    return Answers(
        questions=tuple(one for part in parts for one in part.questions),
        items=tuple(
            tuple(item for items in each for item in items)
            for each in zip(*(part.items for part in parts), strict=True)
        ),
    )


def rows_to_fit(policy: BundlePolicy) -> tuple[Role, ...]:
    """The roles whose rows a policy is fitted on: thresholds on calibration rows, which nothing
    else has seen; what is learned from questions takes all labels that there are but the test
    rows'."""
    if policy.kind == "single" or policy.rule is not None or policy.budget is None:
        return ()
    if "question" in plug_in(policy.kind).sees:
        return Role.VALIDATION, Role.CALIBRATION
    return (Role.CALIBRATION,)


def fitted(
    policy: BundlePolicy, declared: model.Policy, answers: Answers, *, seed: int
) -> BundlePolicy:
    """The policy with a rule that spends its budget on rows like these.

    The rule is one that the bundle's manifest can hold: what is measured is what will answer.
    """
    options = options_of(declared, policy.kind)
    if policy.signal is not None:
        options["signal"] = policy.signal
    found = plug_in(policy.kind).fit(known_of(policy, answers), options, seed=seed)
    state = dict(found.rule(float(policy.budget or 0.0)).state())
    written = policy.model_copy(update={"rule": state, "thresholds": thresholds_in(state)})
    return BundlePolicy.model_validate_json(document_bytes(written))


def thresholds_in(state: Mapping[str, Json]) -> tuple[float, ...]:
    """The finite thresholds of a rule that has any."""
    limits = state.get("thresholds")
    found = limits if isinstance(limits, list) else []
    return tuple(float(one) for one in found if isinstance(one, int | float) and abs(one) < LARGEST)


def known_of(policy: BundlePolicy, answers: Answers) -> Known:
    """The answers as a policy is fitted on them; costs are those that the plan expects."""
    names = [sorted({name for item in items for name in item.signals}) for items in answers.items]
    return Known(
        seen=Seen(
            questions=answers.questions,
            signals=tuple(
                {name: np.array([one.signals.get(name, np.nan) for one in items]) for name in each}
                for items, each in zip(answers.items, names, strict=True)
            ),
            costs=np.array([float(cost or 0.0) for cost in policy.costs]),
        ),
        scores=np.array([[item.score for item in items] for items in answers.items]),
    )


def references(policy: BundlePolicy, answers: Answers) -> tuple[SignalReference, ...]:
    """How each member's signal is distributed on the rows for which the policy asks it: the signal
    that it decides by, or the one that stands in for it."""
    rule = rule_of(policy)
    tiers = len(policy.members)
    served = serve(rule, answers.questions, tiers, answers.signals)
    found = []
    for tier, member in enumerate(policy.members):
        items = [
            item for item, one in zip(answers.items[tier], served, strict=True) if tier in one.asked
        ]
        names = {name for item in items for name in item.signals}
        arrays = {
            name: np.array([item.signals.get(name, np.nan) for item in items]) for name in names
        }
        # What is made of several signals is watched by one that answers themselves have.
        signal = signal_of(arrays, deciding(rule, tier) or policy.signal or "margin")
        values = arrays.get(signal or "", np.empty(0))
        values = np.sort(values[np.isfinite(values)])
        if signal is not None and len(values) >= FEWEST:
            found.append(
                SignalReference(
                    member=member, signal=signal, rows=len(values), quantiles=quantiles(values)
                )
            )
    return tuple(found)


def deciding(rule: Rule, tier: int) -> str | None:
    """The signal by which a rule goes on from a tier, where it names one."""
    signals = rule.state().get("signals")
    if not isinstance(signals, list) or tier >= len(signals):
        return None
    return None if signals[tier] is None else str(signals[tier])


def quantiles(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[float, ...]:
    """The sorted values themselves, or where there are more, every per mille of them."""
    if len(values) > QUANTILES:
        values = np.quantile(values, np.linspace(0.0, 1.0, QUANTILES))
    return tuple(rounded(float(value)) for value in values)
