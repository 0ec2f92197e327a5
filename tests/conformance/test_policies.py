"""What every policy promises: `cosmosql.contracts.policy`."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import cast

import numpy as np
import pytest

from cosmosql.contracts.policy import Fitted, Known, Policy, Question, Rule, Seen, Ways
from cosmosql.policies.choice import left_out
from cosmosql.policies.rows import part, seen_part
from cosmosql.schema import registry

ROWS = 120
COSTS = {2: (1.0, 4.0), 3: (1.0, 3.0, 9.0)}
WORDS = ("parcel", "refund", "late", "card", "stolen", "where", "please", "transfer", "fee", "why")
SECRET = "xylophone"
"""A word of every question that no state may hold."""

every_policy = pytest.mark.parametrize("name", registry.names("policy"))
every_chain = pytest.mark.parametrize("tiers", COSTS)


def load(name: str) -> Policy:
    return cast(Policy, registry.load(registry.extension("policy", name)))


def options(name: str) -> dict[str, object]:
    fields = registry.extension("policy", name).options
    return {**{one.name: one.default for one in fields}, "signal": "margin"}


@lru_cache
def known(tiers: int) -> Known:
    """Rows whose words tell what a dear tier gains, and whose margins tell whether a cheap one is
    right; some rows of the first tier have no margin."""
    rng = np.random.default_rng(tiers)
    texts = [" ".join([SECRET, *rng.choice(WORDS, 6)]) for _ in range(ROWS)]
    hard = np.array(["stolen" in text for text in texts])
    chances = [0.8 - 0.5 * hard, 0.75 - 0.2 * hard, np.full(ROWS, 0.9)]
    scores = np.array([(rng.random(ROWS) < chances[-tiers:][tier]) for tier in range(tiers)], float)
    margins = scores + rng.normal(size=scores.shape)
    margins[0, ::17] = np.nan
    return Known(
        seen=Seen(
            questions=tuple(
                Question(row=f"row {place}", text=text) for place, text in enumerate(texts)
            ),
            signals=tuple({"margin": one, "entropy": -one / 2} for one in margins),
            costs=np.array(COSTS[tiers]),
        ),
        scores=scores,
    )


@lru_cache
def fitted(name: str, tiers: int) -> Fitted:
    return load(name).fit(known(tiers), options(name), seed=0)


def budgets(tiers: int) -> list[float]:
    first, *_, last = COSTS[tiers]
    return [float(budget) for budget in np.linspace(first, last, 7)]


@lru_cache
def ways(name: str, tiers: int) -> Ways:
    return fitted(name, tiers).ways(known(tiers).seen, budgets(tiers))


def answered(rule: Rule, seen: Seen, place: int) -> tuple[list[int], int]:
    """The tiers that a rule asks for a row, and whose answer it gives."""
    question = seen.questions[place]
    tier, asked = rule.first(question), []
    while tier not in asked:
        asked.append(tier)
        signals = {name: float(values[place]) for name, values in seen.signals[tier].items()}
        tier = rule.then(question, tier, signals)
    return asked, tier


@every_policy
@every_chain
def test_ways_are_probabilities(name: str, tiers: int) -> None:
    found = ways(name, tiers)
    assert found.asked.shape == found.answers.shape == (7, tiers, ROWS)
    for one in (found.asked, found.answers):
        assert ((one >= -1e-12) & (one <= 1 + 1e-12)).all()
    np.testing.assert_allclose(found.answers.sum(axis=1), 1.0)
    assert (found.answers <= found.asked + 1e-12).all(), "who answers was asked"


@every_policy
@every_chain
def test_what_is_spent_is_within_the_budget(name: str, tiers: int) -> None:
    """On rows left out of the fit, to a twentieth of what lies between the cheapest and the
    dearest: a hundred rows say no more of a threshold."""
    policy, grid = load(name), np.array(budgets(tiers))
    found = left_out(policy, fitted(name, tiers), known(tiers), grid, options(name), seed=0)
    spent = np.einsum("wtr,t->wr", found.asked, np.array(COSTS[tiers])).mean(axis=1)
    slack = 0.05 * (COSTS[tiers][-1] - COSTS[tiers][0])
    assert (spent <= grid + slack).all()
    first = ways(name, tiers).asked[0].mean(axis=1)
    assert first[0] == pytest.approx(1.0, abs=0.05), "the least budget pays for the first tier"


@every_policy
@every_chain
def test_the_rule_serves_as_the_ways_say(name: str, tiers: int) -> None:
    """Where a way leaves nothing to chance the rule does just that, and elsewhere what may be."""
    seen = known(tiers).seen
    for way, budget in enumerate(budgets(tiers)):
        rule = fitted(name, tiers).rule(budget)
        for place in range(0, ROWS, 3):
            asked, tier = answered(rule, seen, place)
            sure = ways(name, tiers).asked[way, :, place]
            assert ways(name, tiers).answers[way, tier, place] > 1e-9
            assert {one for one in range(tiers) if sure[one] > 1 - 1e-9} <= set(asked)
            assert set(asked) <= {one for one in range(tiers) if sure[one] > 1e-9}


@every_policy
@every_chain
def test_a_rule_comes_back_from_its_state(name: str, tiers: int) -> None:
    seen = known(tiers).seen
    rule = fitted(name, tiers).rule(budgets(tiers)[3])
    written = json.dumps(dict(rule.state()), allow_nan=False)
    assert SECRET not in written
    again = load(name).load(json.loads(written))
    for place in range(0, ROWS, 3):
        assert answered(again, seen, place) == answered(rule, seen, place)
    assert json.dumps(dict(again.state())) == written


@every_policy
@every_chain
def test_a_row_is_served_the_same_in_any_company(name: str, tiers: int) -> None:
    some = np.arange(ROWS - 1, -1, -4)
    found = fitted(name, tiers).ways(seen_part(known(tiers).seen, some), budgets(tiers))
    np.testing.assert_allclose(found.asked, ways(name, tiers).asked[:, :, some], atol=1e-9)
    np.testing.assert_allclose(found.answers, ways(name, tiers).answers[:, :, some], atol=1e-9)


@every_policy
@every_chain
def test_what_a_tier_would_have_said_is_not_known(name: str, tiers: int) -> None:
    """Signals of tiers that a way never asks for a row may be anything."""
    seen = known(tiers).seen
    for way, budget in enumerate(budgets(tiers)):
        hidden = ways(name, tiers).asked[way] < 1e-9
        signals = tuple(
            {key: np.where(hidden[tier], -99.0, values) for key, values in one.items()}
            for tier, one in enumerate(seen.signals)
        )
        poisoned = Seen(questions=seen.questions, signals=signals, costs=seen.costs)
        found = fitted(name, tiers).ways(poisoned, [budget])
        np.testing.assert_allclose(found.asked[0], ways(name, tiers).asked[way], atol=1e-9)


@every_policy
def test_fitting_again_gives_the_same(name: str) -> None:
    again = load(name).fit(known(2), options(name), seed=0).rule(2.0)
    assert json.dumps(dict(again.state())) == json.dumps(dict(fitted(name, 2).rule(2.0).state()))


@every_policy
def test_expected_outcomes_will_do(name: str) -> None:
    """Of members that were only probed, fractions are known."""
    half = Known(seen=known(2).seen, scores=0.15 + 0.7 * known(2).scores)
    found = load(name).fit(half, options(name), seed=0).ways(half.seen, budgets(2))
    np.testing.assert_allclose(found.answers.sum(axis=1), 1.0)


@every_policy
def test_a_rule_says_by_what_figures(name: str) -> None:
    rule = fitted(name, 2).rule(2.0)
    for place in (0, 1):
        question = known(2).seen.questions[place]
        for tier in (None, 0, 1):
            figures = rule.why(question, tier, {"margin": 0.5, "entropy": 0.2})
            assert all(np.isfinite(value) for value in figures.values())
            json.dumps(dict(figures))


@every_policy
def test_few_rows_are_enough(name: str) -> None:
    few = part(known(2), np.arange(10))
    found = load(name).fit(few, options(name), seed=0).ways(known(2).seen, budgets(2))
    np.testing.assert_allclose(found.answers.sum(axis=1), 1.0)
