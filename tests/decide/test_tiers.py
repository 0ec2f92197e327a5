from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cosmosql.decide.decision import CurvePoint
from cosmosql.decide.frontier import frontier_of
from cosmosql.decide.tiers import (
    FOLDS,
    Pair,
    area,
    cascade_curve,
    cascade_share,
    escalations,
    fold_of,
    mix_curve,
    mix_share,
    outcomes,
    pair_of,
    threshold,
)
from cosmosql.interval import Unmeasured


def pair(small: Any, large: Any) -> Pair:
    found = pair_of(small, large, "margin", seed=0)
    assert not isinstance(found, Unmeasured)
    return found


def test_shares_are_those_of_the_paper() -> None:
    """Costs 1 and 4, budget 2.5: a cascade may escalate 1.5 / 4, a router send up 1.5 / 3."""
    assert cascade_share(2.5, 1.0, 4.0) == pytest.approx(0.375)
    assert mix_share(2.5, 1.0, 4.0) == pytest.approx(0.5)
    assert cascade_share(9.0, 1.0, 4.0) == 1.0
    assert mix_share(4.0, 1.0, 4.0) == 1.0


def test_the_threshold_is_element_floor_n_p_of_the_sorted_margins() -> None:
    margins = np.array([5.0, 1.0, 3.0, 2.0, 4.0])
    assert threshold(margins, 0.0) == 1.0
    assert threshold(margins, 0.5) == 3.0
    assert threshold(margins, 0.79) == 4.0
    assert threshold(margins, 1.0) == np.inf


def test_the_area_is_the_mean_height_over_the_budget() -> None:
    """0.5 at 1, 0.7 at 2, 0.8 at 4: (0.6 * 1 + 0.75 * 2) / 3 = 0.7."""
    heights = [(1.0, 0.5), (2.0, 0.7), (4.0, 0.8)]
    curve = tuple(CurvePoint(budget=b, accuracy=a, share=0.0) for b, a in heights)
    assert area(curve) == pytest.approx(0.7)
    assert area(curve[:1]) is None


def test_a_mix_is_a_straight_line_and_its_area_the_middle(candidate: Any) -> None:
    small = candidate("strategy.small", [1.0] * 120 + [0.0] * 80, cost=1.0)
    large = candidate("strategy.large", [1.0] * 160 + [0.0] * 40, cost=4.0)
    curve = mix_curve(pair(small, large))
    assert len(curve) == 100
    assert area(curve) == pytest.approx(0.7, abs=0.003)
    assert (curve[0].budget, curve[-1].budget) == (1.0, 4.0)


def test_the_cascade_with_a_perfect_margin_by_hand(candidate: Any) -> None:
    """100 of 200 rows are wrong in the small tier, with margins below those of the right ones; the
    large tier is always right. A share p <= 1/2 of escalations gains p. At costs 1 and 4 p runs
    from 0 to 3/4, gaining p up to 1/2 (budget 3), then nothing: AUC = 0.5 + (1/2 * 1/2 * 2 + 1/2 *
    1) / 3 = 0.8333."""
    scores = [0.0, 1.0] * 100
    margin = [score + 0.001 * index for index, score in enumerate(scores)]
    small = candidate("strategy.small", scores, cost=1.0, margin=margin)
    large = candidate("strategy.large", [1.0] * 200, cost=4.0)
    found = area(cascade_curve(pair(small, large)))
    assert found == pytest.approx(0.8333, abs=0.01)


def test_no_row_is_judged_by_a_threshold_that_saw_it(candidate: Any) -> None:
    """Moving one row's margin leaves every threshold of its own fold where it was."""
    rng = np.random.default_rng(0)
    margin = rng.normal(size=100)
    scores = [1.0, 0.0] * 50
    large = candidate("strategy.large", [1.0] * 100, cost=4.0)
    moved = margin.copy()
    moved[7] = 9.0
    before = escalations(pair(candidate("strategy.s", scores, 1.0, margin), large))
    after = escalations(pair(candidate("strategy.s", scores, 1.0, moved), large))
    folds = fold_of(tuple(f"row {index}" for index in range(100)))
    same = (folds == folds[7]) & (np.arange(100) != 7)
    np.testing.assert_array_equal(before[:, same], after[:, same])


def test_folds_are_equal_and_depend_on_identities_alone() -> None:
    rows = tuple(f"row {index}" for index in range(101))
    folds = fold_of(rows)
    assert np.ptp(np.bincount(folds, minlength=FOLDS)) <= 1
    backwards = fold_of(rows[::-1])
    np.testing.assert_array_equal(folds, backwards[::-1])


def test_at_the_ends_a_policy_is_its_tier_draw_by_draw(candidate: Any) -> None:
    rng = np.random.default_rng(1)
    small = candidate("strategy.small", rng.integers(0, 2, 60), 1.0, rng.normal(size=60))
    large = candidate("strategy.large", rng.integers(0, 2, 60), 4.0)
    metric, share = outcomes(pair(small, large), np.array([[0.0] * 60, [1.0] * 60]))
    np.testing.assert_allclose(metric[:, 0], small.metric.draws)
    np.testing.assert_allclose(metric[:, 1], large.metric.draws)
    np.testing.assert_allclose(share[:, 1], 1.0)


def test_too_few_common_rows_make_no_pair(candidate: Any) -> None:
    found = pair_of(
        candidate("strategy.a", [1.0] * 4), candidate("strategy.b", [1.0] * 4), "margin", seed=0
    )
    assert isinstance(found, Unmeasured)


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
