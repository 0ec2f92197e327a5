"""The columns of a dataset, as far as a glance at its first file tells."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from cosmosql.data.template import TemplateError, parse_template
from cosmosql.lsp.workspace import Snapshot
from cosmosql.model.boundary import Boundary
from cosmosql.model.names import Declaration
from cosmosql.model.program import Dataset

GLANCE = 65_536
"""Bytes that are read of a file."""


def columns_of(snapshot: Snapshot, declaration: Declaration | None) -> tuple[str, ...]:
    """The columns that the first row of a dataset has, then those that tasks over it name."""
    program = snapshot.program
    if declaration is None or program is None:
        return ()
    found: dict[str, None] = {}
    dataset = program.datasets.get(declaration.name)
    if dataset is not None and snapshot.document.saved:
        found.update(dict.fromkeys(_first_row(dataset, snapshot.document.path)))
    for task in program.tasks.values():
        if task.dataset == declaration.name:
            try:
                names = parse_template(task.input).columns
            except TemplateError:
                names = ()
            found.update(dict.fromkeys((*names, task.target)))
    return tuple(found)


def _first_row(dataset: Dataset, spec: Path) -> tuple[str, ...]:
    """The columns of the first file, where that is text with a row a line."""
    source = dataset.options.get("source") or dataset.options.get("train")
    name = source[0] if isinstance(source, tuple) and source else source
    if dataset.using not in ("jsonl", "csv") or not isinstance(name, str):
        return ()
    path = dataset.root / name
    try:
        if not Boundary.around(spec).holds(path) or not path.is_file():
            return ()
        with path.open("rb") as file:
            head = file.read(GLANCE).decode("utf-8-sig", "ignore")
        if dataset.using == "jsonl":
            return _json_columns(head)
        rows = csv.reader(io.StringIO(head), delimiter=str(dataset.options.get("delimiter", ",")))
        return tuple(next(rows, ()))
    except (OSError, TypeError, ValueError, RecursionError, csv.Error):
        return ()


def _json_columns(head: str) -> tuple[str, ...]:
    line = next((line for line in head.splitlines() if line.strip()), "")
    row = json.loads(line)
    return tuple(row) if isinstance(row, dict) else ()
