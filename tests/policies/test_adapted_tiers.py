"""The bench of adapted tiers: how policies are cross-fitted, scored and compared there."""

from __future__ import annotations

import numpy as np
import pytest

from cosmosql.contracts.policy import Array, Known, Question, Seen
from cosmosql.policies.mix import Mix
from cosmosql.policies.rows import FOLDS, folds_by
from tests.bench.adapted_scores import (
    Alone,
    RandomCascade,
    Result,
    Serves,
    learnt_from,
    resampled_areas,
    scored,
)

ROWS = 200
RATIO = 4.0


def known(small: Array, large: Array) -> Known:
    questions = tuple(Question(row=f"row {row}", text=f"text {row}") for row in range(ROWS))
    seen = Seen(questions=questions, signals=({}, {}), costs=np.array([1.0, RATIO]))
    return Known(seen=seen, scores=np.stack([small, large]))


def halves() -> Known:
    """The small tier is right on every other row, the large one on all but every tenth."""
    rows = np.arange(ROWS)
    return known((rows % 2).astype(float), (rows % 10 != 0).astype(float))


def simple(learnt: Known, *, seed: int) -> dict[str, Serves]:
    return {
        "alone": Alone(),
        "random cascade": RandomCascade(),
        "mix": Mix().fit(learnt, {}, seed=seed),
    }


def test_a_tier_alone_scores_its_accuracy_at_every_budget() -> None:
    found = scored([halves()], simple)["alone"]
    assert found.auc == pytest.approx(0.5)
    assert found.overspent == 0.0


def test_a_random_mix_scores_the_middle_of_its_tiers() -> None:
    assert scored([halves()], simple)["mix"].auc == pytest.approx((0.5 + 0.9) / 2)


def test_a_random_cascade_pays_the_small_tier_for_every_row() -> None:
    """Its share p = (b - 1) / 4 rises to 3 / 4, so on average 3 / 8 of the rows go up."""
    found = scored([halves()], simple)["random cascade"]
    assert found.auc == pytest.approx(0.5 + 3 / 8 * (0.9 - 0.5))


def test_folds_take_the_runs_in_turn() -> None:
    zeros, ones = np.zeros(ROWS), np.ones(ROWS)
    found = scored([known(zeros, ones), known(ones, ones)], simple)["alone"].rows
    folds = folds_by([f"text {row}" for row in range(ROWS)])
    assert found == pytest.approx(np.asarray(folds % 2, float))


def test_no_policy_is_scored_on_a_question_that_it_was_fitted_on() -> None:
    """Also where questions repeat."""
    questions = tuple(Question(row=f"row {row}", text=f"text {row % 50}") for row in range(ROWS))
    data = halves()
    seen = Seen(questions=questions, signals=({}, {}), costs=data.seen.costs)
    fitted_on: list[set[str]] = []
    judged_on: list[set[str]] = []

    class Spy(Alone):
        def ways(self, seen, budgets):  # type: ignore[no-untyped-def]
            judged_on.append({one.text for one in seen.questions})
            return super().ways(seen, budgets)

    def spy(learnt: Known, *, seed: int) -> dict[str, Serves]:
        fitted_on.append({one.text for one in learnt.seen.questions})
        return {"spy": Spy()}

    scored([Known(seen=seen, scores=data.scores)], spy)
    assert len(judged_on) == FOLDS
    assert set.union(*judged_on) == {one.text for one in questions}
    for learnt, judged in zip(fitted_on, judged_on, strict=True):
        assert not learnt & judged


def test_few_labels_are_drawn_outside_the_fold() -> None:
    folds = folds_by([str(row) for row in range(ROWS)])
    few = learnt_from(folds, 2, 30)
    assert len(few) == len(set(few.tolist())) == 30
    assert not np.any(folds[few] == 2)
    assert learnt_from(folds, 2, None).tolist() == np.flatnonzero(folds != 2).tolist()
    assert learnt_from(folds, 3, 30).tolist() != few.tolist()


def test_areas_are_resampled_on_the_same_questions() -> None:
    """Row by row a hundredth apart, whatever the rows are worth: there is nothing to doubt."""
    data = halves()
    alone = scored([data], simple)["alone"]
    shifted = Result(rows=alone.rows + 0.01, overspent=0.0)
    texts = [one.text for one in data.seen.questions]
    found = resampled_areas({"alone": alone, "more": shifted}, texts)
    assert found["alone"].std() == pytest.approx(0.5 / np.sqrt(ROWS), rel=0.1)
    assert found["more"] - found["alone"] == pytest.approx(np.full(len(found["more"]), 0.01))
