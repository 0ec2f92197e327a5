"""`dataset … using jsonl`: one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Mapping
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
from cosmosql.schema.fields import Extension
from cosmosql.source import Span

EXTENSION = Extension(
    kind="dataset",
    name="jsonl",
    doc="One JSON object a line, UTF-8, packed with gzip where the name ends in `.gz`; blank lines "
    "are skipped.",
    options=FILE_OPTIONS,
    implementation="cosmosql.extensions.sources.jsonl:JSON_LINES",
)


OTHER_FORMATS = {".csv": "csv", ".tsv": "csv"}
"""What reads a file that is no JSON from its first line on, by the end of its name."""


class JsonLines:
    def load(self, options: Mapping[str, object], *, root: Path, span: Span) -> tuple[Part, ...]:
        """E0511 missing file, E0517 lines that hold no JSON object, E0518 no UTF-8."""
        return file_parts(options, root=root, span=span, read=_read)

    def files(self, options: Mapping[str, object], *, root: Path) -> tuple[Path, ...]:
        return local_files(options, root=root)

    def is_remote(self, options: Mapping[str, object], *, root: Path) -> bool:
        return False


def _read(path: Path, problems: Problems) -> Rows:
    rows: list[Mapping[str, object]] = []
    lines: list[int] = []
    for number, text in text_lines(path, problems):
        if not text.strip():
            continue
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            if number == 1 and path.suffix in OTHER_FORMATS:
                advice = f"write `using {OTHER_FORMATS[path.suffix]}`"
                problems.malformed(number, "no JSON", text, help=advice)
                break
            problems.malformed(number, f"no JSON ({error})", text)
            continue
        if not isinstance(value, dict):
            problems.malformed(number, "no JSON object", text)
            continue
        if "\\u" in text and not _encodable(value):
            problems.malformed(number, "half of a surrogate pair is no letter", text)
            continue
        rows.append(value)
        lines.append(number)
    return tuple(rows), tuple(lines)


def _encodable(value: object) -> bool:
    """False where an escape such as `\\ud83d` stands for half a letter."""
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


JSON_LINES = JsonLines()
