"""The server: the protocol's messages to the workspace and back. One thread answers; only rows of
data are looked at in another."""

from __future__ import annotations

import asyncio
import datetime
import time
from collections.abc import Callable, Generator, Mapping
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInternalError
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, default_converter
from pygls.protocol.language_server import lsp_method

from cosmosql import __version__
from cosmosql.lsp import protocol
from cosmosql.lsp.documents import Document, path_of
from cosmosql.lsp.findings import Finding, findings
from cosmosql.lsp.forecasts import Plans
from cosmosql.lsp.positions import EditorText
from cosmosql.lsp.rows import RowFindings
from cosmosql.lsp.workspace import Snapshot, Workspace
from cosmosql.model.boundary import NOTHING, Trusted

if TYPE_CHECKING:
    from pygls.server import ServerErrors

PAUSE = 0.01
"""Seconds without a keystroke after which a file is analysed."""

LONGEST_PAUSE = 0.5
"""The same where an analysis takes long."""

LONGEST_WAIT = 1.0
"""Seconds after which findings are told even while somebody keeps typing."""


class RequestRefused(JsonRpcException):
    """The protocol's RequestFailed: what was asked is right in form and cannot be done."""

    CODE = types.LSPErrorCodes.RequestFailed
    MESSAGE = "refused"


class CosmosServer(LanguageServer):
    """Holds the workspace, and tells findings after a pause in typing."""

    def __init__(self, today: Callable[[], datetime.date], trusted: Trusted = NOTHING) -> None:
        super().__init__(
            "cosmosql",
            __version__,
            protocol_cls=CosmosProtocol,
            converter_factory=default_converter,
        )
        self.files = Workspace(today, trusted)
        self.plans = Plans()
        self.rows = RowFindings(self.files)
        self._timer: asyncio.TimerHandle | None = None
        self._waiting_since: float | None = None
        self._cost = 0.0
        self._left = False
        self._told: dict[str, tuple[int | None, list[types.Diagnostic]]] = {}
        self._looking: set[asyncio.Task[None]] = set()

    def snapshot(self, uri: str) -> Snapshot | None:
        """The analysis of an open file; None where it is not open, or analysing it fails, which is
        told in the client's log."""
        document = self.files.documents.get(uri)
        if document is None:
            return None
        try:
            return self.files.snapshot(document)
        except Exception as error:
            self.complain(error)
            return None

    def complain(self, error: BaseException) -> None:
        """Tells of a mistake of ours in the client's log, and goes on."""
        text = f"this is a bug in cosmosql {__version__}: {type(error).__name__}: {error}"
        self.window_log_message(types.LogMessageParams(type=types.MessageType.Error, message=text))

    def report_server_error(self, error: Exception, source: ServerErrors) -> None:
        """A request or a message that failed is told in the log, unless telling is what fails."""
        if source is not JsonRpcInternalError and not isinstance(error, RequestRefused):
            self.complain(error)

    def leave(self) -> None:
        """The client is going: nothing more is told."""
        self._left = True
        if self._timer is not None:
            self._timer.cancel()

    def refresh(self) -> None:
        """Files have changed behind the editor's back: plans, rows, imported specs."""
        for document in self.files.documents:
            self.look_at_rows(document)
        self.touched()
        workspace = self.client_capabilities.workspace
        if workspace and workspace.code_lens and workspace.code_lens.refresh_support:
            self.workspace_code_lens_refresh(None)

    def touched(self) -> None:
        """Something was edited: findings are due after a pause."""
        if self._left:
            return
        loop = asyncio.get_running_loop()
        now = time.monotonic()
        if self._waiting_since is None:
            self._waiting_since = now
        if self._timer is not None:
            self._timer.cancel()
        pause = PAUSE if self._cost < 10 * PAUSE else min(self._cost, LONGEST_PAUSE)
        left = self._waiting_since + LONGEST_WAIT - now
        self._timer = loop.call_later(max(0.0, min(pause, left)), self.tell)

    def tell(self) -> None:
        """Publishes the findings of all files whose findings have changed, and of every open one
        whose text has."""
        self._timer = self._waiting_since = None
        started = time.thread_time()
        try:
            found = self.findings()
        except Exception as error:
            self.complain(error)
            return
        finally:
            self._cost = time.thread_time() - started
        for uri in [*found, *(uri for uri in self._told if uri not in found)]:
            self._publish(uri, found.get(uri, ()))

    def closed(self, uri: str) -> None:
        """A buffer was closed: from now on its file counts as it is on disk."""
        self.files.documents.close(uri)
        self.files.forget(uri)
        self.rows.forget(uri)
        self.touched()

    @property
    def versions_edits(self) -> bool:
        """True where the client takes edits together with the version of the text that they are
        for, and so refuses those that come too late."""
        workspace = self.client_capabilities.workspace
        edits = workspace.workspace_edit if workspace else None
        return bool(edits and edits.document_changes)

    @property
    def asked_to_stop(self) -> bool:
        """True after the client's `shutdown`."""
        return bool(self.protocol._shutdown)

    def findings(self) -> Mapping[str, tuple[Finding, ...]]:
        """The findings of all open specs by the URI of the file where each is shown."""
        return findings(self.files, self.rows.now())

    def look_at_rows(self, document: Document) -> None:
        """Reads the data of a spec in another thread, and tells what it finds."""
        task = asyncio.get_running_loop().create_task(self._look(document))
        self._looking.add(task)
        task.add_done_callback(self._looking.discard)

    async def _look(self, document: Document) -> None:
        try:
            if await self.rows.look(document):
                self.touched()
        except Exception as error:
            self.complain(error)

    def _publish(self, uri: str, found: tuple[Finding, ...]) -> None:
        document = self.files.documents.get(uri)
        version = document.version if document is not None else None
        told = (version, [protocol.diagnostic(finding) for finding in found])
        if document is None and not told[1] and uri not in self._told:
            return
        if self._told.get(uri) == told:
            return
        self.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(uri=uri, diagnostics=told[1], version=version)
        )
        if document is None and not told[1]:
            del self._told[uri]
        else:
            self._told[uri] = told


class CosmosProtocol(LanguageServerProtocol):
    """Takes edits into the workspace of its own: pygls counts lines and columns as Python does,
    which is not how editors count."""

    _server: CosmosServer

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(self, params: types.InitializeParams) -> Generator[Any, Any, Any]:
        result = yield from super().lsp_initialize(params)
        encoding = self.server_capabilities.position_encoding
        self._server.files.documents.encoding = str(getattr(encoding, "value", encoding))
        self._take_folders()
        return result

    @lsp_method(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def lsp_workspace__did_change_workspace_folders(
        self, params: types.DidChangeWorkspaceFoldersParams
    ) -> Generator[Any, Any, None]:
        yield from super().lsp_workspace__did_change_workspace_folders(params)
        self._take_folders()

    def _take_folders(self) -> None:
        paths = (path_of(folder.uri) for folder in self.workspace.folders.values())
        self._server.files.folders = tuple(path for path in paths if path is not None)

    @lsp_method(types.EXIT)
    def lsp_exit(self, *arguments: Any) -> Generator[Any, Any, None]:
        self._server.leave()
        yield from super().lsp_exit(*arguments)

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        item = params.text_document
        document = self._server.files.documents.put(item.uri, item.text, item.version)
        self._server.touched()
        self._server.look_at_rows(document)

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        uri, version = params.text_document.uri, params.text_document.version
        documents = self._server.files.documents
        document = documents.get(uri)
        if document is None:
            return
        text = document.text
        for change in params.content_changes:
            if isinstance(change, types.TextDocumentContentChangePartial):
                first, last = change.range.start, change.range.end
                text = text.edited(protocol.place_of(first), protocol.place_of(last), change.text)
            else:
                text = EditorText(change.text, documents.encoding)
        documents.update(uri, text, version)
        self._server.touched()

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        self._server.closed(params.text_document.uri)
