"""By what validation rows are cut for a report, and what is not said of them."""

from __future__ import annotations

from collections import Counter
from typing import Any

from cosmosql.data.rows import LoadedDataset, Role, Row
from cosmosql.model.program import Task
from cosmosql.probes.tasks import prepare
from cosmosql.probes.traits import LABEL, LENGTH, POSITION, traits
from cosmosql.source import Source, Span

SPAN = Span(Source("traits.cosmos", "x"), 0, 1)
ROWS = 80


def task(**more: Any) -> Task:
    values: dict[str, Any] = {
        "name": "task.t",
        "doc": None,
        "span": SPAN,
        "using": "classify",
        "dataset": "dataset.rows",
        "input": "{question}",
        "target": "answer",
        "choices": None,
        "labels": (),
        "metric": "accuracy",
        "instruction": None,
        "separator": " =>",
        "max_tokens": 8,
    }
    return Task(**{**values, **more})


def dataset(role: Role = Role.VALIDATION, **columns: Any) -> LoadedDataset:
    rows = tuple(
        Row(
            identity=f"row {place}",
            role=role,
            origin=f"rows.jsonl:{place + 1}",
            values={name: value(place) for name, value in columns.items()},
        )
        for place in range(ROWS)
    )
    roles = {each: rows if each in (role, Role.TRAIN) else () for each in Role}
    return LoadedDataset(name="dataset.rows", fingerprint="", columns=tuple(columns), rows=roles)


QUESTION, ANSWER = (lambda place: "x" * (place + 1)), (lambda place: "ab"[place % 2])


def test_rows_are_cut_by_label_length_and_category() -> None:
    loaded = dataset(
        question=QUESTION,
        answer=ANSWER,
        subject=lambda place: ("law", "physics")[place // 40],
        source=lambda place: "one and the same",
        url=lambda place: f"https://example.org/{place}",
        year=lambda place: 2000 + place % 2,
    )
    found = traits(prepare(task(), loaded), named=True)
    assert set(found) == {LENGTH, LABEL, "subject"}
    assert Counter(found[LABEL].values()) == {"a": 40, "b": 40}
    assert Counter(found["subject"].values()) == {"law": 40, "physics": 40}
    assert Counter(found[LENGTH].values()) == {
        "up to 20 characters": 20,
        "21 to 40 characters": 20,
        "41 to 60 characters": 20,
        "more than 60 characters": 20,
    }


def test_what_rows_say_is_named_only_where_it_may_be() -> None:
    loaded = dataset(
        question=QUESTION, answer=ANSWER, ward=lambda place: ("ICU", "ER")[place // 40]
    )
    hidden = traits(prepare(task(), loaded), named=False)
    assert set(hidden[LABEL].values()) == {"number 1", "number 2"}
    assert hidden["ward"]["row 0"] == "number 2"
    declared = traits(prepare(task(labels=("a", "b")), loaded), named=False)
    assert set(declared[LABEL].values()) == {"a", "b"}


def test_choices_are_cut_by_the_place_of_the_right_one() -> None:
    loaded = dataset(
        question=QUESTION,
        answer=lambda place: f"choice {place % 4} of {place}",
        options=lambda place: [f"choice {option} of {place}" for option in range(4)],
    )
    asked = task(using="choose", choices="options")
    found = traits(prepare(asked, loaded), named=True)
    assert Counter(found[POSITION].values()) == {f"option {place}": 20 for place in range(1, 5)}
    assert LABEL not in found


def test_equal_lengths_and_no_rows_make_no_cut() -> None:
    same = dataset(question=lambda place: "xx", answer=ANSWER)
    assert len(set(traits(prepare(task(), same), named=True)[LENGTH].values())) == 1
    none = dataset(Role.CALIBRATION, question=QUESTION, answer=ANSWER)
    assert traits(prepare(task(), none), named=True)[LENGTH] == {}


def test_open_answers_have_no_labels() -> None:
    loaded = dataset(question=QUESTION, answer=ANSWER)
    assert set(traits(prepare(task(using="generate"), loaded), named=True)) == {LENGTH}
