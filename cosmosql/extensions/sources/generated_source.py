"""`dataset … using generated`: rows of the generated tasks, the same on every machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cosmosql.contracts.source import Part
from cosmosql.diagnostics.diagnostic import reject
from cosmosql.diagnostics.suggest import closest
from cosmosql.schema.fields import Extension, Field, FieldType
from cosmosql.source import Span

EXTENSION = Extension(
    kind="dataset",
    name="generated",
    doc="Rows that a seeded generator writes: text tasks with known answers, no download.",
    options=(
        Field(
            name="task",
            type=FieldType.WORD,
            doc="Which generated task; docs/tiny.md describes them.",
            required=True,
        ),
        Field(
            name="rows",
            type=FieldType.COUNT,
            doc="How many rows.",
            default=2000,
            minimum=1,
            maximum=1_000_000,
        ),
        Field(
            name="seed", type=FieldType.COUNT, doc="Seed of the generator.", default=0, minimum=0
        ),
    ),
    implementation="cosmosql.extensions.sources.generated_source:GENERATED",
)


class Generated:
    def load(self, options: Mapping[str, object], *, root: Path, span: Span) -> tuple[Part, ...]:
        """E0501 where no generated task has that name."""
        from cosmosql.extensions.sources.generated.tasks import TASKS, generate

        name = str(options["task"])
        if name not in TASKS:
            nearest = closest(name, TASKS)
            reject(
                "E0501",
                "unknown extension",
                span=span,
                label=f"no generated task is called `{name}`",
                help=f"did you mean `{nearest}`?"
                if nearest
                else f"the generated tasks are {', '.join(TASKS)}",
            )
        rows = generate(name, rows=_number(options, "rows"), seed=_number(options, "seed"))
        return (Part(rows=tuple(rows), origin=f"generated {name}"),)

    def files(self, options: Mapping[str, object], *, root: Path) -> tuple[Path, ...]:
        return ()

    def is_remote(self, options: Mapping[str, object], *, root: Path) -> bool:
        return False


def _number(options: Mapping[str, object], name: str) -> int:
    value = options[name]
    if not isinstance(value, int):
        raise TypeError(f"{name} is bound to a whole number, got {value!r}")
    return value


GENERATED = Generated()
