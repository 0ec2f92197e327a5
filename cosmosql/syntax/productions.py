"""The rules of `grammar/cosmos.lark` as values: for documentation, highlighting and hover texts.

The parser does not need them. Names are shown without the `_` that only Lark needs, a terminal that
is one fixed text stands as that text, and a line end as `newline`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias, assert_never

from lark import Lark

from cosmosql.resources import resource


@dataclass(frozen=True, slots=True)
class Literal:
    """A fixed text: `require`, `{`."""

    text: str


@dataclass(frozen=True, slots=True)
class Named:
    """Another rule, a pattern (`NAME`) or `newline`."""

    name: str


@dataclass(frozen=True, slots=True)
class Row:
    """One after the other."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of them."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Optional:
    part: Part


@dataclass(frozen=True, slots=True)
class Repeated:
    """Any number of times, also none."""

    part: Part


Part: TypeAlias = Literal | Named | Row | Choice | Optional | Repeated


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """Rules and patterns by their shown names, in the order of the file.

    A pattern is the regular expression of a terminal; those of fixed text are inside the rules.
    """

    rules: dict[str, Part]
    patterns: dict[str, str]


@cache
def grammar() -> Grammar:
    """The grammar file, read once a process."""
    text = (resource("grammar") / "cosmos.lark").read_text(encoding="utf-8")
    tree = Lark.open_from_package("lark", "lark.lark", ["grammars"], parser="lalr").parse(text)
    rules: dict[str, Any] = {}
    fixed: dict[str, str] = {}
    patterns: dict[str, str] = {}
    for item in tree.children:
        if item.data not in ("rule", "token"):
            continue
        name, body = str(item.children[0]), item.children[-1]
        if item.data == "rule":
            rules[name] = body
            continue
        written = str(next(iter(body.scan_values(lambda value: value is not None))))
        if written.startswith('"'):
            fixed[name] = _unquoted(written)
        elif name != "_NL":
            patterns[name] = written[1:-1]
    reader = _Reader(fixed)
    return Grammar(
        rules={_shown(name): reader.part(body) for name, body in rules.items()}, patterns=patterns
    )


class _Reader:
    """Lark's tree of a right-hand side to a part."""

    def __init__(self, fixed: dict[str, str]) -> None:
        self._fixed = fixed

    def part(self, tree: Any) -> Part:
        children = tree.children
        match str(tree.data):
            case "alias":
                return self.part(children[0])
            case "expansions":
                return Choice(tuple(self.part(child) for child in children))
            case "expansion":
                parts = tuple(self.part(child) for child in children)
                return parts[0] if len(parts) == 1 else Row(parts)
            case "maybe":
                return Optional(self.part(children[0]))
            case "expr":
                inner = self.part(children[0])
                match children[1]:
                    case None:
                        return inner
                    case "?":
                        return Optional(inner)
                    case "*":
                        return Repeated(inner)
                    case other:
                        raise ValueError(f"the grammar has an operator that is not shown: {other}")
            case "literal":
                return Literal(_unquoted(str(children[0])))
            case "name":
                name = str(children[0])
                return Literal(self._fixed[name]) if name in self._fixed else Named(_shown(name))
            case other:
                raise ValueError(f"the grammar has a construct that is not shown: {other}")


def _unquoted(text: str) -> str:
    return text[1:-1]


def _shown(name: str) -> str:
    return "newline" if name == "_NL" else name.lstrip("_?")


def written(part: Part) -> str:
    """The part in the EBNF of the W3C: `"require" comparison ("with" "confidence" sum)?`."""
    match part:
        case Literal(text):
            return f'"{text}"'
        case Named(name):
            return name
        case Row(parts):
            return " ".join(
                _grouped(item) if isinstance(item, Choice) else written(item) for item in parts
            )
        case Choice(parts):
            return " | ".join(written(item) for item in parts)
        case Optional(inner):
            return f"{_grouped(inner)}?"
        case Repeated(inner):
            return f"{_grouped(inner)}*"
        case _:
            assert_never(part)


def _grouped(part: Part) -> str:
    return written(part) if isinstance(part, Literal | Named) else f"({written(part)})"


def literals(part: Part) -> Iterator[str]:
    """Every fixed text of a part, in the order written; other rules are not entered."""
    match part:
        case Literal(text):
            yield text
        case Named():
            return
        case Row(parts) | Choice(parts):
            for item in parts:
                yield from literals(item)
        case Optional(inner) | Repeated(inner):
            yield from literals(inner)
        case _:
            assert_never(part)


def alternatives(rule: str) -> tuple[str, ...]:
    """The rules that a rule chooses from: those of `clause` are `for`, `among`, …"""
    body = grammar().rules[rule]
    parts = body.parts if isinstance(body, Choice) else (body,)
    return tuple(part.name for part in parts if isinstance(part, Named))
