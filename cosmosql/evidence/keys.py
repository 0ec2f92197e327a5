"""What is asked of the world, as content: the `asked` mapping of an observation and its key.

Names, paths, prices, times and devices are no part of a question. Renaming a strategy or moving a
directory asks the same thing; another weight, template, label or row asks another. Whoever changes
how an answer is computed raises the step's version, and nothing old is taken for new.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cosmosql.contracts.backend import ModelCard
from cosmosql.contracts.strategy import Fidelity, TaskView
from cosmosql.identity import Json, digest, jsonable
from cosmosql.model.program import Model, OptionValue, Retriever, Task

EVALUATE = "evaluate/1"
PROXY = "proxy/1"
PROFILE = "profile/2"
RESOLVE = "resolve/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSet:
    """Rows in order, as how many they are and one digest over their identities."""

    count: int
    digest: str


def row_set(identities: Iterable[str]) -> RowSet:
    """The rows in this order; another order is another set, because it fills another prompt."""
    ordered = list(identities)
    return RowSet(count=len(ordered), digest=digest(ordered))


def key_of(asked: Mapping[str, Json]) -> str:
    """The key of what is asked: the digest of its canonical JSON."""
    return digest(asked)


def asked_evaluation(
    *,
    kind: str,
    config: Mapping[str, OptionValue],
    fidelity: Fidelity,
    card: ModelCard | None,
    dtype: str | None,
    task: Task,
    view: TaskView,
    train: RowSet | None,
    retriever: Retriever | None,
    answered: RowSet,
    role: str,
) -> Mapping[str, Json]:
    """A strategy at a fidelity, on these rows.

    `config` lacks the field along which the strategy's curve runs: the fidelity says it. `train`
    are the rows that it may learn from or demonstrate with, None where it uses none. Without
    demonstrations no retriever is asked for.
    """
    demonstrates = fidelity.shots is None or fidelity.shots > 0
    return {
        "step": EVALUATE,
        "strategy": kind,
        "config": jsonable(config),
        "fidelity": jsonable(fidelity),
        "model": model_content(card, dtype),
        "task": task_content(task, view),
        "train": jsonable(train) if demonstrates else None,
        "retriever": retriever_content(retriever) if demonstrates else None,
        "rows": jsonable(answered),
        "role": role,
    }


def asked_proxy(
    *,
    card: ModelCard,
    dtype: str | None,
    task: Task,
    view: TaskView,
    train: RowSet,
    answered: RowSet,
    role: str,
    sizes: tuple[int, ...],
    seed: int,
) -> Mapping[str, Json]:
    """Light heads of these sizes on frozen embeddings of these train rows."""
    return {
        "step": PROXY,
        "model": model_content(card, dtype),
        "task": task_content(task, view),
        "train": jsonable(train),
        "rows": jsonable(answered),
        "role": role,
        "sizes": list(sizes),
        "seed": seed,
    }


def asked_profile(card: ModelCard, dtype: str | None) -> Mapping[str, Json]:
    """How fast a model runs; on which device stands in the conditions."""
    return {"step": PROFILE, "model": model_content(card, dtype)}


def asked_resolution(model: Model) -> Mapping[str, Json]:
    """Which weights a model's declaration names. The one question about a name: its answer lets a
    reader without the weights ask all the others."""
    return {"step": RESOLVE, "using": model.using, "options": jsonable(model.options)}


def model_content(card: ModelCard | None, dtype: str | None) -> Json:
    """What decides a model's answers: weights, tokenizer, chat template, the room for a prompt,
    and the precision where the spec demands one. A precision that the backend chose by itself is
    a condition."""
    if card is None:
        return None
    return {
        "weights": card.weights,
        "tokenizer": card.tokenizer,
        "template": card.template,
        "context": card.context,
        "dtype": dtype,
    }


def retriever_content(retriever: Retriever | None) -> Json:
    if retriever is None:
        return None
    return {"using": retriever.using, "options": jsonable(retriever.options)}


def task_content(task: Task, view: TaskView) -> Json:
    """What decides a prompt and its judgement: the filled view, the templates, the metric."""
    return {
        "kind": view.kind,
        "labels": list(view.labels),
        "instruction": view.instruction,
        "separator": view.separator,
        "max_tokens": view.max_tokens,
        "input": task.input,
        "target": task.target,
        "choices": task.choices,
        "metric": task.metric,
    }
