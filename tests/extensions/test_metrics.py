"""Metrics against scikit-learn and the SQuAD evaluation's own examples."""

from __future__ import annotations

import numpy as np
import pytest

from cosmosql.extensions.metrics.item_mean import EXACT_MATCH, TOKEN_F1
from cosmosql.extensions.metrics.label_f1 import MACRO_F1


def test_macro_f1_equals_scikit_learn() -> None:
    f1_score = pytest.importorskip("sklearn.metrics").f1_score
    rng = np.random.default_rng(0)
    for _ in range(20):
        said, right = rng.integers(0, 5, size=(2, 30))
        weights = rng.integers(0, 3, size=(3, 30)).astype(float)
        found = MACRO_F1.aggregate(np.zeros(30), said.tolist(), right.tolist(), weights)
        expected = [
            f1_score(right[kept], said[kept], average="macro", sample_weight=row[kept])
            for row in weights
            for kept in [row > 0]
        ]
        assert found == pytest.approx(expected)


def test_an_answer_that_is_no_label_lowers_recall_alone() -> None:
    found = MACRO_F1.aggregate(np.zeros(3), [0, None, 1], [0, 0, 1], np.ones((1, 3)))
    assert found == pytest.approx([(2 / 3 + 1) / 2])


@pytest.mark.parametrize(
    ("said", "right", "overlap", "equal"),
    [
        ("the Eiffel Tower", "Eiffel tower!", 1.0, 1.0),
        ("in Paris, France", "Paris", 0.5, 0.0),
        ("London", "Paris", 0.0, 0.0),
        ("a", "the", 1.0, 1.0),
        ("red red", "red", 2 / 3, 0.0),
    ],
)
def test_squad_scores(said: str, right: str, overlap: float, equal: float) -> None:
    assert TOKEN_F1.item(said, right) == pytest.approx(overlap)
    assert EXACT_MATCH.item(said, right) == equal
