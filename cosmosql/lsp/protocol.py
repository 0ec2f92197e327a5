"""Plain values to the protocol's, and back: nothing here decides anything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lsprotocol import types

from cosmosql.diagnostics.diagnostic import Fix, Severity
from cosmosql.lsp.findings import Finding
from cosmosql.lsp.hover import Hover
from cosmosql.lsp.navigation import Location
from cosmosql.lsp.positions import EditorText, Position
from cosmosql.lsp.proposals import Proposal, Sort
from cosmosql.lsp.symbols import Symbol
from cosmosql.lsp.workspace import Place
from cosmosql.source import Span

SOURCE = "cosmosql"

_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
}

_SYMBOLS = {
    "param": types.SymbolKind.Variable,
    "let": types.SymbolKind.Constant,
    "import": types.SymbolKind.Module,
    "attribute": types.SymbolKind.Property,
    "section": types.SymbolKind.Namespace,
    "query": types.SymbolKind.Function,
    "strategy": types.SymbolKind.Class,
    "policy": types.SymbolKind.Class,
}
"""Other kinds of declarations are objects."""

_PROPOSALS = {
    Sort.KEYWORD: types.CompletionItemKind.Keyword,
    Sort.KIND: types.CompletionItemKind.Class,
    Sort.ATTRIBUTE: types.CompletionItemKind.Property,
    Sort.SECTION: types.CompletionItemKind.Module,
    Sort.DECLARATION: types.CompletionItemKind.Reference,
    Sort.CONSTANT: types.CompletionItemKind.Constant,
    Sort.MODULE: types.CompletionItemKind.Module,
    Sort.FILE: types.CompletionItemKind.File,
    Sort.UNIT: types.CompletionItemKind.Unit,
    Sort.VALUE: types.CompletionItemKind.EnumMember,
    Sort.MEASURE: types.CompletionItemKind.Function,
    Sort.COLUMN: types.CompletionItemKind.Field,
    Sort.EXTENSION: types.CompletionItemKind.Value,
}


def position(at: Position) -> types.Position:
    return types.Position(line=at[0], character=at[1])


def place_of(at: types.Position) -> Position:
    return at.line, at.character


def range_of(text: EditorText, span: Span) -> types.Range:
    return types.Range(
        start=position(text.position(span.start)), end=position(text.position(span.end))
    )


def diagnostic(finding: Finding) -> types.Diagnostic:
    """Title and primary label, notes and help below; the other labels are related places."""
    item = finding.diagnostic
    labels = item.labels
    lines = [item.title]
    if labels and labels[0].text:
        lines[0] = f"{item.title}: {labels[0].text}"
    lines += [f"note: {note}" for note in item.notes]
    if item.help:
        lines.append(f"help: {item.help}")
    start = types.Position(line=0, character=0)
    where = range_of(finding.place.text, labels[0].span) if labels else types.Range(start, start)
    related = [
        types.DiagnosticRelatedInformation(
            location=types.Location(uri=place.uri, range=range_of(place.text, label.span)),
            message=label.text,
        )
        for label, place in zip(labels[1:], finding.places[1:], strict=True)
    ]
    return types.Diagnostic(
        range=where,
        message="\n".join(lines),
        severity=_SEVERITIES[item.severity],
        code=item.code,
        source=SOURCE,
        related_information=related or None,
    )


def location(found: Location) -> types.Location:
    return types.Location(uri=found.place.uri, range=range_of(found.place.text, found.span))


def hover(found: Hover, text: EditorText) -> types.Hover:
    content = types.MarkupContent(kind=types.MarkupKind.Markdown, value=found.markdown)
    return types.Hover(contents=content, range=range_of(text, found.span))


def completions(found: Sequence[Proposal], text: EditorText, offset: int) -> types.CompletionList:
    """Plain texts without placeholders, in the order given."""
    end = position(text.position(offset))
    items = []
    for index, proposal in enumerate(found):
        where = types.Range(start=position(text.position(proposal.start)), end=end)
        doc = types.MarkupContent(kind=types.MarkupKind.Markdown, value=proposal.doc)
        items.append(
            types.CompletionItem(
                label=proposal.label,
                kind=_PROPOSALS[proposal.sort],
                detail=proposal.detail or None,
                documentation=doc if proposal.doc else None,
                sort_text=f"{index:04}",
                filter_text=proposal.written.strip(),
                insert_text_format=types.InsertTextFormat.PlainText,
                text_edit=types.TextEdit(range=where, new_text=proposal.written),
            )
        )
    return types.CompletionList(is_incomplete=False, items=items)


def symbols(found: Iterable[Symbol], text: EditorText) -> list[types.DocumentSymbol]:
    return [
        types.DocumentSymbol(
            name=symbol.name,
            detail=symbol.detail or None,
            kind=_SYMBOLS.get(symbol.kind, types.SymbolKind.Object),
            range=range_of(text, symbol.whole),
            selection_range=range_of(text, symbol.own),
            children=symbols(symbol.inner, text) or None,
        )
        for symbol in found
    ]


def text_edits(edits: Iterable[Fix], text: EditorText) -> list[types.TextEdit]:
    return [
        types.TextEdit(range=range_of(text, edit.span), new_text=edit.replacement) for edit in edits
    ]


def workspace_edit(changes: Iterable[tuple[Place, Fix]], *, versioned: bool) -> types.WorkspaceEdit:
    """Replacements by the URI of their file; `versioned` with the version of the text that they
    are for, None for a file that is not open."""
    found: dict[str, list[types.TextEdit]] = {}
    versions: dict[str, int | None] = {}
    for place, fix in changes:
        found.setdefault(place.uri, []).extend(text_edits([fix], place.text))
        versions[place.uri] = place.version
    if not versioned:
        return types.WorkspaceEdit(changes=found)
    identifier = types.OptionalVersionedTextDocumentIdentifier
    return types.WorkspaceEdit(
        document_changes=[
            types.TextDocumentEdit(
                text_document=identifier(uri=uri, version=versions[uri]), edits=list(edits)
            )
            for uri, edits in found.items()
        ]
    )
