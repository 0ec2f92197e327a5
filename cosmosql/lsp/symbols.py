"""The outline of a file, and what can be folded away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from cosmosql.lsp.workspace import Snapshot
from cosmosql.source import Source, Span
from cosmosql.syntax.tree import (
    Attribute,
    Block,
    Constant,
    Declaration,
    Import,
    Item,
    Parameter,
    Section,
)
from cosmosql.syntax.trivia import comments

Fold: TypeAlias = tuple[int, int, str]
"""First and last line from 0, and the protocol's word for what it is, or nothing."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """A declaration, or an attribute or section in it."""

    name: str
    detail: str
    kind: str
    """The declaration's kind; `param`, `let`, `import`, `attribute` or `section`."""
    whole: Span
    own: Span
    inner: tuple[Symbol, ...] = ()


def symbols(snapshot: Snapshot) -> tuple[Symbol, ...]:
    """The declarations of a file in their order; damaged ones are left out."""
    module = snapshot.module
    if module is None:
        return ()
    found = (_symbol(node) for node in module.tree.declarations)
    return tuple(symbol for symbol in found if symbol is not None)


def folds(snapshot: Snapshot) -> tuple[Fold, ...]:
    """Blocks and sections of several lines, comments in a row and imports in a row."""
    module = snapshot.module
    if module is None:
        return ()
    source = module.tree.source
    found = list(_comment_folds(source))
    imports = [node for node in module.tree.declarations if isinstance(node, Import)]
    if len(imports) > 1:
        found += _fold(source, imports[0].span.to(imports[-1].span), "imports")
    for node in module.tree.declarations:
        if isinstance(node, Block):
            found += _fold(source, node.span, "")
            found += _section_folds(source, node.items)
    return tuple(sorted(found))


def _symbol(node: Declaration) -> Symbol | None:
    match node:
        case Block(kind=kind, name=name, using=using):
            detail = f"{kind.text} using {using.text}" if using else kind.text
            if node.template:
                detail = f"template {detail}"
            return Symbol(name.text, detail, kind.text, node.span, name.span, _items(node.items))
        case Parameter(name=name, value=value):
            return Symbol(name.text, value.span.text, "param", node.span, name.span)
        case Constant(name=name, value=value):
            return Symbol(name.text, value.span.text, "let", node.span, name.span)
        case Import(alias=alias):
            named = node.path or node.module
            detail = named.span.text if named else ""
            return Symbol(alias.text, detail, "import", node.span, alias.span)
        case _:
            return None


def _items(items: tuple[Item, ...]) -> tuple[Symbol, ...]:
    found = []
    for item in items:
        match item:
            case Attribute(name=name, value=value):
                detail = " ".join(value.span.text.split())
                found.append(Symbol(name.text, detail, "attribute", item.span, name.span))
            case Section(name=name, items=inner):
                found.append(Symbol(name.text, "", "section", item.span, name.span, _items(inner)))
    return tuple(found)


def _section_folds(source: Source, items: tuple[Item, ...]) -> Iterator[Fold]:
    for item in items:
        match item:
            case Section(items=inner):
                yield from _fold(source, item.span, "")
                yield from _section_folds(source, inner)
            case Attribute():
                yield from _fold(source, item.span, "")


def _comment_folds(source: Source) -> Iterator[Fold]:
    first = last = None
    for comment in comments(source):
        if not comment.own_line:
            continue
        line = source.position(comment.span.start)[0] - 1
        if last is None or line != last + 1:
            if first is not None and last is not None and last > first:
                yield first, last, "comment"
            first = line
        last = line
    if first is not None and last is not None and last > first:
        yield first, last, "comment"


def _fold(source: Source, span: Span, kind: str) -> Iterator[Fold]:
    first, last = source.position(span.start)[0] - 1, source.position(span.end)[0] - 1
    if last > first:
        yield first, last, kind
