"""Text to tree. What is wrong comes back as diagnostics; nothing a text holds raises."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from cosmosql.diagnostics.diagnostic import Diagnostic, Fix, Label
from cosmosql.source import Source, Span
from cosmosql.syntax.build import Builder
from cosmosql.syntax.parser import Node, Stop, parse_rule
from cosmosql.syntax.recover import chunks, recover
from cosmosql.syntax.tree import Declaration, Tree
from cosmosql.syntax.trivia import documentation

Result: TypeAlias = tuple[Tree, tuple[Diagnostic, ...]]

MAXIMUM_BYTES = 4_000_000
"""Size of the largest file that is read: a spec holds no rows."""

MAXIMUM_WORDS = 1_500_000
"""Words and signs of the largest file: they, not bytes, are what reading costs."""

_WORD = re.compile(r"\w+|[^\w\s]")
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
"""Control characters, and those that make a text look different from what it says."""


class ParseCache:
    """What was parsed before, for a program that parses the same files again and again with small
    changes: only the declarations whose text has changed are parsed anew. It changes nothing but
    the time that `parse` takes. Holds the latest text of each file; not for several threads.
    """

    def __init__(self) -> None:
        self._files: dict[str, _Parsed] = {}

    def get(self, name: str) -> _Parsed | None:
        return self._files.get(name)

    def put(self, parsed: _Parsed) -> None:
        self._files[parsed.source.name] = parsed


@dataclass(frozen=True, slots=True)
class _Parsed:
    source: Source
    result: Result
    stretches: dict[str, Node | Stop]


class _Stretches:
    """Parses stretches of a text by themselves, offsets relative to their start, each text once."""

    def __init__(self, text: str, known: dict[str, Node | Stop]) -> None:
        self._text = text
        self._known = known
        self.read: dict[str, Node | Stop] = {}

    def __call__(self, start: int, end: int) -> Node | Stop:
        stretch = self._text[start:end]
        found = self.read.get(stretch) or self._known.get(stretch) or parse_rule(stretch, "file")
        self.read[stretch] = found
        return found


def parse(source: Source, cache: ParseCache | None = None) -> Result:
    """The tree of a file and what is wrong with it, in the order of the text.

    With diagnostics, the tree holds the declarations that are undamaged: enough for an editor,
    not for the rest of the compiler, which would report what only the damage made missing.
    """
    before = cache.get(source.name) if cache else None
    if before and before.source.text == source.text:
        return before.result
    stretches = _Stretches(source.text, before.stretches if before else {})
    result = _parse(source, stretches)
    if cache:
        cache.put(_Parsed(source, result, stretches.read))
    return result


def _parse(source: Source, read: Callable[[int, int], Node | Stop]) -> Result:
    """A text parses exactly if its declarations do, one by one. Where one seems not to, it may go
    on in column 0, so the rest is tried as a whole."""
    parts: list[tuple[int, Node]] = []
    for start, end in chunks(source.text):
        part = read(start, end)
        if isinstance(part, Stop):
            part, end = read(start, len(source.text)), len(source.text)
        if isinstance(part, Stop):
            declarations, diagnostics = recover(source, read)
            return Tree(source=source, declarations=declarations), diagnostics
        parts.append((start, part))
        if end == len(source.text):
            break
    docs = documentation(source)
    found: list[Declaration] = []
    wrong: list[Diagnostic] = []
    for start, part in parts:
        builder = Builder(source, docs, start)
        found += builder.file(part)
        wrong += builder.diagnostics
    return Tree(source=source, declarations=tuple(found)), tuple(wrong)


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
        return _too_large(name, f"{MAXIMUM_BYTES:_} bytes")
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
    if len(text) > MAXIMUM_WORDS and sum(1 for _ in _WORD.finditer(text)) > MAXIMUM_WORDS:
        return _too_large(name, f"{MAXIMUM_WORDS:_} words and signs")
    source = Source(name, text.replace("\r\n", "\n"))
    match = _FORBIDDEN.search(source.text)
    if match:
        point, span = ord(match.group()), Span(source, match.start(), match.end())
        return Diagnostic(
            code="E0101",
            title="forbidden character",
            labels=(Label(span, f"this is U+{point:04X}"),),
            notes=("control and direction characters can hide what a text says",),
            help="delete it",
            fix=Fix(span, "\n" if match.group() == "\r" else ""),
        )
    return source


def _too_large(name: str, limit: str) -> Diagnostic:
    return Diagnostic(
        code="E0109",
        title="the file is too large",
        notes=(f"`{name}` has more than {limit}; a spec holds no rows",),
        help="keep rows in a data file, and name it in a dataset's `source`",
    )
