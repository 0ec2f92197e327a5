"""E0405: where rows go. What stays local reaches only models that run on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterator

from cosmosql.diagnostics.diagnostic import Diagnostic, Label
from cosmosql.model.program import Dataset, Program, Query, Strategy
from cosmosql.schema import registry
from cosmosql.schema.fields import FieldType


def private_rows_leave(program: Program, query: Query, strategy: Strategy) -> Iterator[Diagnostic]:
    """E0405 for each remote model of a strategy that sees rows of the query's task or of a
    retriever's corpus that stay local."""
    private = next(_private_datasets(program, query, strategy), None)
    if private is None:
        return
    for name in strategy.models:
        model = program.models.get(name)
        if model is not None and not model.local:
            yield Diagnostic(
                code="E0405",
                title="private rows would leave this machine",
                labels=(
                    Label(
                        strategy.span, f"this sends rows to `{model.name}`, which runs elsewhere"
                    ),
                    Label(private.span, "these rows stay local"),
                    Label(model.span, "this model is remote"),
                ),
                help="use a model that runs here, such as `using hf`",
            )


def _private_datasets(program: Program, query: Query, strategy: Strategy) -> Iterator[Dataset]:
    """Those that say that the rows stay which the strategy sees: the datasets themselves, or
    others that name the same files."""
    task = program.tasks.get(query.task)
    seen = [task.dataset] if task else []
    seen += [
        program.retrievers[name].corpus
        for name in strategy.retrievers
        if name in program.retrievers
    ]
    for name in dict.fromkeys(seen):
        dataset = program.datasets.get(name)
        if dataset is None:
            continue
        if dataset.stays_local:
            yield dataset
            continue
        files = _files(dataset)
        for other in program.datasets.values():
            if other.stays_local and files & _files(other):
                yield other


def _files(dataset: Dataset) -> frozenset[str]:
    """The real paths that a dataset names."""
    paths: list[str] = []
    for field in registry.extension("dataset", dataset.using).options:
        value = dataset.options.get(field.name)
        if field.type is FieldType.PATH and value is not None:
            written = value if isinstance(value, tuple) else (value,)
            paths += [os.path.realpath(dataset.root / str(item)) for item in written]
    return frozenset(paths)
