"""E0405: where rows go. What stays local reaches only models that run on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator

from cosmosql.diagnostics.diagnostic import Diagnostic, Label
from cosmosql.model.program import Dataset, Program, Query, Strategy, strategies_of
from cosmosql.schema import registry
from cosmosql.schema.fields import FieldType


def private_rows_leave(program: Program) -> Iterator[Diagnostic]:
    """E0405 for each remote model of a strategy that sees rows of its query's task or of a
    retriever's corpus that stay local."""
    private = _private(program)
    for query in program.queries.values() if private else ():
        for strategy in strategies_of(program, query):
            seen = (private.get(name) for name in _seen(program, query, strategy))
            rows = next((dataset for dataset in seen if dataset is not None), None)
            models = (program.models.get(name) for name in strategy.models)
            if rows is None:
                continue
            for model in models:
                if model is None or model.local:
                    continue
                yield Diagnostic(
                    code="E0405",
                    title="private rows would leave this machine",
                    labels=(
                        Label(
                            strategy.span,
                            f"this sends rows to `{model.name}`, which runs elsewhere",
                        ),
                        Label(rows.span, "these rows stay local"),
                        Label(model.span, "this model is remote"),
                    ),
                    help="use a model that runs here, such as `using hf`",
                )


def _private(program: Program) -> dict[str, Dataset]:
    """By reference, the datasets whose rows stay, with the one that says so: the dataset itself,
    or another that names one of its files."""
    local = [dataset for dataset in program.datasets.values() if dataset.stays_local]
    if not local:
        return {}
    by_file: dict[str, Dataset] = {}
    for dataset in local:
        for path in _files(dataset):
            by_file.setdefault(path, dataset)
    found = {dataset.name: dataset for dataset in local}
    for name, dataset in program.datasets.items():
        said = next((by_file[path] for path in _files(dataset) if path in by_file), None)
        if said is not None:
            found.setdefault(name, said)
    return found


def _seen(program: Program, query: Query, strategy: Strategy) -> Iterator[str]:
    """The datasets whose rows a strategy sends to its model."""
    if query.task in program.tasks:
        yield program.tasks[query.task].dataset
    for name in strategy.retrievers:
        if name in program.retrievers:
            yield program.retrievers[name].corpus


def _files(dataset: Dataset) -> tuple[str, ...]:
    """The real paths that a dataset names."""
    paths: list[str] = []
    for field in registry.extension("dataset", dataset.using).options:
        value = dataset.options.get(field.name)
        if field.type is FieldType.PATH and value is not None:
            written = value if isinstance(value, tuple) else (value,)
            paths += [os.path.realpath(dataset.root / str(item)) for item in written]
    return tuple(paths)
