"""What validation rows have in common, so that a report can say where answers are worse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np

from cosmosql.contracts.strategy import Example
from cosmosql.data.rows import Role, Row
from cosmosql.data.template import cell_text, parse_template
from cosmosql.probes.tasks import PreparedTask

MOST_VALUES = 100
"""A column of more values is no category."""

LEAST_ROWS = 10
LENGTHS = 4
LABEL, POSITION, LENGTH = "label", "place of the right option", "length of the input"


def traits(prepared: PreparedTask, *, named: bool) -> dict[str, dict[str, str]]:
    """By what the task's validation rows are cut, and by each row's identity its part's name: by
    label or the place of the right option, by length of the input, and by every text column that
    the task does not use and that has few values. Where parts may not be `named` after what stands
    in rows, they are numbered."""
    rows = prepared.dataset.rows[Role.VALIDATION]
    examples = prepared.rendered(rows)
    found = {LENGTH: by_length(examples)}
    if prepared.task.choices is not None:
        found[POSITION] = by_position(examples)
    elif prepared.view.labels:
        labels = {example.row: example.target for example in examples}
        found[LABEL] = labels if named or prepared.task.labels else numbered(labels)
    for column in categories(prepared, rows):
        values = {row.identity: cell_text(row.values[column]) for row in rows}
        found[column] = values if named else numbered(values)
    return found


def by_length(examples: Sequence[Example]) -> dict[str, str]:
    """Quarters of the rows, by characters of their input."""
    lengths = {example.row: len(example.input) for example in examples}
    if not lengths:
        return {}
    inner = np.quantile(list(lengths.values()), np.arange(1, LENGTHS) / LENGTHS, method="lower")
    edges = sorted({int(edge) for edge in inner})
    names = [f"up to {edges[0]} characters"]
    names += [f"{low + 1} to {high} characters" for low, high in pairwise(edges)]
    names.append(f"more than {edges[-1]} characters")
    places = np.searchsorted(edges, list(lengths.values()), side="left")
    return {row: names[int(place)] for row, place in zip(lengths, places, strict=True)}


def by_position(examples: Iterable[Example]) -> dict[str, str]:
    return {
        example.row: f"option {example.options.index(example.target) + 1}"
        for example in examples
        if example.target in example.options
    }


def categories(prepared: PreparedTask, rows: Sequence[Row]) -> tuple[str, ...]:
    """Text columns beside those that the task reads, with few values that come often enough."""
    task = prepared.task
    read = {*parse_template(task.input).columns, task.target, task.choices}
    return tuple(
        column
        for column in prepared.dataset.columns
        if column not in read and is_category([row.values.get(column) for row in rows])
    )


def is_category(values: Sequence[object]) -> bool:
    if not all(isinstance(value, str) for value in values):
        return False
    counts = Counter(values)
    often = [count for count in counts.values() if count >= LEAST_ROWS]
    return len(counts) <= MOST_VALUES and len(often) > 1


def numbered(names: Mapping[str, str]) -> dict[str, str]:
    """The same parts under numbers, in the order of their names."""
    places = {name: place for place, name in enumerate(sorted(set(names.values())), start=1)}
    return {row: f"number {places[name]}" for row, name in names.items()}
