"""Two candidates on the same rows, by hand and in worlds of known differences."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from cosmosql.decide.choose import decide
from cosmosql.decide.paired import mcnemar, paired
from cosmosql.interval import Unmeasured
from cosmosql.predict.metric import metric_named
from tests.bench.selection import DUELS, forecast_of, items_of, paired_coverage


def test_discordant_rows_and_mcnemar_by_hand(candidate: Any) -> None:
    """Of eight rows the first is right alone on four and the second on one: 3/8 more, and five
    coins fall four or five times on one side with chance 12/32."""
    first = candidate("strategy.a", [1, 1, 1, 1, 0, 1, 1, 0])
    second = candidate("strategy.b", [0, 0, 0, 0, 1, 1, 1, 0])
    found = paired(first, second)
    assert found is not None
    assert (found.rows, found.better, found.worse, found.discordant) == (8, 4, 1, 5)
    assert found.difference.value == pytest.approx(3 / 8)
    assert found.p_value == pytest.approx(12 / 32)
    assert found.difference.low < 3 / 8 < found.difference.high


def test_three_candidates_and_why_not_the_others(candidate: Any, query: Any) -> None:
    """Of 400 rows a is right on 320; b on 300 of the same; c on another 240."""
    a = candidate("strategy.a", [1.0] * 320 + [0.0] * 80)
    b = candidate("strategy.b", [1.0] * 300 + [0.0] * 100)
    c = candidate("strategy.c", [0.0] * 80 + [1.0] * 240 + [0.0] * 80)
    names = ("strategy.a", "strategy.b", "strategy.c")
    found = decide(query(among=names), [a, b, c], [], n_test=400, seed=0)
    assert found.chosen == "strategy.a"
    options = {one.name: one for one in found.options}
    assert options["strategy.a"].paired is None
    beside = options["strategy.b"].paired
    assert beside is not None
    assert (beside.better, beside.worse, beside.rows) == (20, 0, 400)
    assert beside.difference.value == pytest.approx(0.05)
    assert beside.p_value == pytest.approx(2 * 0.5**20)
    assert "5.0 points lower accuracy" in options["strategy.b"].reason
    assert "20 of 400 rows discordant, exact McNemar p < 0.001" in options["strategy.b"].reason
    other = options["strategy.c"].paired
    assert other is not None and (other.better, other.worse) == (80, 0)


def test_a_metric_that_counts_no_rows_has_no_mcnemar(candidate: Any, query: Any) -> None:
    """An F1 differs from the share of right rows, so rows alone cannot test it."""
    first = candidate("strategy.a", [1.0] * 70 + [0.0] * 30)
    second = candidate("strategy.b", [1.0] * 40 + [0.0] * 60)
    other = replace(first, metric=replace(first.metric, value=0.55))
    found = paired(other, second)
    assert found is not None and found.p_value is None and found.discordant == 30
    names = ("strategy.a", "strategy.b")
    decided = decide(query(among=names), [other, second], [], n_test=400, seed=0)
    reason = next(one.reason for one in decided.options if one.name == "strategy.b")
    assert "row bootstrap; 30 of 100 rows discordant)" in reason


def test_what_was_not_measured_in_full_is_not_paired(candidate: Any) -> None:
    first, second = candidate("strategy.a", [1, 0, 1]), candidate("strategy.b", [1, 1, 0])
    predicted = replace(second, metric=replace(second.metric, basis="predicted"))
    unknown = replace(second, metric=Unmeasured("not run"))
    assert paired(first, predicted) is None
    assert paired(unknown, first) is None


def test_rows_that_one_of_them_lacks_are_left_out(candidate: Any) -> None:
    first, second = candidate("strategy.a", [1, 0, 1, 1]), candidate("strategy.b", [0, 0, 1])
    found = paired(first, second)
    assert found is not None
    assert (found.rows, found.better, found.worse) == (3, 1, 0)


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=2, max_size=40))
def test_the_other_way_round_is_the_same_with_the_other_sign(
    scores: list[tuple[int, int]],
) -> None:
    metric = metric_named("accuracy")
    target = np.zeros(len(scores), int)
    sides = [
        forecast_of(metric, items_of(target, 1 - np.array([pair[side] for pair in scores])))
        for side in (0, 1)
    ]
    ours, theirs = paired(sides[0], sides[1]), paired(sides[1], sides[0])
    assert ours is not None and theirs is not None
    assert (ours.better, ours.worse, ours.p_value) == (theirs.worse, theirs.better, theirs.p_value)
    assert ours.difference.value == pytest.approx(-theirs.difference.value)
    assert ours.difference.low == pytest.approx(-theirs.difference.high)


@pytest.mark.parametrize(("better", "worse"), [(0, 0), (3, 0), (2, 2), (9, 4)])
def test_mcnemar_is_the_binomial_tail(better: int, worse: int) -> None:
    count = better + worse
    tail = 2 * float(binom.cdf(min(better, worse), count, 0.5)) if count else 1.0
    assert mcnemar(better, worse) == pytest.approx(min(tail, 1.0))


@pytest.mark.parametrize("name", sorted(DUELS))
def test_paired_intervals_hold_the_true_difference(name: str) -> None:
    """Within the 99 % binomial band of 90 %, widened by the two points that few rows may cost."""
    worlds = 60
    covered, _ = paired_coverage(DUELS[name], worlds, seed=3)
    low, high = binom.ppf(0.005, worlds, 0.88) / worlds, binom.ppf(0.995, worlds, 0.92) / worlds
    assert low <= covered <= high
