"""W0415: weights and rows from a hub that can change under a spec."""

from __future__ import annotations

from collections.abc import Iterator

from cosmosql.diagnostics.diagnostic import Diagnostic, Label
from cosmosql.model.lint.warning import own_place, warning
from cosmosql.model.program import Dataset, Declared, Model, Program, Query, strategies_of
from cosmosql.schema import registry

PLACES = {"model": "id", "dataset": "source"}
"""The option that holds a hub id or a directory, by kind."""

MOVING = (None, "main")
"""What follows the hub's newest commit."""


def moving_revisions(program: Program) -> Iterator[Diagnostic]:
    """W0415 for each model and dataset that a query takes from a hub without a `revision`.

    Directories hold what they hold, and the plan locks their contents.
    """
    told: set[str] = set()
    for query in program.queries.values():
        for kind, declared, user in _used(program, query):
            if declared.name in told or not _moves(kind, declared):
                continue
            told.add(declared.name)
            place = own_place(declared, user, query)
            what = "this" if place is declared else f"`{declared.name}`, which this needs,"
            others = () if place is declared else (Label(declared.span, "it is declared here"),)
            yield warning(
                "W0415",
                "revision not pinned",
                place.span,
                f"{what} follows the newest commit on the hub",
                *others,
                notes=(f"a later run could meet {_OTHERS[kind]} under the same name",),
                help='name a commit: `revision = "…"`',
            )


_OTHERS = {"model": "other weights", "dataset": "other rows"}


def _used(program: Program, query: Query) -> Iterator[tuple[str, Model | Dataset, Declared]]:
    """Kind and declaration of what a query takes in, and who names it."""
    task = program.tasks[query.task]
    yield "dataset", program.datasets[task.dataset], task
    for strategy in strategies_of(program, query):
        for name in strategy.models:
            yield "model", program.models[name], strategy
        for name in strategy.retrievers:
            retriever = program.retrievers[name]
            yield "dataset", program.datasets[retriever.corpus], retriever


def _moves(kind: str, declared: Model | Dataset) -> bool:
    options = registry.extension(kind, declared.using).options
    place = PLACES[kind]
    if not {"revision", place} <= {option.name for option in options}:
        return False
    if (declared.root / str(declared.options[place])).is_dir():
        return False
    return declared.options.get("revision") in MOVING
