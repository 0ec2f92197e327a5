"""A task over loaded rows: what a strategy may know of it, and its rows as examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cosmosql.contracts.policy import Question
from cosmosql.contracts.strategy import Example, TaskView
from cosmosql.data.choices import labels_of, option_named, options_of
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
    _known: dict[tuple[str, str | None], Example] = field(
        default_factory=dict, repr=False, compare=False
    )
    """Examples by the row's identity and id: every candidate asks for the same rows."""

    def examples(self, role: Role, rows: int, start: int = 0) -> tuple[Example, ...]:
        """So many rows of a role from `start` on, rendered, in the role's order."""
        return self.rendered(self.dataset.rows[role][start : start + rows])

    def rendered(self, rows: Sequence[Row]) -> tuple[Example, ...]:
        """Rows, of this or another dataset with the same columns, as examples of this task."""
        template = parse_template(self.task.input)
        for row in rows:
            if (row.identity, row.id) not in self._known:
                self._known[row.identity, row.id] = Example(
                    row=row.identity,
                    input=template.render(row.values),
                    target=target_of(self.task, row.values),
                    options=options_of(self.task.choices, self.view.labels, row.values),
                    id=row.id,
                )
        return tuple(self._known[row.identity, row.id] for row in rows)

    def label_index(self, text: str) -> int | None:
        """The place of an answer among the task's labels; None where answers are open."""
        return self.view.labels.index(text) if text in self.view.labels else None


def target_of(task: Task, values: Mapping[str, object]) -> str:
    """The right answer of a row: of the row's own options, the one that its target means."""
    written = cell_text(values[task.target])
    if task.choices is None:
        return written
    return option_named(written, values[task.choices]) or written


def questions_of(prepared: PreparedTask, role: Role) -> dict[str, Question]:
    """A role's rows as a policy sees them, by identity."""
    return {
        one.row: Question(row=one.row, text=one.input, options=one.options)
        for one in prepared.rendered(prepared.dataset.rows[role])
    }


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


def instruction(task: Task, labels: Sequence[str]) -> str:
    """The task's instruction with `{labels}` filled in."""
    text = task.instruction
    if text is None:
        text = DEFAULT_INSTRUCTION if task.using == "classify" else ""
    return parse_template(text).render({"labels": list(labels)})
