"""What an expression stands for, and how messages and plans write it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from cosmosql.identity import canonical
from cosmosql.model.names import Declaration
from cosmosql.source import Span
from cosmosql.units import Quantity


@dataclass(frozen=True, slots=True)
class Word:
    """A bare word or, where `quoted`, a text."""

    text: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class Listed:
    items: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Swept:
    items: tuple[Value, ...]


Content: TypeAlias = Quantity | Word | bool | Declaration | Listed | Swept


@dataclass(frozen=True, slots=True)
class Value:
    """What an expression stands for. `span` is the place where it is used."""

    content: Content
    span: Span


def describe(content: Content) -> str:
    """What a value is, in words."""
    match content:
        case Quantity(dimension=dimension):
            return "a number" if dimension.name == "ratio" else dimension.name
        case Word(quoted=quoted):
            return "a text" if quoted else "a word"
        case bool():
            return "true or false"
        case Declaration(kind=kind):
            return f"a {kind}"
        case Listed():
            return "a list"
        case Swept():
            return "a sweep"


def canonical_text(content: Content) -> str:
    """A value as the language writes it."""
    match content:
        case Quantity():
            return str(content)
        case Word(text=text, quoted=quoted):
            return canonical(text) if quoted else text
        case bool():
            return "true" if content else "false"
        case Declaration(name=name):
            return name
        case Listed(items=items):
            return f"[{', '.join(canonical_text(item.content) for item in items)}]"
        case Swept(items=items):
            return f"sweep({', '.join(canonical_text(item.content) for item in items)})"
