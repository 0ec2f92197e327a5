"""Cascades, mixes and people over hand-made answers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from cosmosql.apply.fitting import Answers, deferred, fitted, references, rows_to_fit, together
from cosmosql.apply.policy import BrokenRuleError, rule_of, serve
from cosmosql.apply.scores import tiers
from cosmosql.artifact.bundle import BundlePolicy
from cosmosql.artifact.storage import document_bytes
from cosmosql.contracts.policy import Question
from cosmosql.data.rows import Role
from cosmosql.evidence.observation import Item
from cosmosql.identity import Json
from cosmosql.model import program as model
from cosmosql.policies.cascade import Cascade, CascadeRule
from cosmosql.policies.cut import Cut
from cosmosql.source import Source, Span

WRONG, RIGHT = 0.0, 1.0


def cascade(signal: str, threshold: float) -> BundlePolicy:
    return BundlePolicy(
        kind="cascade", members=("small", "large"), signal=signal, thresholds=(threshold,)
    )


def mix(share: float | None) -> BundlePolicy:
    return BundlePolicy(kind="mix", members=("small", "large"), share=share)


def declared(using: str) -> model.Policy:
    return model.Policy(
        name="policy.tiers",
        doc=None,
        span=Span(Source("query.cosmos", "x"), 0, 1),
        using=using,
        over=("small", "large"),
        signal="margin",
        escalations=(),
        options={},
    )


def item(score: float, row: str = "r", **signals: float) -> Item:
    return Item(
        row=row,
        score=score,
        predicted=None,
        target=None,
        signals=signals,
        prompt_tokens=1,
        completion_tokens=1,
    )


def said(*members: Sequence[Item]) -> Answers:
    questions = tuple(Question(row=one.row, text=f"text of {one.row}") for one in members[0])
    return Answers(questions=questions, items=tuple(tuple(each) for each in members))


def asked(policy: BundlePolicy, signals: Mapping[str, float]) -> tuple[int, ...]:
    (row,) = tiers(rule_of(policy), said([item(WRONG, "r", **signals)], [item(RIGHT)]))
    assert row.item.score == (RIGHT if row.asked[-1] == 1 else WRONG)
    return row.asked


@pytest.mark.parametrize(("margin", "tiers"), [(1.4, (0, 1)), (1.5, (0,)), (9.0, (0,))])
def test_a_low_margin_goes_on(margin: float, tiers: tuple[int, ...]) -> None:
    assert asked(cascade("margin", 1.5), {"margin": margin}) == tiers


@pytest.mark.parametrize(("entropy", "tiers"), [(0.9, (0, 1)), (0.7, (0,)), (0.1, (0,))])
def test_a_high_entropy_goes_on(entropy: float, tiers: tuple[int, ...]) -> None:
    """Entropy falls as an answer gets surer, so its confidence is its negative."""
    assert asked(cascade("entropy", -0.7), {"entropy": entropy}) == tiers


@pytest.mark.parametrize("signals", [{}, {"margin": math.nan}, {"max_probability": 0.9}])
def test_an_answer_without_the_signal_goes_on(signals: dict[str, float]) -> None:
    assert asked(cascade("margin", 0.0), signals) == (0, 1)


def test_without_a_threshold_only_rows_without_the_signal_go_on() -> None:
    policy = cascade("margin", 0.0).model_copy(update={"thresholds": ()})
    assert asked(policy, {}) == (0, 1)
    assert asked(policy, {"margin": -1e9}) == (0,)


def test_a_mix_asks_one_member_alone() -> None:
    assert asked(mix(0.0), {}) == (0,)
    assert asked(mix(1.0), {}) == (1,)
    assert asked(mix(None), {}) == (0,)


def test_a_single_asks_the_only_member() -> None:
    single = BundlePolicy(kind="single", members=("small",))
    (row,) = tiers(rule_of(single), said([item(RIGHT)]))
    assert row.asked == (0,)


@pytest.mark.parametrize("rule", [{}, {"signals": ["margin"]}, {"thresholds": 3, "signals": 1}])
def test_a_state_that_is_none_does_not_load(rule: dict[str, object]) -> None:
    policy = BundlePolicy.model_validate(
        {"kind": "cascade", "members": ["small", "large"], "rule": rule}
    )
    with pytest.raises((KeyError, TypeError, ValueError, AssertionError)):
        rule_of(policy)


class Wandering:
    """Asks the last tier first, then the first, then gives the last one's answer."""

    def first(self, question: Question) -> int:
        return 2

    def then(self, question: Question, tier: int, signals: Mapping[str, float]) -> int:
        return {2: 0, 0: 2}[tier]

    def why(
        self, question: Question, tier: int | None, signals: Mapping[str, float]
    ) -> Mapping[str, float]:
        return {}

    def state(self) -> Mapping[str, Json]:
        return {}


def test_an_answer_that_was_given_before_may_be_returned_to() -> None:
    rounds: list[tuple[int, tuple[int, ...]]] = []

    def ask(tier: int, places: Sequence[int]) -> list[Mapping[str, float]]:
        rounds.append((tier, tuple(places)))
        return [{} for _ in places]

    questions = [Question(row=str(place), text="") for place in range(3)]
    served = serve(Wandering(), questions, 3, ask)
    assert {(one.asked, one.tier) for one in served} == {((2, 0), 2)}
    assert rounds == [(2, (0, 1, 2)), (0, (0, 1, 2))]
    with pytest.raises(BrokenRuleError, match="asks tier 2 of 2"):
        serve(Wandering(), questions, 2, ask)


def test_a_rule_that_cannot_decide_is_told_from_a_fault_of_ours() -> None:
    """A threshold without a signal, as in a bundle that was edited."""
    rule = CascadeRule(signals=(), cuts=(Cut(threshold=0.0, tied=0.0),))
    with pytest.raises(BrokenRuleError, match="cannot decide"):
        serve(rule, [Question(row="0", text="")], 2, lambda tier, places: [{} for _ in places])


@pytest.mark.parametrize(
    "damage",
    [
        {"signals": []},
        {"signals": ["margin", "margin"]},
        {"thresholds": ["nan"]},
        {"tied": [-1.0]},
        {"tied": ["nan"]},
        {"combinations": [None, None]},
    ],
    ids=str,
)
def test_a_damaged_cascade_is_none(damage: dict[str, Json]) -> None:
    sound: dict[str, Json] = {"signals": ["margin"], "thresholds": [1.5], "tied": [0.5]}
    Cascade().load(sound)
    with pytest.raises(ValueError, match="threshold"):
        Cascade().load(sound | damage)


def test_a_fitted_cascade_sends_on_what_its_budget_pays_for() -> None:
    """Costs 1 and 4, a budget of 2: a quarter of the rows go on, those with the least margins; the
    rule is the same once it has been written and read."""
    rows = [item(WRONG, row=f"row {place}", margin=place / 100) for place in range(100)]
    answers = said(rows, [item(RIGHT, row=one.row) for one in rows])
    policy = BundlePolicy(
        kind="cascade", members=("small", "large"), budget="2", costs=("1", "4"), signal="margin"
    )
    assert rows_to_fit(policy) == (Role.CALIBRATION,)
    found = fitted(policy, declared("auto"), answers, seed=0)
    on = [row.asked == (0, 1) for row in tiers(rule_of(found), answers)]
    assert sum(on) == pytest.approx(25, abs=1)
    assert all(on[:24]) and not any(on[26:])
    again = BundlePolicy.model_validate_json(document_bytes(found))
    assert again == found


def test_what_is_learned_from_questions_takes_the_validation_rows_too() -> None:
    def roles(kind: str, **more: object) -> tuple[Role, ...]:
        return rows_to_fit(
            BundlePolicy.model_validate(
                {"kind": kind, "members": ["small", "large"], "budget": "2", **more}
            )
        )

    assert roles("route") == (Role.VALIDATION, Role.CALIBRATION)
    assert roles("route", rule={"what": "stands"}) == ()
    assert roles("cascade", budget=None) == ()
    assert rows_to_fit(BundlePolicy(kind="single", members=("small",))) == ()


def test_a_person_is_right_and_says_nothing_else() -> None:
    rows = [item(WRONG, row="a", margin=0.1), item(RIGHT, row="b", margin=3.0)]
    questions = {one.row: Question(row=one.row, text="") for one in rows}
    answers = together(("small", "person"), [tuple(rows)], questions)
    assert answers.items[1] == tuple(deferred(one) for one in rows)
    policy = cascade("margin", 1.5).model_copy(update={"members": ("small", "person")})
    found = tiers(rule_of(policy), answers)
    assert [row.item.score for row in found] == [RIGHT, RIGHT]
    assert [row.asked for row in found] == [(0, 1), (0,)]


def test_references_are_of_the_rows_that_a_member_is_asked_for() -> None:
    rng = np.random.default_rng(0)
    margins = np.sort(rng.normal(size=200))
    small = [item(WRONG, row=f"row {place}", margin=m) for place, m in enumerate(margins)]
    large = [item(RIGHT, row=one.row, margin=9.0) for one in small]
    policy = cascade("margin", float(margins[99:101].mean()))
    first, second = references(policy, said(small, large))
    assert (first.member, first.signal, first.rows) == ("small", "margin", 200)
    assert list(first.quantiles) == pytest.approx(list(margins), rel=1e-5)
    assert (second.member, second.rows) == ("large", 100)
    few = said(small[:20], large[:20])
    assert references(policy, few) == ()


def test_a_cascade_by_all_signals_is_fitted_served_and_watched() -> None:
    """The small member is right where either signal is high; its combination is kept in the
    bundle, and the margin is what its answers are watched by."""
    rng = np.random.default_rng(1)
    small = []
    for place, (margin, top) in enumerate(rng.normal(size=(300, 2))):
        right = rng.random() < 1 / (1 + np.exp(-2 * (margin + top)))
        signals = {"margin": float(margin), "max_probability": float(top)}
        small.append(item(RIGHT if right else WRONG, row=f"row {place}", **signals))
    answers = said(small, [item(RIGHT, row=one.row) for one in small])
    policy = BundlePolicy(
        kind="cascade", members=("small", "large"), budget="3", costs=("1", "4"), signal="combined"
    )
    found = fitted(policy, declared("cascade"), answers, seed=0)
    assert found.rule is not None and found.rule["signals"] == ["combined"]
    served = tiers(rule_of(found), answers)
    sent = [len(row.asked) == 2 for row in served]
    assert sum(sent) == pytest.approx(150, abs=1)
    wrong = [one.score == WRONG for one in small]
    caught = sum(one and two for one, two in zip(sent, wrong, strict=True)) / sum(wrong)
    assert caught > 0.75
    (watched,) = references(found, answers)
    assert (watched.member, watched.signal) == ("small", "margin")
