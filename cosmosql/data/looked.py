"""Looks at rows that found nothing, remembered in a directory of the user's choice.

A look is named by all that it depends on: the program without its texts' places and docs, the
names and contents of the data files, and the versions of this package and of plug-ins. Findings are
never kept, and an entry that is not as it was written counts for nothing.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path

from cosmosql import __version__
from cosmosql.data.load import DatasetDeclaration, files_of, is_remote
from cosmosql.identity import digest, file_digest
from cosmosql.schema.registry import plugin_versions
from cosmosql.source import Span

UNSEEN = frozenset({"doc", "sha256", "modules"})
"""Fields of programs and declarations that are about their text: no check of rows reads them."""


class Looks:
    """Entries are files of a directory, which is made with the first of them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.problem: OSError | None = None
        """Why the last look could not be remembered."""

    def found_nothing(self, name: str) -> bool:
        """True where the look of that name was made before, and nothing was wrong or unwise."""
        try:
            return self._entry(name).read_text(encoding="ascii") == _content(name)
        except (OSError, ValueError):
            return False

    def remember(self, name: str) -> None:
        """Keeps that the look of that name found nothing; after an interruption there is the whole
        entry or none."""
        entry = self._entry(name)
        partial = entry.with_name(f".{name}.{os.getpid()}.partial")
        try:
            entry.parent.mkdir(parents=True, exist_ok=True)
            partial.write_text(_content(name), encoding="ascii")
            partial.replace(entry)
        except OSError as problem:
            self.problem = problem
        finally:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)

    def _entry(self, name: str) -> Path:
        return self.directory / name


def _content(name: str) -> str:
    return f"cosmosql {__version__} looked at these rows: {name}\n"


def look_name(
    program: object, datasets: Iterable[DatasetDeclaration], answers: Iterable[Path] = ()
) -> str | None:
    """The name of a look at the rows of these datasets for a program, and at files of recorded
    `answers` to them; None where it would not tell all that the look depends on: rows from the
    network, or files that cannot be read."""
    contents: list[dict[str, str] | list[str]] = []
    try:
        for dataset in datasets:
            if is_remote(dataset):
                return None
            files = files_of(dataset)
            contents.append(
                {os.path.relpath(path, dataset.root): file_digest(path) for path in files}
            )
        contents.append([file_digest(path) for path in answers])
    except OSError:
        return None
    return digest([__version__, plugin_versions(), _content_of(program), contents])


def _content_of(value: object) -> object:
    """A value without the places where it is written."""
    match value:
        case Span() | Path():
            return "somewhere"  # a place that is there differs from None
        case Mapping():
            return [[str(key), _content_of(item)] for key, item in value.items()]
        case list() | tuple():
            return [_content_of(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        named = (field.name for field in fields(value) if field.name not in UNSEEN)
        return [[name, _content_of(getattr(value, name))] for name in named]
    return value
