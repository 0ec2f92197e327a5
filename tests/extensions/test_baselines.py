"""The free baselines on rows where the right answer is known."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

pytest.importorskip("sklearn", reason="scikit-learn is not installed (extra `hf`)")

from cosmosql.contracts.strategy import Answer, Example, Fidelity, TaskView
from cosmosql.extensions.strategies.word_statistics import STRATEGY

LABELS = ("bad", "good")
TASK = TaskView(kind="classify", labels=LABELS, instruction="", separator=" =>", max_tokens=4)
TRAIN = tuple(
    Example(row=f"{label}{index}", input=text, target=label, options=LABELS)
    for label, texts in (
        ("good", ("nice film", "nice food", "lovely nice day")),
        ("bad", ("awful film", "awful food", "broken awful thing", "awful")),
    )
    for index, text in enumerate(texts)
)


def answers(method: str, queries: Sequence[Example], neighbours: int = 3) -> tuple[Answer, ...]:
    adapted = STRATEGY.adapt(
        {"method": method, "neighbours": neighbours},
        Fidelity(),
        task=TASK,
        train=TRAIN,
        backend=None,
        retriever=None,
    )
    return adapted.answer(queries)


def query(text: str, row: str = "new", options: tuple[str, ...] = LABELS) -> Example:
    return Example(row=row, input=text, target="good", options=options)


def test_the_majority_is_the_most_frequent_answer_and_is_not_sure() -> None:
    (answer,) = answers("majority", [query("nice")])
    assert answer == Answer(predicted="bad", signals={}, prompt_tokens=0, completion_tokens=0)
    (among,) = answers("majority", [query("nice", options=("fine", "good"))])
    assert among.predicted == "good"


@pytest.mark.parametrize("method", ["knn", "tfidf"])
def test_words_decide(method: str) -> None:
    nice, awful = answers(method, [query("nice evening"), query("awful evening")])
    assert (nice.predicted, awful.predicted) == ("good", "bad")
    assert nice.signals["max_probability"] > 0.5
    assert set(nice.signals) == {"max_probability", "margin", "entropy"}


def test_a_row_does_not_vote_for_itself() -> None:
    (other,) = answers("knn", [query("nice film")], neighbours=1)
    assert other.predicted == "good"
    (own,) = answers("knn", [query("broken awful thing", row="bad2")], neighbours=7)
    assert own.signals["max_probability"] == pytest.approx(0.5)


def test_options_that_were_never_seen_get_the_first() -> None:
    for method in ("majority", "knn", "tfidf"):
        (answer,) = answers(method, [query("nice", options=("left", "right"))])
        assert answer.predicted == "left"
        assert answer.signals == {}


def test_one_class_alone_is_the_majority() -> None:
    adapted = STRATEGY.adapt(
        {"method": "tfidf", "neighbours": 1},
        Fidelity(),
        task=TASK,
        train=TRAIN[:2],
        backend=None,
        retriever=None,
    )
    (answer,) = adapted.answer([query("awful")])
    assert answer.predicted == "good"
