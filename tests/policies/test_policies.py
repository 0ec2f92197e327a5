"""What every policy promises: budgets, rules that do as their ways say, states, no peeking."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from cosmosql.contracts.policy import Known, Question, Seen
from cosmosql.policies.curves import accuracies, area, at_spend, budget_grid, spends
from cosmosql.policies.mix import upper_hull
from cosmosql.policies.rows import lot, seen_part
from cosmosql.schema import registry
from tests.policies.made import made

KINDS = ("mix", "cascade", "route", "cascade_route")

every_policy = pytest.mark.parametrize("kind", KINDS)
every_height = pytest.mark.parametrize("tiers", (2, 3))


def policy_of(kind: str):
    return registry.load(registry.extension("policy", kind))


@pytest.fixture(scope="module")
def fitted():
    return {
        (kind, tiers): policy_of(kind).fit(made(tiers=tiers), {}, seed=0)
        for kind in KINDS
        for tiers in (2, 3)
    }


@every_policy
@every_height
def test_known_rows_cost_no_more_than_the_budget(fitted, kind, tiers):
    known = made(tiers=tiers)
    budgets = budget_grid(known.seen.costs, 12)
    ways = fitted[kind, tiers].known_ways(list(budgets))
    assert (spends(ways, known.seen.costs) <= budgets + 1e-9).all()


@every_policy
@every_height
def test_one_tier_answers_and_only_if_it_is_asked(fitted, kind, tiers):
    fresh = made(tiers=tiers, seed=1).seen
    ways = fitted[kind, tiers].ways(fresh, [1.0, 2.2, 3.9])
    assert ways.answers.sum(axis=1) == pytest.approx(np.ones((3, fresh.rows)))
    assert (ways.answers <= ways.asked + 1e-12).all()
    assert ((ways.asked >= 0) & (ways.asked <= 1)).all()


@every_policy
@every_height
def test_a_rule_serves_rows_as_the_ways_say(fitted, kind, tiers):
    fresh = made(60, tiers=tiers, seed=1).seen
    one = fitted[kind, tiers]
    for budget in (1.3, 2.0, 3.7):
        ways = one.ways(fresh, [budget])
        rule = one.rule(budget)
        for place, question in enumerate(fresh.questions):
            asked, answering = served(rule, question, fresh, place)
            assert ways.answers[0, answering, place] > 0
            assert all(ways.asked[0, tier, place] > 0 for tier in asked)


@every_policy
def test_what_a_rule_spends_is_what_the_ways_expect(fitted, kind):
    fresh = made(600, seed=2).seen
    one = fitted[kind, 2]
    expected = spends(one.ways(fresh, [2.3]), fresh.costs)[0]
    rule = one.rule(2.3)
    spent = [
        sum(fresh.costs[tier] for tier in served(rule, question, fresh, place)[0])
        for place, question in enumerate(fresh.questions)
    ]
    assert np.mean(spent) == pytest.approx(expected, abs=0.2)


@every_policy
@every_height
def test_a_loaded_rule_decides_as_the_saved_one(fitted, kind, tiers):
    fresh = made(60, tiers=tiers, seed=1).seen
    rule = fitted[kind, tiers].rule(2.0)
    loaded = policy_of(kind).load(rule.state())
    for place, question in enumerate(fresh.questions):
        assert served(rule, question, fresh, place) == served(loaded, question, fresh, place)
    assert loaded.state() == rule.state()


@every_policy
def test_a_state_tells_no_text(fitted, kind):
    state = str(fitted[kind, 2].rule(2.0).state())
    assert "river" not in state and "0-7" not in state


@pytest.mark.parametrize("kind", ("cascade", "route", "cascade_route"))
@every_height
def test_signals_of_tiers_that_are_not_asked_change_nothing(fitted, kind, tiers):
    fresh = made(tiers=tiers, seed=1).seen
    one = fitted[kind, tiers]
    seeing = one.ways(fresh, [2.0])
    hidden = tuple(
        {name: np.where(seeing.asked[0, tier] > 0, values, np.nan) for name, values in its.items()}
        for tier, its in enumerate(fresh.signals)
    )
    blind = one.ways(replace(fresh, signals=hidden), [2.0])
    assert np.array_equal(seeing.asked, blind.asked)
    assert np.array_equal(seeing.answers, blind.answers)


@every_policy
def test_other_rows_do_not_change_how_a_row_is_served(fitted, kind):
    fresh = made(50, seed=1).seen
    whole = fitted[kind, 2].ways(fresh, [2.0])
    half = fitted[kind, 2].ways(seen_part(fresh, np.arange(25)), [2.0])
    assert half.answers[0] == pytest.approx(whole.answers[0, :, :25])


def test_learnt_policies_beat_the_mix_where_words_tell():
    known, fresh = made(400), made(600, seed=3)
    budgets, costs = np.linspace(1.0, 4.0, 7), known.seen.costs
    got = {}
    for kind in KINDS:
        ways = policy_of(kind).fit(known, {}, seed=0).ways(fresh.seen, list(budgets))
        spent = at_spend(ways, costs, budgets)
        got[kind] = area(budgets, accuracies(spent, fresh.scores))
    assert got["route"] > got["mix"] + 0.02
    assert got["cascade_route"] > got["mix"] + 0.02


def test_a_cascade_by_a_falling_signal_goes_on_where_it_is_high():
    known = made()
    rule = policy_of("cascade").fit(known, {"signal": "entropy"}, seed=0).rule(2.0)
    question = known.seen.questions[0]
    assert rule.then(question, 0, {"entropy": 99.0}) == 1
    assert rule.then(question, 0, {"entropy": 0.0}) == 0
    assert rule.then(question, 0, {}) == 1


def test_a_cascade_without_signals_goes_on_by_lot():
    known = made(400)
    blind = replace(known, seen=replace(known.seen, signals=({}, {})))
    ways = policy_of("cascade").fit(blind, {}, seed=0).ways(blind.seen, [2.0])
    assert ways.asked[0, 1] == pytest.approx(np.full(400, 0.25))


def test_scores_that_are_all_alike_are_fitted():
    known = made(60)
    same = Known(seen=known.seen, scores=np.full_like(known.scores, 0.5))
    for kind in KINDS:
        ways = policy_of(kind).fit(same, {}, seed=0).ways(known.seen, [1.0, 4.0])
        assert accuracies(ways, same.scores) == pytest.approx(np.array([0.5, 0.5]))


def test_the_hull_bends_down():
    costs, values = np.array([1.0, 2.0, 3.0, 4.0]), np.array([0.5, 0.52, 0.7, 0.65])
    assert upper_hull(costs, values) == (0, 2)
    assert upper_hull(costs, np.array([0.5, 0.65, 0.7, 0.75])) == (0, 1, 3)


@pytest.mark.parametrize("kind", ("route", "cascade_route"))
def test_a_rule_says_what_it_goes_by(fitted, kind):
    fresh = made(tiers=2, seed=1).seen
    question = fresh.questions[0]
    rule = fitted[kind, 2].rule(2.0)
    before = rule.why(question, None, {})
    assert set(before) == {"gain of tier 2", "price"}
    large = rule.first(question) == 1
    if kind == "route":
        assert large == (before["gain of tier 2"] > before["price"] * 3.0)
        assert rule.why(question, 0, {}) == {}
    else:
        after = rule.why(question, 0, {"margin": -3.0})
        goes_on = rule.then(question, 0, {"margin": -3.0}) == 1
        assert goes_on == (after["gain of tier 2"] > after["price"] * 4.0)


def test_lots_are_fair():
    lots = np.array([lot(str(row)) for row in range(2000)])
    assert all(
        0.08 < (lots < high).mean() - (lots < low).mean() < 0.12
        for low, high in pairwise(np.linspace(0, 1, 11))
    )


def served(rule, question: Question, seen: Seen, place: int) -> tuple[list[int], int]:
    tier = rule.first(question)
    asked = [tier]
    while True:
        told = {name: float(values[place]) for name, values in seen.signals[tier].items()}
        chosen = rule.then(question, tier, told)
        if chosen == tier:
            return asked, tier
        tier = chosen
        asked.append(tier)


@pytest.mark.parametrize("kind", ("route", "cascade_route"))
def test_few_rows_and_empty_questions_are_fitted(kind):
    known = made(8)
    empty = tuple(Question(row=one.row, text="") for one in known.seen.questions)
    silent = replace(known, seen=replace(known.seen, questions=empty))
    for few in (known, silent):
        ways = policy_of(kind).fit(few, {}, seed=0).ways(few.seen, [1.0, 2.5, 4.0])
        assert np.isfinite(ways.asked).all()
        assert ways.answers.sum(axis=1) == pytest.approx(np.ones((3, 8)))
