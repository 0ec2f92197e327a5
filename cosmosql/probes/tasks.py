"""A task over loaded rows: what a strategy may know of it, and its rows as examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cosmosql.contracts.strategy import Example, TaskView
from cosmosql.data.rows import LoadedDataset, Role, Row
from cosmosql.data.template import cell_text, parse_template
from cosmosql.model.program import Task

DEFAULT_INSTRUCTION = "labels: {labels}"
"""Of a classification that says nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedTask:
    """A task bound to its dataset's rows."""

    task: Task
    view: TaskView
    dataset: LoadedDataset

    def examples(self, role: Role, rows: int, start: int = 0) -> tuple[Example, ...]:
        """So many rows of a role from `start` on, rendered, in the role's order."""
        return self.rendered(self.dataset.rows[role][start : start + rows])

    def rendered(self, rows: Sequence[Row]) -> tuple[Example, ...]:
        """Rows, of this or another dataset with the same columns, as examples of this task."""
        template = parse_template(self.task.input)
        return tuple(
            Example(
                row=row.identity,
                input=template.render(row.values),
                target=cell_text(row.values[self.task.target]),
                options=options_of(self.task.choices, self.view.labels, row.values),
            )
            for row in rows
        )

    def label_index(self, text: str) -> int | None:
        """The place of an answer among the task's labels; None where answers are open."""
        return self.view.labels.index(text) if text in self.view.labels else None


def options_of(
    choices: str | None, labels: tuple[str, ...], values: Mapping[str, object]
) -> tuple[str, ...]:
    """The answers that compete for a row: the task's labels, or those of its column `choices`."""
    if choices is None:
        return labels
    found = values[choices]
    options = found if isinstance(found, list | tuple) else [found]
    return tuple(cell_text(option) for option in options)


def prepare(task: Task, dataset: LoadedDataset) -> PreparedTask:
    """The task over these rows; labels that are not declared are those of the train rows."""
    labels = labels_of(task, dataset)
    return PreparedTask(
        task=task,
        dataset=dataset,
        view=TaskView(
            kind=task.using,
            labels=labels,
            instruction=instruction(task, labels),
            separator=task.separator,
            max_tokens=task.max_tokens,
        ),
    )


def labels_of(task: Task, dataset: LoadedDataset) -> tuple[str, ...]:
    """The answers that compete, sorted; empty where they are open or each row's own."""
    if task.using != "classify":
        return ()
    found = task.labels or {cell_text(row.values[task.target]) for row in dataset.rows[Role.TRAIN]}
    return tuple(sorted(found))


def instruction(task: Task, labels: Sequence[str]) -> str:
    """The task's instruction with `{labels}` filled in."""
    text = task.instruction
    if text is None:
        text = DEFAULT_INSTRUCTION if task.using == "classify" else ""
    return parse_template(text).render({"labels": list(labels)})
