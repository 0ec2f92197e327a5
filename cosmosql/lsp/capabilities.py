"""What the server answers: one function a request, each from an analysis to the protocol."""

from __future__ import annotations

from collections.abc import Sequence

from lsprotocol import types

from cosmosql.diagnostics.diagnostic import Fix
from cosmosql.lsp import protocol
from cosmosql.lsp.completion import complete
from cosmosql.lsp.edits import all_fixes, fix_title, formatted, silencing
from cosmosql.lsp.findings import Finding
from cosmosql.lsp.hover import hover
from cosmosql.lsp.lens import lenses
from cosmosql.lsp.navigation import (
    RenameRefused,
    definition_of,
    references,
    renamable,
    rename,
)
from cosmosql.lsp.server import CosmosServer, RequestRefused
from cosmosql.lsp.symbols import folds, symbols
from cosmosql.lsp.workspace import Place, Snapshot

TRIGGERS = (".", '"', "{", "/", " ")

WATCHED = ("**/*.cosmos", "**/*.plan.json")

FIX_ALL = types.CodeActionKind.SourceFixAll
QUICK_FIX = types.CodeActionKind.QuickFix


def register(server: CosmosServer) -> CosmosServer:
    """The same server, answering everything of this file."""
    feature = server.feature
    feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=TRIGGERS))(
        _completion
    )
    feature(types.TEXT_DOCUMENT_HOVER)(_hover)
    feature(types.TEXT_DOCUMENT_DEFINITION)(_definition)
    feature(types.TEXT_DOCUMENT_REFERENCES)(_references)
    feature(types.TEXT_DOCUMENT_PREPARE_RENAME)(_prepare_rename)
    feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))(_rename)
    feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)(_symbols)
    feature(types.TEXT_DOCUMENT_FOLDING_RANGE)(_folding)
    feature(types.TEXT_DOCUMENT_FORMATTING)(_formatting)
    feature(types.TEXT_DOCUMENT_CODE_LENS, types.CodeLensOptions(resolve_provider=False))(_lens)
    feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=[QUICK_FIX, FIX_ALL]),
    )(_actions)
    feature(types.INITIALIZED)(_watch)
    feature(types.TEXT_DOCUMENT_DID_SAVE)(_saved)
    feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)(_files_changed)
    return server


def _at(
    server: CosmosServer, document: types.TextDocumentIdentifier, position: types.Position
) -> tuple[Snapshot, int] | None:
    """The analysis of a file and the offset of a position in it."""
    snapshot = server.snapshot(document.uri)
    if snapshot is None:
        return None
    return snapshot, snapshot.document.text.offset(protocol.place_of(position))


def _completion(
    server: CosmosServer, params: types.CompletionParams
) -> types.CompletionList | None:
    at = _at(server, params.text_document, params.position)
    if at is None:
        return None
    snapshot, offset = at
    text = snapshot.document.text
    by_blank = params.context is not None and params.context.trigger_character == " "
    line = text.text[text.text.rfind("\n", 0, offset) + 1 : offset]
    if by_blank and not line.strip():
        # Indenting asks for nothing.
        return None
    return protocol.completions(complete(snapshot, offset), text, offset)


def _hover(server: CosmosServer, params: types.HoverParams) -> types.Hover | None:
    at = _at(server, params.text_document, params.position)
    if at is None:
        return None
    snapshot, offset = at
    found = hover(snapshot, server.plans, offset)
    return None if found is None else protocol.hover(found, snapshot.document.text)


def _definition(server: CosmosServer, params: types.DefinitionParams) -> types.Location | None:
    at = _at(server, params.text_document, params.position)
    found = None if at is None else definition_of(server.files, *at)
    return None if found is None else protocol.location(found)


def _references(server: CosmosServer, params: types.ReferenceParams) -> list[types.Location]:
    at = _at(server, params.text_document, params.position)
    if at is None:
        return []
    declaration = params.context.include_declaration
    found = references(server.files, *at, declaration=declaration)
    return [protocol.location(item) for item in found]


def _prepare_rename(
    server: CosmosServer, params: types.PrepareRenameParams
) -> types.PrepareRenamePlaceholder | None:
    at = _at(server, params.text_document, params.position)
    span = None if at is None else renamable(*at)
    if at is None or span is None:
        return None
    where = protocol.range_of(at[0].document.text, span)
    return types.PrepareRenamePlaceholder(range=where, placeholder=span.text)


def _rename(server: CosmosServer, params: types.RenameParams) -> types.WorkspaceEdit | None:
    at = _at(server, params.text_document, params.position)
    if at is None:
        return None
    try:
        found = rename(server.files, *at, params.new_name)
    except RenameRefused as refused:
        raise RequestRefused(str(refused)) from refused
    changes = ((where.place, Fix(where.span, params.new_name)) for where in found)
    return protocol.workspace_edit(changes, versioned=server.versions_edits)


def _symbols(
    server: CosmosServer, params: types.DocumentSymbolParams
) -> list[types.DocumentSymbol]:
    snapshot = server.snapshot(params.text_document.uri)
    if snapshot is None:
        return []
    return protocol.symbols(symbols(snapshot), snapshot.document.text)


def _folding(server: CosmosServer, params: types.FoldingRangeParams) -> list[types.FoldingRange]:
    snapshot = server.snapshot(params.text_document.uri)
    if snapshot is None:
        return []
    return [
        types.FoldingRange(start_line=first, end_line=last, kind=kind or None)
        for first, last, kind in folds(snapshot)
    ]


def _formatting(
    server: CosmosServer, params: types.DocumentFormattingParams
) -> list[types.TextEdit]:
    snapshot = server.snapshot(params.text_document.uri)
    edit = None if snapshot is None else formatted(snapshot)
    if snapshot is None or edit is None:
        return []
    return protocol.text_edits([edit], snapshot.document.text)


def _lens(server: CosmosServer, params: types.CodeLensParams) -> list[types.CodeLens]:
    snapshot = server.snapshot(params.text_document.uri)
    if snapshot is None:
        return []
    return [
        types.CodeLens(
            range=protocol.range_of(snapshot.document.text, lens.span),
            command=types.Command(title=lens.text, command=""),
        )
        for lens in lenses(snapshot, server.plans)
    ]


def _actions(server: CosmosServer, params: types.CodeActionParams) -> list[types.CodeAction]:
    uri = params.text_document.uri
    document = server.files.documents.get(uri)
    if document is None:
        return []
    found = server.findings().get(uri, ())
    text = document.text
    first = text.offset(protocol.place_of(params.range.start))
    last = text.offset(protocol.place_of(params.range.end))
    near = [item for item in found if _touches(item, first, last)]
    wanted = params.context.only
    actions = []
    if _is_wanted(QUICK_FIX, wanted):
        versioned = server.versions_edits
        actions += [action for item in near for action in _quick_fixes(item, versioned=versioned)]
    diagnostics = [item.diagnostic for item in found if item.fix_place.uri == uri]
    every = all_fixes(diagnostics, text.text)
    if _is_wanted(FIX_ALL, wanted) and every:
        own = Place(uri, text, document.version)
        edit = protocol.workspace_edit(
            ((own, fix) for fix in every), versioned=server.versions_edits
        )
        title = "fix everything that can be fixed in this file"
        actions.append(types.CodeAction(title=title, kind=FIX_ALL, edit=edit))
    return actions


def _quick_fixes(item: Finding, *, versioned: bool) -> list[types.CodeAction]:
    """The fix of a finding, and the comment that silences a warning."""
    diagnostic, shown = item.diagnostic, protocol.diagnostic(item)
    actions = []
    if diagnostic.fix is not None:
        actions.append(
            types.CodeAction(
                title=fix_title(diagnostic, diagnostic.fix),
                kind=QUICK_FIX,
                diagnostics=[shown],
                is_preferred=True,
                edit=protocol.workspace_edit(
                    [(item.fix_place, diagnostic.fix)], versioned=versioned
                ),
            )
        )
    comment = silencing(diagnostic)
    if comment is not None:
        actions.append(
            types.CodeAction(
                title=f"{diagnostic.code}: allow it here, and say why",
                kind=QUICK_FIX,
                diagnostics=[shown],
                edit=protocol.workspace_edit([(item.place, comment)], versioned=versioned),
            )
        )
    return actions


def _touches(item: Finding, first: int, last: int) -> bool:
    labels = item.diagnostic.labels
    return bool(labels) and labels[0].span.start <= last and first <= labels[0].span.end


def _is_wanted(
    kind: types.CodeActionKind, only: Sequence[types.CodeActionKind | str] | None
) -> bool:
    """True where the client asks for every kind, for this one, or for a kind above it."""
    name = str(kind.value)
    wanted = [str(getattr(one, "value", one)) for one in only] if only else [""]
    return any(not one or name == one or name.startswith(f"{one}.") for one in wanted)


def _saved(server: CosmosServer, params: types.DidSaveTextDocumentParams) -> None:
    server.refresh()


def _files_changed(server: CosmosServer, params: types.DidChangeWatchedFilesParams) -> None:
    server.refresh()


def _watch(server: CosmosServer, params: types.InitializedParams) -> None:
    """Asks the client to tell of files that change behind its back, where it can."""
    workspace = server.client_capabilities.workspace
    watching = workspace.did_change_watched_files if workspace else None
    if watching is None or not watching.dynamic_registration:
        return
    options = types.DidChangeWatchedFilesRegistrationOptions(
        watchers=[types.FileSystemWatcher(glob_pattern=pattern) for pattern in WATCHED]
    )
    registration = types.Registration(
        id="watched",
        method=types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
        register_options=options,
    )
    server.client_register_capability(types.RegistrationParams(registrations=[registration]))
