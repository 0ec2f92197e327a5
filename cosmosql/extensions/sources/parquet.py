"""`dataset … using parquet`: Apache Parquet files, read by pyarrow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cosmosql.contracts.source import Part
from cosmosql.extensions.sources.cells import plain_row
from cosmosql.extensions.sources.files import (
    FILE_OPTIONS,
    Problems,
    Rows,
    file_parts,
    local_files,
)
from cosmosql.schema.fields import Extension
from cosmosql.schema.registry import missing_package
from cosmosql.source import Span

EXTENSION = Extension(
    kind="dataset",
    name="parquet",
    doc="Apache Parquet; columns of binary content are left out.",
    options=FILE_OPTIONS,
    implementation="cosmosql.extensions.sources.parquet:PARQUET",
    extra="hf",
)


class Parquet:
    def load(self, options: Mapping[str, object], *, root: Path, span: Span) -> tuple[Part, ...]:
        """E0502 without pyarrow, E0511 missing file, E0517 no Parquet file."""
        try:
            import pyarrow.parquet  # noqa: F401
        except ImportError as error:
            raise missing_package("pyarrow", extra="hf", span=span) from error
        return file_parts(options, root=root, span=span, read=_read)

    def files(self, options: Mapping[str, object], *, root: Path) -> tuple[Path, ...]:
        return local_files(options, root=root)

    def is_remote(self, options: Mapping[str, object], *, root: Path) -> bool:
        return False


def _read(path: Path, problems: Problems) -> Rows:
    from pyarrow import ArrowException
    from pyarrow.parquet import read_table

    try:
        table = read_table(path)
    except (ArrowException, OSError) as error:
        problems.unreadable(f"no Parquet file ({str(error).splitlines()[0]})")
        return (), ()
    return tuple(plain_row(row) for row in table.to_pylist()), ()


PARQUET = Parquet()
