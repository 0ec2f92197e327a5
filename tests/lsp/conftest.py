"""A real client of a real server: `cosmosql lsp` as a process, spoken to over its streams."""

from __future__ import annotations

import asyncio
import datetime
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from lsprotocol import types
from pygls.lsp.client import BaseLanguageClient
from pygls.protocol import LanguageServerProtocol, default_converter

from cosmosql.lsp.forecasts import Plans
from cosmosql.lsp.workspace import Snapshot, Workspace

COMMAND = (sys.executable, "-m", "cosmosql", "lsp")
PATIENCE = 120.0
"""Seconds after which an answer that never comes fails a test."""


class Editor(BaseLanguageClient):
    """An editor: opens, types, asks, and keeps what the server tells of its own accord."""

    def __init__(self) -> None:
        super().__init__(
            "editor", "1", protocol_cls=LanguageServerProtocol, converter_factory=default_converter
        )
        self.told: dict[str, types.PublishDiagnosticsParams] = {}
        self.publications = 0
        self.log: list[types.LogMessageParams] = []
        self.messages: list[types.ShowMessageParams] = []
        self._news = asyncio.Condition()
        self._versions: dict[str, int] = {}

        @self.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        async def publish(params: types.PublishDiagnosticsParams) -> None:
            async with self._news:
                self.told[params.uri] = params
                self.publications += 1
                self._news.notify_all()

        @self.feature(types.WINDOW_LOG_MESSAGE)
        def logged(params: types.LogMessageParams) -> None:
            self.log.append(params)

        @self.feature(types.WINDOW_SHOW_MESSAGE)
        def shown(params: types.ShowMessageParams) -> None:
            self.messages.append(params)

    async def start(
        self,
        encodings: Sequence[types.PositionEncodingKind] | None = None,
        *,
        watching: bool = False,
        versions: bool = False,
        folders: Sequence[Path] = (),
    ) -> types.InitializeResult:
        await self.start_io(*COMMAND)
        general = types.GeneralClientCapabilities(
            position_encodings=list(encodings) if encodings else None
        )
        workspace = types.WorkspaceClientCapabilities(
            did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(
                dynamic_registration=watching
            ),
            workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=versions),
        )
        result = await self.initialize_async(
            types.InitializeParams(
                capabilities=types.ClientCapabilities(general=general, workspace=workspace),
                process_id=None,
                workspace_folders=[
                    types.WorkspaceFolder(one.as_uri(), one.name) for one in folders
                ],
            )
        )
        self.initialized(types.InitializedParams())
        return result

    async def finish(self) -> int:
        """Ends the server as the protocol wants it. Returns its exit code."""
        await self.shutdown_async(None)
        self.exit(None)
        assert self._server is not None
        code = await asyncio.wait_for(self._server.wait(), PATIENCE)
        await self.stop()
        return code

    def open(self, uri: str, text: str) -> None:
        self._versions[uri] = 1
        item = types.TextDocumentItem(uri=uri, language_id="cosmosql", version=1, text=text)
        self.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))

    def open_file(self, path: Path) -> str:
        uri = path.as_uri()
        self.open(uri, path.read_bytes().decode("utf-8"))
        return uri

    def replace(self, uri: str, text: str) -> int:
        """Replaces all of a buffer."""
        return self._change(uri, types.TextDocumentContentChangeWholeDocument(text=text))

    def type(self, uri: str, start: tuple[int, int], end: tuple[int, int], text: str) -> int:
        """Replaces a range of a buffer. Returns the new version."""
        where = types.Range(start=types.Position(*start), end=types.Position(*end))
        return self._change(uri, types.TextDocumentContentChangePartial(range=where, text=text))

    def _change(self, uri: str, change: types.TextDocumentContentChangeEvent) -> int:
        self._versions[uri] += 1
        self.text_document_did_change(
            types.DidChangeTextDocumentParams(
                text_document=types.VersionedTextDocumentIdentifier(
                    uri=uri, version=self._versions[uri]
                ),
                content_changes=[change],
            )
        )
        return self._versions[uri]

    def save(self, uri: str) -> None:
        self.text_document_did_save(
            types.DidSaveTextDocumentParams(text_document=types.TextDocumentIdentifier(uri=uri))
        )

    def close(self, uri: str) -> None:
        self.text_document_did_close(
            types.DidCloseTextDocumentParams(text_document=types.TextDocumentIdentifier(uri=uri))
        )

    async def until(
        self, uri: str, holds: Callable[[types.PublishDiagnosticsParams], bool]
    ) -> list[types.Diagnostic]:
        """The findings of a file, once they are as the test waits for."""
        async with self._news:
            await asyncio.wait_for(
                self._news.wait_for(lambda: uri in self.told and holds(self.told[uri])), PATIENCE
            )
        return list(self.told[uri].diagnostics)

    async def findings(self, uri: str) -> list[types.Diagnostic]:
        """The findings of a buffer as it is now."""
        version = self._versions[uri]
        return await self.until(uri, lambda params: params.version == version)

    async def codes(self, uri: str, *codes: str) -> list[types.Diagnostic]:
        """The findings of a file, once they have these codes and no others."""
        return await self.until(
            uri,
            lambda params: sorted(str(item.code) for item in params.diagnostics) == sorted(codes),
        )


Conversation: TypeAlias = Callable[[Editor], Coroutine[Any, Any, None]]
Talk: TypeAlias = Callable[..., int]


@pytest.fixture
def talk() -> Talk:
    """Runs a conversation with a server of its own; returns the server's exit code."""

    def run(
        conversation: Conversation,
        encodings: Sequence[types.PositionEncodingKind] | None = None,
        **options: Any,
    ) -> int:
        async def whole() -> int:
            editor = Editor()
            await editor.start(encodings, **options)
            try:
                await conversation(editor)
            except BaseException:
                assert editor._server is not None
                editor._server.kill()
                raise
            return await editor.finish()

        return asyncio.run(asyncio.wait_for(whole(), 2 * PATIENCE))

    return run


class Desk:
    """Files on disk, the first of them open; a `|` in its text is the cursor."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.workspace = Workspace(lambda: datetime.date(2026, 2, 1))
        self.plans = Plans()
        self.offset = 0

    def open(self, marked: str, name: str = "spec.cosmos", /, **files: str) -> Snapshot:
        """The analysis of a text; further files by their stems."""
        self.offset = max(marked.find("|"), 0)
        text = marked.replace("|", "", 1)
        for other, content in {name: text, **files}.items():
            path = self.directory / (other if "." in other else f"{other}.cosmos")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        return self.buffer(name, text)

    def buffer(self, name: str, text: str) -> Snapshot:
        """The analysis of a text that is not saved."""
        uri = (self.directory / name).as_uri()
        return self.workspace.snapshot(self.workspace.documents.put(uri, text, 1))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)
