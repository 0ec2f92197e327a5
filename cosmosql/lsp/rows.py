"""Findings in data: looked for in another thread when a file is opened or saved, never while
typing, and not again where neither the specs nor the files of rows have changed."""

from __future__ import annotations

import asyncio
import datetime
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import TypeAlias, TypeVar

from cosmosql.compiler import examine
from cosmosql.data.load import files_of
from cosmosql.diagnostics.diagnostic import Diagnostic, InputError
from cosmosql.lsp.documents import Document
from cosmosql.lsp.findings import carried
from cosmosql.lsp.workspace import Snapshot, Workspace, stamp_of
from cosmosql.model.boundary import Trusted
from cosmosql.model.program import Program

Result = TypeVar("Result")

Key: TypeAlias = tuple[object, ...]
"""What findings in data depend on: the texts, the files of rows, the day."""


class RowFindings:
    """The findings in the data of every open spec, in the text at which they were found."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._found: dict[str, tuple[Key, tuple[Diagnostic, ...]]] = {}
        self._asked: dict[str, int] = {}
        self._turn = asyncio.Lock()

    def now(self) -> Mapping[str, tuple[Diagnostic, ...]]:
        """By the URI of the spec, moved to where they stand by now. A spec with errors has none:
        what its rows are for is not certain."""
        moved = {}
        for uri, (_, diagnostics) in self._found.items():
            document = self._workspace.documents.get(uri)
            if document is not None and diagnostics:
                snapshot = self._workspace.snapshot(document)
                if not snapshot.failed:
                    moved[uri] = carried(diagnostics, snapshot)
        return moved

    async def look(self, document: Document) -> bool:
        """Reads the rows of a spec as it is when its turn comes, if it is one without errors. True
        where that was done. Of several that wait for one spec only the last is taken."""
        uri = document.uri
        asked = self._asked[uri] = self._asked.get(uri, 0) + 1
        async with self._turn:
            current = self._workspace.documents.get(uri)
            if current is None or asked != self._asked.get(uri):
                return False
            snapshot = self._workspace.snapshot(current)
            program = snapshot.program
            if not current.saved or program is None or snapshot.failed:
                return False
            texts = self._workspace.documents.texts(current)
            trusted, today = self._workspace.trusted, self._workspace.today()
            known = self._found.get(uri)
            key = known[0] if known else None
            found = await apart(lambda: _look(snapshot, program, texts, trusted, today, key))
        if found is None or uri not in self._asked:
            return False
        self._found[uri] = found
        return True

    def forget(self, uri: str) -> None:
        self._found.pop(uri, None)
        self._asked.pop(uri, None)


async def apart(work: Callable[[], Result]) -> Result:
    """What `work` returns or raises, in a thread that does not outlive the process: those of
    asyncio's pool hold up its end until the last row is read."""
    future: Future[Result] = Future()

    def run() -> None:
        future.set_running_or_notify_cancel()
        try:
            future.set_result(work())
        except Exception as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return await asyncio.wrap_future(future)


def _look(
    snapshot: Snapshot,
    program: Program,
    texts: Mapping[Path, str],
    trusted: Trusted,
    today: datetime.date,
    known: Key | None,
) -> tuple[Key, tuple[Diagnostic, ...]] | None:
    """The findings that only the rows show; None where they are known for the same key."""
    key = (program.sha256, *(module.sha256 for module in program.modules), today, *_data(program))
    if key == known:
        return None
    told = examine(program.path, texts=texts, trusted=trusted, today=today).told
    without_rows = set(snapshot.diagnostics)
    return key, tuple(item for item in told if item not in without_rows)


def _data(program: Program) -> tuple[object, ...]:
    """The files of rows with their times and sizes."""
    found: list[object] = []
    for dataset in program.datasets.values():
        try:
            found += ((path, stamp_of(path)) for path in files_of(dataset))
        except (InputError, OSError):
            found.append(dataset.name)
    return tuple(found)
