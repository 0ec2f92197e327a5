"""How a task's rows become prompts: the same text, or the same turns, for every strategy."""

from __future__ import annotations

from collections.abc import Sequence

from cosmosql.contracts.backend import Backend
from cosmosql.contracts.strategy import Example, TaskView

STOP = "\n"
"""An open answer ends with its line."""


def prompt_text(
    task: TaskView, query: Example, demonstrations: Sequence[Example], backend: Backend
) -> str:
    """The prompt for a query, ending where its answer begins.

    As plain text: the instruction on a line of its own, each demonstration as
    `{input}{separator} {target}` on its line, then `{input}{separator}`. For a model with a chat
    template: the instruction as system turn, each demonstration as a user's and an assistant's
    turn, then the query's input.
    """
    if backend.card.template is not None:
        return backend.render(_turns(task, query, demonstrations))
    head = f"{task.instruction}\n" if task.instruction else ""
    shown = "".join(f"{row.input}{task.separator} {row.target}\n" for row in demonstrations)
    return f"{head}{shown}{query.input}{task.separator}"


def _turns(
    task: TaskView, query: Example, demonstrations: Sequence[Example]
) -> list[tuple[str, str]]:
    turns = [("system", task.instruction)] if task.instruction else []
    for row in demonstrations:
        turns += [("user", row.input), ("assistant", row.target)]
    return [*turns, ("user", query.input)]
