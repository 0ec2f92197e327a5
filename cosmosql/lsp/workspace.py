"""Every open file analysed as a spec of its own, its buffers and its imports' taken as they are."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from cosmosql.diagnostics.diagnostic import Diagnostic, InputError, Severity
from cosmosql.lsp.documents import Document, Documents, uri_of
from cosmosql.lsp.positions import EditorText
from cosmosql.model.bind import analyse
from cosmosql.model.boundary import NOTHING, Trusted, real_path
from cosmosql.model.memory import Memory
from cosmosql.model.modules import SUFFIX, LoadedModule, Modules, load_modules
from cosmosql.model.occurrences import Index
from cosmosql.model.program import Program
from cosmosql.model.report import Report
from cosmosql.syntax.tree import Import

Stamp: TypeAlias = EditorText | tuple[int, int] | None
"""What tells whether a file's text is still the one that was read: the buffer, or its time and
size, or that there is none."""

MOST_FILES = 500
MOST_DIRECTORIES = 2_000
"""Bounds on looking through a directory tree for specs that use a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One analysis: a spec with all that it imports, at one moment."""

    document: Document
    modules: Modules | None
    """None where the spec cannot be read at all; then a diagnostic says why."""
    program: Program | None
    diagnostics: tuple[Diagnostic, ...]
    index: Index = field(default_factory=Index)
    stamps: Mapping[Path, Stamp] = field(default_factory=dict)

    @property
    def module(self) -> LoadedModule | None:
        """The document itself."""
        return self.modules.spec if self.modules else None

    @property
    def failed(self) -> bool:
        return any(item.severity is Severity.ERROR for item in self.diagnostics)

    def files(self) -> Iterator[LoadedModule]:
        if self.modules is not None:
            yield from self.modules.all


@dataclass(frozen=True, slots=True)
class Place:
    """A file as the client knows it."""

    uri: str
    text: EditorText
    version: int | None


class Workspace:
    """Buffers in, analyses out. An analysis is made again when a text that it read has changed."""

    def __init__(self, today: Callable[[], datetime.date], trusted: Trusted = NOTHING) -> None:
        self.documents = Documents()
        self.today = today
        self.trusted = trusted
        self.folders: tuple[Path, ...] = ()
        """The directory trees that the editor has open."""
        self._snapshots: dict[str, Snapshot] = {}
        self._memory = Memory()

    def snapshot(self, document: Document) -> Snapshot:
        """The analysis of an open file, as of now."""
        known = self._snapshots.get(document.uri)
        if known is not None and known.document.text is document.text and self._holds(known):
            return known
        made = self._analyse(document)
        self._snapshots[document.uri] = made
        return made

    def forget(self, uri: str) -> None:
        self._snapshots.pop(uri, None)

    def snapshots(self) -> Iterator[Snapshot]:
        """The analyses of all open files."""
        for document in self.documents:
            yield self.snapshot(document)

    def place(self, module: LoadedModule, snapshot: Snapshot | None = None) -> Place:
        """How the client names and counts a file of an analysis."""
        real = real_path(module.path)
        document = None
        if snapshot is not None and snapshot.document.real == real:
            document = snapshot.document
        document = document or self.documents.standing_for(real)
        if document is not None:
            return Place(document.uri, document.text, document.version)
        text = EditorText(module.tree.source.text, self.documents.encoding)
        return Place(uri_of(real), text, None)

    def beside(self, roots: Iterable[Path]) -> Iterator[Modules]:
        """The specs of directory trees and the open ones, loaded without binding. Raises nothing:
        what cannot be read is left out."""
        seen: set[Path] = set()
        for document in self.documents:
            if document.real not in seen:
                seen.add(document.real)
                yield from self._loaded(document.path, self.documents.texts(document))
        for root in roots:
            for path in _specs_below(root):
                real = real_path(path)
                if real not in seen and len(seen) < MOST_FILES:
                    seen.add(real)
                    yield from self._loaded(path, self.documents.texts())

    def _loaded(self, path: Path, texts: Mapping[Path, str]) -> Iterator[Modules]:
        try:
            yield load_modules(
                path, Report(), texts=texts, trusted=self.trusted, cache=self._memory
            )
        except InputError:
            return

    def _analyse(self, document: Document) -> Snapshot:
        texts = self.documents.texts(document)
        try:
            found = analyse(
                document.path,
                texts=texts,
                trusted=self.trusted,
                today=self.today(),
                memory=self._memory,
            )
        except InputError as error:
            return Snapshot(
                document=document,
                modules=None,
                program=None,
                diagnostics=error.diagnostics,
                stamps={document.real: document.text},
            )
        return Snapshot(
            document=document,
            modules=found.modules,
            program=found.program,
            diagnostics=found.diagnostics,
            stamps={path: self._stamp(path) for path in _read(found.modules)},
        )

    def _holds(self, snapshot: Snapshot) -> bool:
        return all(
            path == snapshot.document.real or self._stamp(path) == stamp
            for path, stamp in snapshot.stamps.items()
        )

    def _stamp(self, path: Path) -> Stamp:
        document = self.documents.standing_for(path)
        if document is not None:
            return document.text
        return stamp_of(path)


def stamp_of(path: Path) -> tuple[int, int] | None:
    """A file's time and size, None where there is none."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size


def _read(modules: Modules) -> Iterator[Path]:
    """The files that an analysis read, and those that its imports name in vain."""
    for module in modules.all:
        yield real_path(module.path)
        for node in module.tree.declarations:
            if isinstance(node, Import) and node.path and node.alias.text in module.broken:
                yield real_path(module.directory / node.path.value)


def _specs_below(root: Path) -> Iterator[Path]:
    """The `.cosmos` files of a directory tree in sorted order, hidden directories and links left
    out."""
    for visited, (directory, inner, files) in enumerate(os.walk(root)):
        if visited >= MOST_DIRECTORIES:
            return
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        for name in sorted(files):
            path = Path(directory) / name
            if name.endswith(SUFFIX) and not path.is_symlink():
                yield path
