"""`dataset … using csv`: a header line and comma-separated cells, as RFC 4180 has them."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from cosmosql.contracts.source import Part
from cosmosql.extensions.sources.files import (
    FILE_OPTIONS,
    Problems,
    Rows,
    file_parts,
    local_files,
    text_lines,
)
from cosmosql.schema.fields import Extension, Field, FieldType
from cosmosql.source import Span

EXTENSION = Extension(
    kind="dataset",
    name="csv",
    doc="Comma-separated values with a header line, UTF-8, packed with gzip where the name ends in "
    "`.gz`; every cell is a text.",
    options=(
        *FILE_OPTIONS,
        Field(
            name="delimiter",
            type=FieldType.TEXT,
            doc='What stands between cells: `"\\t"` for tab-separated values.',
            default=",",
        ),
    ),
    implementation="cosmosql.extensions.sources.csv:CSV",
)

LONGEST_CELL = 10_000_000


class CommaSeparated:
    def load(self, options: Mapping[str, object], *, root: Path, span: Span) -> tuple[Part, ...]:
        """E0511 missing file, E0517 rows of another length than the header, E0518 no UTF-8."""
        delimiter = str(options.get("delimiter", ","))

        def read(path: Path, problems: Problems) -> Rows:
            return _read(path, problems, delimiter)

        return file_parts(options, root=root, span=span, read=read)

    def files(self, options: Mapping[str, object], *, root: Path) -> tuple[Path, ...]:
        return local_files(options, root=root)

    def is_remote(self, options: Mapping[str, object], *, root: Path) -> bool:
        return False


def _read(path: Path, problems: Problems, delimiter: str) -> Rows:
    if len(delimiter) != 1 or delimiter in '"\r\n':
        problems.unreadable("`delimiter` is one character other than a quote or a line end")
        return (), ()
    csv.field_size_limit(LONGEST_CELL)
    rows: list[Mapping[str, object]] = []
    lines: list[int] = []
    table = csv.reader(_texts(path, problems), delimiter=delimiter, strict=True)
    try:
        header = next(table, [])
        repeated = sorted(name for name, count in Counter(header).items() if count > 1)
        if repeated:
            problems.malformed(1, f"the header names `{repeated[0]}` twice")
            return (), ()
        start = table.line_num + 1
        for cells in table:
            number, start = start, table.line_num + 1
            if not cells:
                continue
            if len(cells) != len(header):
                problems.malformed(
                    number,
                    f"{len(cells)} cells under {len(header)} columns",
                    delimiter.join(cells),
                )
                continue
            rows.append(dict(zip(header, cells, strict=True)))
            lines.append(number)
    except csv.Error as error:
        problems.malformed(table.line_num, str(error))
    return tuple(rows), tuple(lines)


def _texts(path: Path, problems: Problems) -> Iterator[str]:
    for _, text in text_lines(path, problems):
        yield text


CSV = CommaSeparated()
