"""The reference of kinds, attributes and extensions as Markdown, written from the schema itself.

`python -m cosmosql.schema.reference > docs/language/reference.md` renews the page.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from textwrap import dedent

from cosmosql.schema.examples import EXAMPLES
from cosmosql.schema.fields import Field, FieldType
from cosmosql.schema.kinds import DEFAULT_SHARES, KINDS, Kind
from cosmosql.schema.measures import quantities
from cosmosql.schema.registry import extension, names
from cosmosql.schema.types import TYPES

_HEAD = """\
    # Reference: kinds, attributes, extensions

    This page is written from the schema (`python -m cosmosql.schema.reference`) and lists what may
    be said in a spec. [The language](../language.md) says how it is written, [the
    glossary](../glossary.md) what the words mean.

    An attribute without a default may be left out unless it is *required*. *Sweepable* attributes
    take `sweep(a, b, …)`, and each value makes candidates of its own. What an attribute takes is
    explained under [types](#types). `cosmosql schema language` prints all of this as JSON.
    """
_MISTAKES = """\
    An attribute that the kind does not have is [E0203](../errors/E0203.md), one that is required
    and missing [E0209](../errors/E0209.md), one of another type [E0302](../errors/E0302.md), one
    beyond its bounds [E0304](../errors/E0304.md), a sweep where none may stand
    [E0303](../errors/E0303.md). A unit that does not exist is [E0103](../errors/E0103.md), one of
    another dimension [E0301](../errors/E0301.md) or [E0302](../errors/E0302.md).
    """

_WRITTEN = {
    FieldType.COUNT: "whole number",
    FieldType.NUMBER: "number",
    FieldType.RATIO: "ratio",
    FieldType.AMOUNT: "examples or share",
    FieldType.TEXT: "text",
    FieldType.WORD: "word",
    FieldType.BOOLEAN: "true or false",
    FieldType.PATH: "path",
}


def reference() -> str:
    """The whole page, the same at every call in one environment."""
    parts = [dedent(_HEAD), _contents()]
    for kind in KINDS.values():
        parts.append("\n".join(_kind(kind)))
    parts.append("\n".join(_measures()))
    parts.append("\n".join(_types()))
    return "\n".join(parts)


def _contents() -> str:
    shown = " · ".join(f"[{name}](#{name})" for name in (*KINDS, "measures", "types"))
    return f"{shown}\n"


def _kind(kind: Kind) -> Iterator[str]:
    yield f"## {kind.name}\n\n{kind.doc}\n"
    yield f"```cosmos\n{EXAMPLES[kind.name]}```\n"
    if kind.words:
        yield f"`using` {', '.join(f'`{word}`' for word in kind.words)}.\n"
    yield from _table(kind.fields)
    for section in kind.sections:
        yield f"### section `{section.name}`\n\n{section.doc}\n"
        yield from _table(section.fields)
    if kind.clauses:
        shown = ", ".join(
            "`maximize` or `minimize`" if clause == "objective" else f"`{clause}`"
            for clause in kind.clauses
        )
        yield f"Clauses: {shown}.\n"
    if kind.plugged:
        for name in names(kind.name):
            described = extension(kind.name, name)
            yield f"### {kind.name} using `{name}`\n\n{described.doc}\n"
            yield from _table(described.options)
    if kind.name == "dataset":
        shares = ", ".join(f"{role} {share:.0%}" for role, share in DEFAULT_SHARES.items())
        yield f"Where a dataset names no amounts, the shares are: {shares}.\n"


def _table(fields: Sequence[Field]) -> Iterator[str]:
    if not fields:
        return
    yield "| attribute | takes | default | meaning |"
    yield "|---|---|---|---|"
    for field in fields:
        yield f"| `{field.name}` | {_linked(field)} | {_default(field)} | {_cell(field.doc)} |"
    yield ""


def _linked(field: Field) -> str:
    """What it takes, with a link to its type unless it lists all words."""
    kind, semicolon, bounds = takes_text(field).partition("; ")
    return f"{kind if field.choices else f'[{kind}](#{field.type})'}{semicolon}{bounds}"


def takes_text(field: Field, quote: str = "`") -> str:
    """What may be written: `whole number; at least 1; sweepable`. Words to be written as they are
    stand in `quote`."""
    if field.choices:
        words = ", ".join(f"{quote}{choice}{quote}" for choice in field.choices)
    elif field.type is FieldType.QUANTITY:
        words = str(field.dimension)
    elif field.type is FieldType.REFERENCE:
        words = f"a {field.target}"
    elif field.hub:
        words = "path or hub id"
    else:
        words = _WRITTEN[field.type]
    marks = ["list"] if field.many else []
    marks += ["sweepable"] if field.sweepable else []
    return "; ".join([words, *field.bounds, *marks])


def _default(field: Field) -> str:
    if field.required:
        return "*required*"
    text = default_text(field)
    return f"`{text}`" if text else ""


def default_text(field: Field) -> str:
    """The default as the language writes it; empty where there is none."""
    value = field.default
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return f"[{', '.join(str(item) for item in value)}]"
    if field.type is FieldType.RATIO and isinstance(value, (int, float)):
        return f"{value * 100:g}%"
    return f'"{value}"' if field.type is FieldType.TEXT else str(value)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", "\\n")


def _measures() -> Iterator[str]:
    yield "## Measures\n"
    yield "What a query may maximize, minimize and require.\n"
    yield "| measure | dimension | meaning |"
    yield "|---|---|---|"
    for name, dimension, doc in quantities():
        yield f"| `{name}` | {dimension} | {_cell(doc)} |"
    yield ""


def _types() -> Iterator[str]:
    yield "## Types\n"
    yield dedent(_MISTAKES)
    yield "| type | takes | example |"
    yield "|---|---|---|"
    for name, (doc, example) in TYPES.items():
        yield f'| <a id="{name}"></a>{name} | {_cell(doc)} | `{example}` |'
    yield ""


if __name__ == "__main__":
    sys.stdout.write(reference())
