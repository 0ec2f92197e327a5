"""What formatting must keep, as values that can be compared."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from cosmosql.source import Source
from cosmosql.syntax.format import format_source
from cosmosql.syntax.parse import ParseCache, decode_bytes, parse
from cosmosql.syntax.tree import Attribute, Section, Tree
from cosmosql.syntax.trivia import comments


def tree_shape(tree: Tree) -> Any:
    """Equal for trees that differ in spans and in the order of unlike clauses alone."""
    return _shape(tree.declarations)


def comment_texts(text: str) -> list[str]:
    return [item.span.text.rstrip() for item in comments(Source("a.cosmos", text))]


def check_formatted(text: str, *, ordered: bool = False, cache: ParseCache | None = None) -> str:
    """The canonical form of a text that parses, after asserting all that it must keep."""
    cache = cache or ParseCache()
    source = Source("a.cosmos", text)
    tree, found = parse(source, cache)
    assert found == ()
    once = format_source(source, cache)
    decoded = decode_bytes(once.encode(), "a.cosmos")
    assert isinstance(decoded, Source)
    assert decoded.text == once
    again, found = parse(decoded, cache)
    assert found == ()
    assert tree_shape(again) == tree_shape(tree)
    assert format_source(decoded, cache) == once
    before, after = comment_texts(text), comment_texts(once)
    if ordered:
        assert after == before
    assert Counter(after) == Counter(before)
    assert once == "" or (once.endswith("\n") and not once.endswith("\n\n"))
    assert "\n\n\n" not in once
    assert not any(line.endswith((" ", "\t")) for line in once.splitlines())
    return once


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(item.name for item in fields(kind) if item.name not in ("span", "source"))


def _shape(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_shape(item) for item in value)
    if not is_dataclass(value):
        return value
    shapes = [type(value).__name__]
    for name in _names(type(value)):
        part = getattr(value, name)
        shapes.append(_items(part) if name == "items" else _shape(part))
    return tuple(shapes)


def _items(items: tuple[Any, ...]) -> tuple[Any, ...]:
    """What is no clause in its order, and the clauses of each kind in theirs."""
    plain = tuple(_shape(item) for item in items if isinstance(item, (Attribute, Section)))
    clauses: dict[str, list[Any]] = {}
    for item in items:
        if not isinstance(item, (Attribute, Section)):
            clauses.setdefault(type(item).__name__, []).append(_shape(item))
    return (plain, tuple((name, tuple(clauses[name])) for name in sorted(clauses)))
