"""What is wrong, file by file: the findings of every open spec, each once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from cosmosql.diagnostics.diagnostic import Diagnostic, Label
from cosmosql.lsp.workspace import Place, Snapshot, Workspace
from cosmosql.model.boundary import real_path
from cosmosql.model.modules import LoadedModule
from cosmosql.source import Source, Span

OUTSIDE = "E0206"
"""A path that leaves the spec's directory: a matter of where reading began."""

Key: TypeAlias = tuple[str, int, int]
"""A code and a place in a file."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A diagnostic, the file that it is shown in, and the files of its labels."""

    diagnostic: Diagnostic
    place: Place
    places: tuple[Place, ...]
    """One a label."""
    fix_place: Place


def findings(
    workspace: Workspace, rows: Mapping[str, tuple[Diagnostic, ...]]
) -> Mapping[str, tuple[Finding, ...]]:
    """The findings of all open specs by the URI of the file where each is shown.

    `rows` are those in data, by the URI of the spec. Every open file has an entry, and so has
    every other one in which something was found.
    """
    snapshots = tuple(workspace.snapshots())
    found: dict[str, list[Finding]] = {snapshot.document.uri: [] for snapshot in snapshots}
    seen: dict[str, set[Key]] = {}
    inner = _imported(snapshots)
    for snapshot in snapshots:
        own = snapshot.document
        told = [
            finding
            for finding in _of(workspace, snapshot, rows.get(own.uri, ()))
            if finding.diagnostic.code != OUTSIDE or own.real not in inner
        ]
        for finding in told:
            uri = finding.place.uri
            if _key(finding) not in seen.get(uri, ()):
                found.setdefault(uri, []).append(finding)
        # What another spec says of the same place is the same, in words of its own.
        for finding in told:
            seen.setdefault(finding.place.uri, set()).add(_key(finding))
    return {uri: tuple(items) for uri, items in found.items()}


def carried(diagnostics: Iterable[Diagnostic], snapshot: Snapshot) -> tuple[Diagnostic, ...]:
    """Findings of an earlier text of the same files, moved to where they stand now; without those
    whose own place was edited."""
    sources = {module.tree.source.name: module.tree.source for module in snapshot.files()}
    found = []
    for diagnostic in diagnostics:
        labels = [_moved(label, sources) for label in diagnostic.labels]
        if None not in labels:
            kept = tuple(label for label in labels if label is not None)
            found.append(replace(diagnostic, labels=kept, fix=None))
    return tuple(found)


def _of(
    workspace: Workspace, snapshot: Snapshot, rows: tuple[Diagnostic, ...]
) -> Iterator[Finding]:
    modules = {module.tree.source.name: module for module in snapshot.files()}
    document = snapshot.document
    own = Place(document.uri, document.text, document.version)
    known: dict[str, Place] = {}

    def place(span: Span) -> Place:
        name = span.source.name
        if name not in known:
            module: LoadedModule | None = modules.get(name)
            known[name] = own if module is None else workspace.place(module, snapshot)
        return known[name]

    for diagnostic in (*snapshot.diagnostics, *rows):
        places = tuple(place(label.span) for label in diagnostic.labels)
        first = places[0] if places else own
        fix_place = place(diagnostic.fix.span) if diagnostic.fix else first
        yield Finding(diagnostic, first, places, fix_place)


def _imported(snapshots: Iterable[Snapshot]) -> set[object]:
    """The real paths of files that an open spec reaches through an import."""
    return {
        real_path(module.path)
        for snapshot in snapshots
        if snapshot.modules is not None
        for module in snapshot.modules.imported
    }


def _key(finding: Finding) -> Key:
    labels = finding.diagnostic.labels
    span = (labels[0].span.start, labels[0].span.end) if labels else (0, 0)
    return finding.diagnostic.code, *span


def _moved(label: Label, sources: Mapping[str, Source]) -> Label | None:
    """A label in the text as it is now; None where the text under it has changed."""
    old = label.span.source
    new = sources.get(old.name)
    if new is None:
        return None
    if new.text == old.text:
        return replace(label, span=replace(label.span, source=new))
    start, end = label.span.start, label.span.end
    before = _shared(old.text, new.text)
    after = _shared(old.text[before:][::-1], new.text[before:][::-1])
    if end <= before:
        shift = 0
    elif start >= len(old.text) - after:
        shift = len(new.text) - len(old.text)
    else:
        return None
    return replace(label, span=Span(new, start + shift, end + shift))


def _shared(left: str, right: str) -> int:
    """How many characters two texts have in common at their beginning."""
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
