"""W0215: what a spec declares and none of its questions reaches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from cosmosql.diagnostics.diagnostic import Diagnostic, Fix
from cosmosql.model.lint.warning import warning
from cosmosql.model.modules import LoadedModule
from cosmosql.schema.kinds import KINDS
from cosmosql.source import Span
from cosmosql.syntax.tree import Block, Constant, Import, Language, Parameter, Reference

Named: TypeAlias = Import | Parameter | Constant | Block


def unused(module: LoadedModule) -> Iterator[Diagnostic]:
    """W0215 for each name of a file that asks a query and does not need the name for it.

    A file without a query is there to be imported: nothing is said of it. A reference counts for
    everything that it could mean, so what is reported is certain. Takes time linear in the file.
    """
    index = _Index(module)
    if not index.queries:
        return
    reached = index.reached()
    for node in index.declared:
        if id(node) in reached:
            continue
        if isinstance(node, Import):
            yield warning(
                "W0215",
                "never used",
                node.alias.span,
                "no query of this file needs this import",
                help="remove the import",
                fix=Fix(_line_of(node.span), ""),
            )
        else:
            yield warning(
                "W0215",
                "never used",
                node.name.span,
                "no query of this file reaches this",
                notes=("it changes nothing that is asked, and misleads who reviews it",),
                help="remove it, or use it",
            )


class _Index:
    """The names of one file by what a reference may call them."""

    def __init__(self, module: LoadedModule) -> None:
        self.declared: list[Named] = []
        self.queries: list[Named] = []
        self._calls: dict[str, list[Named]] = {}
        for node in module.tree.declarations:
            if isinstance(node, Language):
                continue
            self.declared.append(node)
            if not isinstance(node, Block):
                name = node.alias if isinstance(node, Import) else node.name
                self._call(name.text, node)
                continue
            kind = node.kind.text
            self._call(node.name.text, node)
            self._call(f"{kind}.{node.name.text}", node)
            if not node.template:
                self._call(f"{kind}.*", node)
                if kind == "query":
                    self.queries.append(node)

    def _call(self, name: str, node: Named) -> None:
        self._calls.setdefault(name, []).append(node)

    def reached(self) -> set[int]:
        """The ids of the queries and of everything that they lead to."""
        waiting = list(self.queries)
        reached = {id(node) for node in waiting}
        asked: set[str] = set()
        while waiting:
            for reference in references(waiting.pop()):
                name = _called(reference)
                if name in asked:
                    continue
                asked.add(name)
                for other in self._calls.get(name, ()):
                    if id(other) not in reached:
                        reached.add(id(other))
                        waiting.append(other)
        return reached


def _called(reference: Reference) -> str:
    """`strategy.rag` of `strategy.rag.accuracy`, `base` of `base.strategy.rag`."""
    first, *rest = (part.text for part in reference.parts)
    if first not in KINDS:
        return first
    return f"{first}.*" if reference.wildcard else ".".join([first, *rest[:1]])


def references(node: object) -> Iterator[Reference]:
    """Every reference in a node of a tree, in the order of the text."""
    if isinstance(node, Reference):
        yield node
    elif isinstance(node, tuple):
        for item in node:
            yield from references(item)
    elif not isinstance(node, Span):
        for name in getattr(type(node), "__slots__", ()):
            yield from references(getattr(node, name))


def _line_of(span: Span) -> Span:
    """The lines on which a span stands, with their end, where nothing else stands there."""
    text = span.source.text
    start = text.rfind("\n", 0, span.start) + 1
    end = text.find("\n", span.end)
    end = len(text) if end < 0 else end + 1
    alone = not text[start : span.start].strip() and not text[span.end : end].strip()
    return Span(span.source, start, end) if alone else span
