"""What answers compete: a task's labels, or the options of a row's own column, which holds a list
of texts or an object of texts by their names.

Of a list the texts compete, of an object its names (`{"A": "Paris", "B": "Lyon"}`: the letters).
An answer may name an option the other way as well: by the letter of its place in a list, by its
text in an object.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import ascii_uppercase
from typing import Protocol

from cosmosql.data.rows import LoadedDataset, Role
from cosmosql.data.template import cell_text


class LabelledTask(Protocol):
    """What labels follow from, of `model.program.Task`."""

    @property
    def using(self) -> str: ...

    @property
    def target(self) -> str: ...

    @property
    def labels(self) -> tuple[str, ...]: ...


def labels_of(task: LabelledTask, dataset: LoadedDataset) -> tuple[str, ...]:
    """The answers that compete in every row, sorted: those declared, else those of the train rows;
    empty where they are open or each row's own."""
    if task.using != "classify":
        return ()
    found = task.labels or {cell_text(row.values[task.target]) for row in dataset.rows[Role.TRAIN]}
    return tuple(sorted(found))


def options_of(
    choices: str | None, labels: tuple[str, ...], values: Mapping[str, object]
) -> tuple[str, ...]:
    """The answers that compete for a row: the task's labels, or those of its column `choices`."""
    return labels if choices is None else competing(values[choices])


def competing(cell: object) -> tuple[str, ...]:
    """The options of one cell; none where it is neither a list nor an object.

    >>> competing({"A": "Paris", "B": "Lyon"}), competing(["Paris", "Lyon"]), competing("Paris")
    (('A', 'B'), ('Paris', 'Lyon'), ())
    """
    match cell:
        case Mapping():
            return tuple(str(name) for name in cell)
        case list() | tuple():
            return tuple(cell_text(option) for option in cell)
    return ()


def option_named(text: str, cell: object) -> str | None:
    """The option that a text means; None where it means none, or several.

    >>> option_named("B", {"A": "Paris", "B": "Lyon"}), option_named("Lyon", {"B": "Lyon"})
    ('B', 'B')
    >>> option_named("Lyon", ["Paris", "Lyon"]), option_named("B", ["Paris", "Lyon"])
    ('Lyon', 'Lyon')
    """
    options = competing(cell)
    if text in options:
        return text
    if isinstance(cell, Mapping):
        named = [name for name, own in zip(options, cell.values(), strict=True) if own == text]
        return named[0] if len(named) == 1 else None
    return option_at(text, options)


def option_at(letter: str, options: Sequence[str]) -> str | None:
    """The option at the place of a letter, A for the first; None where there is none."""
    if len(letter) != 1 or letter not in ascii_uppercase[: len(options)]:
        return None
    return options[ascii_uppercase.index(letter)]


def is_ambiguous(text: str, cell: object) -> bool:
    """Whether a text is an option of a list and the letter of another one's place."""
    options = () if isinstance(cell, Mapping) else competing(cell)
    return text in options and option_at(text, options) not in (None, text)


def is_letter(text: str, cell: object) -> bool:
    """Whether a text means an option of a list by the letter of its place alone."""
    options = () if isinstance(cell, Mapping) else competing(cell)
    return text not in options and option_at(text, options) is not None
