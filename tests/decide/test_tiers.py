from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cosmosql.contracts.policy import Question, Ways
from cosmosql.decide.frontier import frontier_of
from cosmosql.decide.tiers import (
    BUDGETS,
    Tiers,
    cross_fitted,
    folds_of,
    left_out,
    outcomes,
    sums_of,
    tiers_of,
)
from cosmosql.interval import Unmeasured
from cosmosql.policies.cascade import Cascade
from cosmosql.policies.cascade_route import Route
from cosmosql.policies.mix import Mix
from cosmosql.policies.rows import FOLDS


def tiers(*members: Any) -> Tiers:
    found = tiers_of(members, {}, seed=0)
    assert not isinstance(found, Unmeasured)
    return found


def test_a_mix_is_a_straight_line(candidate: Any) -> None:
    """0.6 at a cost of 1 and 0.8 at 4: half of the way 0.7, with half of the queries each."""
    small = candidate("strategy.small", [1.0] * 120 + [0.0] * 80, cost=1.0)
    large = candidate("strategy.large", [1.0] * 160 + [0.0] * 40, cost=4.0)
    pair = tiers(small, large)
    ways = cross_fitted(Mix(), pair, {}, seed=0)
    found = outcomes(pair, sums_of(pair, ways, 1000))
    middle = BUDGETS // 2
    assert pair.budgets[middle] == 2.5
    np.testing.assert_array_equal(found.asked[:, :, middle], 0.5)
    both = (small.metric.draws + large.metric.draws) / 2
    np.testing.assert_allclose(found.metric[:, middle], both)


def test_the_cascade_with_a_perfect_margin_by_hand(candidate: Any) -> None:
    """100 of 200 rows are wrong in the small tier, with margins below those of the right ones; the
    large tier is always right. At costs 1 and 4 the budget of 3 escalates the half that is wrong:
    all are right then. At 2 it is a quarter of the rows: three in four are right."""
    scores = [0.0, 1.0] * 100
    margin = [score + 0.001 * index for index, score in enumerate(scores)]
    small = candidate("strategy.small", scores, cost=1.0, margin=margin)
    pair = tiers(small, candidate("strategy.large", [1.0] * 200, cost=4.0))
    found = outcomes(pair, sums_of(pair, cross_fitted(Cascade(), pair, {}, seed=0), 1000))
    metric = found.metric.mean(axis=0)
    third, two_thirds = (int(np.argmin(abs(pair.budgets - at))) for at in (2.0, 3.0))
    assert metric[third] == pytest.approx(0.75, abs=0.02)
    assert metric[two_thirds] == pytest.approx(1.0, abs=0.03)
    np.testing.assert_array_equal(found.asked[0], 1.0)


def test_no_row_is_judged_by_a_threshold_that_saw_it(candidate: Any) -> None:
    """Moving one row's margin leaves every threshold of its own fold where it was."""
    rng = np.random.default_rng(0)
    margin = rng.normal(size=100)
    scores = [1.0, 0.0] * 50
    large = candidate("strategy.large", [1.0] * 100, cost=4.0)
    moved = margin.copy()
    moved[7] = -9.0
    first = tiers(candidate("strategy.s", scores, 1.0, margin), large)
    second = tiers(candidate("strategy.s", scores, 1.0, moved), large)
    before, after = (cross_fitted(Cascade(), one, {}, seed=0).asked for one in (first, second))
    same = (first.folds == first.folds[7]) & (np.arange(100) != 7)
    np.testing.assert_array_equal(before[:, :, same], after[:, :, same])
    assert (before != after).any()


def test_rows_that_ask_the_same_share_a_fold() -> None:
    asked = [Question(row=f"row {index}", text=f"text {index // 3}") for index in range(90)]
    folds = folds_of(asked).reshape(30, 3)
    assert (folds == folds[:, :1]).all()
    assert np.ptp(np.bincount(folds[:, 0], minlength=FOLDS)) <= 1
    alike = folds_of([Question(row=one.row, text="the same") for one in asked])
    assert np.ptp(np.bincount(alike, minlength=FOLDS)) <= 1


@pytest.mark.parametrize("alike", [1, 2])
def test_repeated_questions_do_not_tell_of_each_other(candidate: Any, alike: int) -> None:
    """Outcomes are noise, the same wherever a question is. A row that is left out alone would be
    known by its like."""
    rng = np.random.default_rng(0)
    scores = [np.repeat(rng.integers(0, 2, 120 // alike), alike) for _ in range(2)]
    members = [
        candidate(f"strategy.s{cost}", score.astype(float), cost)
        for cost, score in zip((1.0, 4.0), scores, strict=True)
    ]
    words = ["".join(rng.choice(list("abcdefgh"), 4)) for _ in range(60)]
    texts = [" ".join(rng.choice(words, 12)) for _ in range(120 // alike)]
    questions = {
        row: Question(row=row, text=texts[place // alike])
        for place, row in enumerate(members[0].items.rows)
    }
    pair = tiers_of(members, questions, seed=0)
    assert not isinstance(pair, Unmeasured)
    fitted = Route().fit(pair.known, {}, seed=0)
    found = left_out(Route(), fitted, pair, {}, seed=0)
    refitted = cross_fitted(Route(), pair, {}, seed=0)
    assert np.array_equal(found.answers, refitted.answers) == (alike > 1)


def test_at_the_ends_a_policy_is_its_tier_draw_by_draw(candidate: Any) -> None:
    rng = np.random.default_rng(1)
    three = [
        candidate(f"strategy.s{cost}", rng.integers(0, 2, 60), float(cost), rng.normal(size=60))
        for cost in (1, 2, 4)
    ]
    chain = tiers(*three)
    alone = np.repeat(np.eye(3)[:, :, None], 60, axis=2)
    sums = sums_of(chain, Ways(asked=alone, answers=alone), 1000)
    for without in (None, 0, 4):
        found = outcomes(chain, sums, without)
        for tier, one in enumerate(three):
            np.testing.assert_allclose(found.metric[:, tier], one.metric.draws)
            np.testing.assert_allclose(found.asked[tier, :, tier], 1.0)


def test_a_probed_member_counts_by_its_draws(candidate: Any) -> None:
    """A member forecast 20 points above its probe: half of the queries bring half of that, and
    what is fitted sees expected outcomes."""
    small = candidate("strategy.small", [1.0, 0.0] * 50, cost=1.0)
    probed = candidate("strategy.large", [1.0, 0.0] * 50, cost=4.0)
    assert probed.items is not None
    shift = np.full(1000, 2.0)
    large = replace(
        probed,
        items=replace(probed.items, shift=shift),
        metric=replace(probed.metric, draws=probed.metric.draws + 0.2, basis="predicted"),
    )
    pair = tiers(small, large)
    assert set(np.round(pair.known.scores[1], 3)) == {0.566, 0.977}
    half = np.full((1, 2, 100), 0.5)
    found = outcomes(pair, sums_of(pair, Ways(asked=half, answers=half), 1000))
    np.testing.assert_allclose(found.metric[:, 0], small.metric.draws + 0.1)


@pytest.mark.parametrize(
    ("costs", "rows", "reason"),
    [((1.0, 4.0), 4, "share only 4 rows"), ((4.0, 4.0), 40, "is not cheaper than")],
)
def test_what_makes_no_tiers(
    candidate: Any, costs: tuple[float, float], rows: int, reason: str
) -> None:
    members = [candidate(f"strategy.{cost}", [1.0] * rows, cost) for cost in costs]
    found = tiers_of(members, {}, seed=0)
    assert isinstance(found, Unmeasured) and reason in found.reason


def test_the_frontier_holds_what_no_cheaper_one_beats(candidate: Any) -> None:
    found = frontier_of(
        [
            candidate("strategy.dear", [1.0] * 80 + [0.0] * 20, cost=3.0),
            candidate("strategy.cheap", [1.0] * 50 + [0.0] * 50, cost=1.0),
            candidate("strategy.beaten", [1.0] * 40 + [0.0] * 60, cost=2.0),
            candidate("strategy.unpriced", [1.0] * 100, cost=None),
        ]
    )
    assert [one.candidate.name for one in found.singles] == ["strategy.cheap", "strategy.dear"]
    assert found.mixed_metric(2.0) == pytest.approx(0.65, abs=0.01)
    assert found.mixed_metric(0.5) is None


def test_a_long_frontier_keeps_its_ends_and_five_in_all(candidate: Any) -> None:
    many = [
        candidate(f"strategy.s{index}", [1.0] * (30 + 8 * index) + [0.0] * (70 - 8 * index), index)
        for index in range(1, 9)
    ]
    found = frontier_of(many).singles
    assert len(found) == 5
    assert (found[0], found[-1]) == (many[0], many[-1])
