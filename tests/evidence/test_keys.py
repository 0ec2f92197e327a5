"""Keys: content, and nothing but content."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cosmosql.contracts.backend import ModelCard
from cosmosql.contracts.strategy import Fidelity, TaskView
from cosmosql.evidence import keys
from cosmosql.model.program import Model, Retriever, Task
from cosmosql.source import Source, Span

SPAN = Span(Source("a.cosmos", "task t {}"), 5, 6)
CARD = ModelCard(
    weights="w" * 64,
    tokenizer="t" * 64,
    template=None,
    architecture="LlamaForCausalLM",
    parameters=1000,
    layers=1,
    hidden=8,
    vocabulary=10,
    context=128,
    bytes_per_parameter=4.0,
)
TASK = Task(
    name="task.t",
    doc=None,
    span=SPAN,
    using="classify",
    dataset="dataset.d",
    input="{text}",
    target="label",
    choices=None,
    labels=(),
    metric="accuracy",
    instruction=None,
    separator=" =>",
    max_tokens=16,
)
VIEW = TaskView(
    kind="classify",
    labels=("no", "yes"),
    instruction="labels: no, yes",
    separator=" =>",
    max_tokens=16,
)
RETRIEVER = Retriever(
    name="retriever.r", doc=None, span=SPAN, using="bm25", options={"k1": 1.2}, corpus="dataset.d"
)
QUESTION: dict[str, Any] = {
    "kind": "icl",
    "config": {"order": "near"},
    "fidelity": Fidelity(shots=4),
    "card": CARD,
    "dtype": None,
    "task": TASK,
    "view": VIEW,
    "train": keys.row_set(["a", "b", "c"]),
    "retriever": RETRIEVER,
    "answered": keys.row_set(["x", "y"]),
    "role": "validation",
}


def key(**changes: Any) -> str:
    return keys.key_of(keys.asked_evaluation(**{**QUESTION, **changes}))


def test_the_key_of_a_question_does_not_change_by_itself() -> None:
    """What was paid for stays found: this digest changes with a step's version alone."""
    assert key() == "396e3af90d9eea923e844a41bf72258f3d9505626ecf478c50fb0b1f9b2df5f3"


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "prompt"},
        {"config": {"order": "far"}},
        {"fidelity": Fidelity(shots=8)},
        {"fidelity": Fidelity(shots=4, seed=11)},
        {"card": replace(CARD, weights="v" * 64)},
        {"card": replace(CARD, tokenizer="v" * 64)},
        {"card": replace(CARD, template="v" * 64)},
        {"card": replace(CARD, context=64)},
        {"dtype": "bfloat16"},
        {"task": replace(TASK, input="{text} ")},
        {"task": replace(TASK, target="other")},
        {"task": replace(TASK, metric="macro_f1")},
        {"view": replace(VIEW, labels=("no", "yes", "maybe"))},
        {"view": replace(VIEW, instruction="Answer.")},
        {"view": replace(VIEW, separator=":")},
        {"train": keys.row_set(["b", "a", "c"])},
        {"train": keys.row_set(["a", "b"])},
        {"retriever": replace(RETRIEVER, using="dense")},
        {"retriever": replace(RETRIEVER, options={"k1": 1.3})},
        {"retriever": None},
        {"answered": keys.row_set(["y", "x"])},
        {"role": "test"},
    ],
    ids=str,
)
def test_any_content_asks_another_question(changes: dict[str, Any]) -> None:
    assert key(**changes) != key()


@pytest.mark.parametrize(
    "changes",
    [
        {"task": replace(TASK, name="base.task.other", dataset="dataset.moved", doc="Words.")},
        {"retriever": replace(RETRIEVER, name="base.retriever.s", corpus="dataset.moved")},
        {"card": replace(CARD, revision="main", bytes_per_parameter=2.0)},
    ],
    ids=str,
)
def test_names_and_places_do_not(changes: dict[str, Any]) -> None:
    assert key(**changes) == key()


def test_without_demonstrations_neither_pool_nor_retriever_is_asked() -> None:
    none = Fidelity(shots=0)
    assert key(fidelity=none) == key(fidelity=none, train=None, retriever=None)


def test_a_resolution_is_asked_of_what_is_written_and_not_of_where() -> None:
    model = Model(
        name="model.m",
        doc=None,
        span=SPAN,
        using="hf",
        options={"id": "weights"},
        root=Path("/one"),
        local=True,
    )
    moved = replace(model, name="models.model.n", root=Path("/another"))
    assert keys.asked_resolution(model) == keys.asked_resolution(moved)
    other = replace(model, options={"id": "others"})
    assert keys.asked_resolution(model) != keys.asked_resolution(other)
