"""Recorded answers of a query's models, looked at as its rows are."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from cosmosql.contracts.recorded import RecordedFactory
from cosmosql.data.choices import labels_of
from cosmosql.data.findings import Findings
from cosmosql.data.recorded import check_recording
from cosmosql.data.rows import LoadedDataset, Role
from cosmosql.diagnostics.diagnostic import Diagnostic, InputError, Label
from cosmosql.model.program import Dataset, Model, Program, Query, Task, strategies_of
from cosmosql.schema import registry


def recorded_models(program: Program, query: Query) -> tuple[Model, ...]:
    """The models of a query whose answers are recorded, each once."""
    names = dict.fromkeys(
        name for strategy in strategies_of(program, query) for name in strategy.models
    )
    return tuple(program.models[name] for name in names if program.models[name].recorded)


def factory_of(model: Model) -> RecordedFactory:
    """What reads the model's answers; raises InputError E0502."""
    return cast(RecordedFactory, registry.load(registry.extension("model", model.using)))


def recorded_files(program: Program) -> tuple[Path, ...]:
    """The files that the queries' recorded answers stand in."""
    models = [one for query in program.queries.values() for one in recorded_models(program, query)]
    files = (factory_of(one).files(one.options, root=one.root) for one in models)
    return tuple(dict.fromkeys(path for some in files for path in some))


def recording_findings(
    model: Model, task: Task, dataset: Dataset, rows: LoadedDataset
) -> tuple[Diagnostic, ...]:
    """What is wrong with the recorded answers of a model to the rows of a task: E0545 where nothing
    joins them, E0511 to E0518 and E0542 of the file, E0543 and E0544 of what it says."""
    if dataset.identifier is None:
        label = Label(dataset.span, "these rows have no names")
        return (
            Diagnostic(
                code="E0545",
                title="nothing joins rows and recorded answers",
                labels=(Label(model.span, "its answers name the rows by their ids"), label),
                help="write `id = …` in the dataset: the column that names a row",
            ),
        )
    try:
        recording = factory_of(model).read(
            model.options, root=model.root, span=model.place("source")
        )
    except InputError as error:
        return error.diagnostics
    found = Findings(model, shown=rows.shown and recording.shown)
    check_recording(
        recording,
        [row for role in Role for row in rows.rows[role]],
        task,
        labels_of(task, rows),
        found,
        strays_are_wrong=model.options.get("strays") == "wrong",
    )
    return found.diagnostics
