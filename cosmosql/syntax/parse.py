"""Text to tree. What is wrong comes back as diagnostics; nothing a text holds raises."""

from __future__ import annotations

import re
from pathlib import Path

from cosmosql.diagnostics.diagnostic import Diagnostic, Label
from cosmosql.source import Source, Span
from cosmosql.syntax.build import Builder
from cosmosql.syntax.parser import Stop, parse_rule
from cosmosql.syntax.recover import recover
from cosmosql.syntax.tree import Tree
from cosmosql.syntax.trivia import documentation

MAXIMUM_BYTES = 4_000_000
"""Size of the largest file that is read: a spec holds no rows."""

_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
"""Control characters, and those that make a text look different from what it says."""


def parse(source: Source) -> tuple[Tree, tuple[Diagnostic, ...]]:
    """The tree of a file and what is wrong with it, in the order of the text.

    With diagnostics, the tree holds the declarations that are undamaged: enough for an editor,
    not for the rest of the compiler, which would report what only the damage made missing.
    """
    tree = parse_rule(source.text, "file")
    if isinstance(tree, Stop):
        declarations, diagnostics = recover(source)
        return Tree(source=source, declarations=declarations), diagnostics
    builder = Builder(source, documentation(source))
    declarations = builder.file(tree)
    return Tree(source=source, declarations=declarations), tuple(builder.diagnostics)


def decode(path: Path, name: str | None = None) -> Source | Diagnostic:
    """The text of a file, shown under `name` (default: its path); or why it is none: E0101 where
    it is not plain text, E0109 where it cannot be read."""
    name = name or path.as_posix()
    try:
        with path.open("rb") as file:
            data = file.read(MAXIMUM_BYTES + 1)
    except OSError as problem:
        reason = (problem.strerror or type(problem).__name__).lower()
        return Diagnostic(
            code="E0109",
            title="cannot read the file",
            notes=(f"`{name}`: {reason}",),
            help="name a readable `.cosmos` file",
        )
    return decode_bytes(data, name)


def decode_bytes(data: bytes, name: str) -> Source | Diagnostic:
    """The text of a file's bytes, or what makes them none (E0101, E0109).

    A byte order mark is dropped, and a line end of two characters becomes one.
    """
    if len(data) > MAXIMUM_BYTES:
        return Diagnostic(
            code="E0109",
            title="the file is too large",
            notes=(f"`{name}` has more than {MAXIMUM_BYTES:_} bytes; a spec holds no rows",),
            help="keep rows in a data file, and name it in a dataset's `source`",
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        return Diagnostic(
            code="E0101",
            title="the file is not UTF-8 text",
            notes=(f"`{name}`, line {line}: byte 0x{data[problem.start]:02x} does not fit",),
            help="save the file as UTF-8",
        )
    source = Source(name, text.replace("\r\n", "\n"))
    match = _FORBIDDEN.search(source.text)
    if match:
        point = ord(match.group())
        return Diagnostic(
            code="E0101",
            title="forbidden character",
            labels=(Label(Span(source, match.start(), match.end()), f"this is U+{point:04X}"),),
            notes=("control and direction characters can hide what a text says",),
            help="delete it",
        )
    return source
