"""Where the rows of a dataset come from: `dataset … using jsonl|csv|parquet|hf|generated`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cosmosql.source import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Rows in file order. `role` is set where the source itself says which role they have."""

    rows: tuple[Mapping[str, object], ...]
    role: str | None = None
    origin: str = ""
    """How messages name the place of a row: `data/rows.jsonl`; its row i is line i + 1."""
    lines: tuple[int, ...] = ()
    """The line of each row where that is not i + 1 (a header, blank lines)."""
    shown: bool = True
    """False where messages must not show contents: a file outside the spec's directory."""


class RowSource(Protocol):
    """Reads rows; raises InputError (E05xx) with the file, the line and what was expected."""

    def load(self, options: Mapping[str, object], *, root: Path, span: Span) -> tuple[Part, ...]:
        """All rows that the declaration's options name. Relative paths start at `root`."""
        ...

    def files(self, options: Mapping[str, object], *, root: Path) -> tuple[Path, ...]:
        """The local files that `load` would read, for caching by their hashes."""
        ...

    def is_remote(self, options: Mapping[str, object], *, root: Path) -> bool:
        """True where `load` needs the network: `check` then leaves the rows out."""
        ...
