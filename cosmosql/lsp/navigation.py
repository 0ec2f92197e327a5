"""From a name to where it is declared and to everywhere it stands; and its renaming."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from cosmosql.diagnostics.diagnostic import Diagnostic, InputError, Severity
from cosmosql.lsp.workspace import Place, Snapshot, Workspace
from cosmosql.model.bind import analyse
from cosmosql.model.boundary import Boundary, real_path
from cosmosql.model.modules import LoadedModule, Modules, load_modules
from cosmosql.model.names import Declaration, Named
from cosmosql.model.occurrences import Alias, File, Index, Occurrence, definition
from cosmosql.model.report import Report
from cosmosql.source import Span

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
RESERVED = ("true", "false")
"""Names that stand for something else wherever a value can stand."""

Key: TypeAlias = tuple[Path, int, int]
"""A declaration's name: its file's real path and its span."""


@dataclass(frozen=True, slots=True)
class Location:
    place: Place
    span: Span


class RenameRefused(Exception):  # noqa: N818
    """Why a name cannot be changed so, in words for the user."""


def definition_of(workspace: Workspace, snapshot: Snapshot, offset: int) -> Location | None:
    """Where the name at an offset is declared; from the name of an import, its file."""
    found = _at(snapshot, offset)
    if found is None:
        return None
    meaning = found.meaning
    if isinstance(meaning, Alias) and found.defines and meaning.target is not None:
        meaning = File(meaning.target)
    place = definition(meaning)
    if place is None:
        return None
    module, span = place
    return Location(workspace.place(module, snapshot), span)


def references(
    workspace: Workspace, snapshot: Snapshot, offset: int, *, declaration: bool
) -> tuple[Location, ...]:
    """Every place of the name at an offset, in all open specs, in those beside and below them and
    in those of the editor's folders; with `declaration` also the declaration itself."""
    found = _at(snapshot, offset)
    key = _key(found) if found is not None else None
    if key is None:
        return ()
    return tuple(
        Location(workspace.place(module, snapshot), item.span)
        for module, item in _uses(workspace, snapshot, key)
        if declaration or not item.defines
    )


def renamable(snapshot: Snapshot, offset: int) -> Span | None:
    """The name at an offset, where it is one that can be changed: a declaration's, a constant's
    or an import's."""
    found = _at(snapshot, offset)
    if found is None or not isinstance(found.meaning, Declaration | Named | Alias):
        return None
    place = definition(found.meaning)
    standard = Boundary.around(snapshot.document.path).standard
    if place is None or real_path(place[0].path).is_relative_to(standard):
        return None
    return found.span


def rename(
    workspace: Workspace, snapshot: Snapshot, offset: int, name: str
) -> tuple[Location, ...]:
    """Every place where the new name must be written. Raises RenameRefused where it is none, or
    where any word of the specs would come to mean something else."""
    if renamable(snapshot, offset) is None:
        raise RenameRefused("this name is not declared in a file of yours")
    if not NAME.fullmatch(name):
        raise RenameRefused("a name has letters, digits and _, and starts with no digit")
    if name in RESERVED:
        raise RenameRefused(f"`{name}` is a value of the language")
    found = _at(snapshot, offset)
    key = _key(found) if found is not None else None
    if key is None:
        raise RenameRefused("this name is declared nowhere")
    uses = tuple(_uses(workspace, snapshot, key))
    _check(workspace, snapshot, uses, name)
    return tuple(Location(workspace.place(module, snapshot), item.span) for module, item in uses)


def _at(snapshot: Snapshot, offset: int) -> Occurrence | None:
    return snapshot.index.at(snapshot.module, offset) if snapshot.module is not None else None


def _key(found: Occurrence) -> Key | None:
    if isinstance(found.meaning, File):
        return None
    place = definition(found.meaning)
    return None if place is None else _place_key(*place)


def _place_key(module: LoadedModule, span: Span) -> Key:
    return real_path(module.path), span.start, span.end


def _uses(
    workspace: Workspace, snapshot: Snapshot, key: Key
) -> Iterator[tuple[LoadedModule, Occurrence]]:
    """The occurrences of a declared name, each place once, by file and offset."""
    found: dict[Key, tuple[LoadedModule, Occurrence]] = {}
    for modules, index in _specs(workspace, snapshot):
        for module in modules.all:
            for item in index.of(module):
                if _key(item) == key:
                    found.setdefault(_place_key(module, item.span), (module, item))
    for place in sorted(found):
        yield found[place]


def _specs(workspace: Workspace, snapshot: Snapshot) -> Iterator[tuple[Modules, Index]]:
    if snapshot.modules is not None:
        yield snapshot.modules, snapshot.index
    for modules in workspace.beside(_roots(workspace)):
        yield modules, Index()


def _roots(workspace: Workspace) -> tuple[Path, ...]:
    """The directories of the open specs, without those that lie in another one of them; then the
    editor's folders, in which a spec further up may import one of those."""
    homes = {document.real.parent for document in workspace.documents if document.saved}
    standard = Boundary.around(Path()).standard
    own = sorted(
        home
        for home in homes
        if home != standard
        and not any(home != other and home.is_relative_to(other) for other in homes)
    )
    return tuple(dict.fromkeys((*own, *workspace.folders)))


def _check(
    workspace: Workspace,
    snapshot: Snapshot,
    uses: tuple[tuple[LoadedModule, Occurrence], ...],
    name: str,
) -> None:
    """Carries the renaming out on copies of the texts and compares what their words mean."""
    edited: dict[Path, str] = {}
    spans: dict[Path, list[Span]] = {}
    for module, item in uses:
        spans.setdefault(real_path(module.path), []).append(item.span)
    for path, places in spans.items():
        text = places[0].source.text
        for span in sorted(places, key=lambda span: -span.start):
            text = text[: span.start] + name + text[span.end :]
        edited[path] = text
    texts = {**workspace.documents.texts(snapshot.document), **edited}
    for modules, index in _specs(workspace, snapshot):
        if not any(real_path(module.path) in edited for module in modules.all):
            continue
        damaged = next((module for module in modules.all if module.damaged), None)
        if damaged is not None:
            raise RenameRefused(f"mend the syntax errors of {damaged.shown} first")
        path = modules.spec.path
        try:
            after = load_modules(path, Report(), texts=texts, trusted=workspace.trusted)
        except InputError as error:
            raise RenameRefused(f"`{name}` cannot stand there") from error
        if _meanings(modules, index) != _meanings(after, Index()):
            raise RenameRefused(f"`{name}` means something else already")
    after_all = analyse(snapshot.document.path, texts=texts, trusted=workspace.trusted)
    new = _errors(after_all.diagnostics) - _errors(snapshot.diagnostics)
    if new:
        raise RenameRefused(f"`{name}` would be an error: {min(new)}")


def _errors(diagnostics: tuple[Diagnostic, ...]) -> set[str]:
    return {f"{item.code}: {item.title}" for item in diagnostics if item.severity is Severity.ERROR}


def _meanings(modules: Modules, index: Index) -> list[tuple[str, ...]]:
    """What each word of the files means, told without names and offsets."""
    found: list[tuple[str, ...]] = []
    numbers: dict[Key, str] = {}
    for module in modules.all:
        for item in index.of(module):
            if item.defines:
                key = _key(item)
                if key is not None:
                    numbers[key] = str(len(numbers))
    for module in modules.all:
        found.append(("file", str(real_path(module.path)), str(len(module.tree.declarations))))
        for item in index.of(module):
            key = _key(item)
            target = "" if key is None else numbers.get(key, str(key[0]))
            found.append((type(item.meaning).__name__, target))
    return found
