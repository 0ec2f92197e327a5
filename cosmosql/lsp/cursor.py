"""Where in a spec a cursor stands, told from the text before it: the rest may be unfinished."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_MARK = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"?|#[^\n]*|[{}\[\]()]|\n')
_START = re.compile(r"^(?=[A-Za-z_])", re.M)
_WORD = re.compile(r"[A-Za-z0-9_]*\Z")
_HEADER = re.compile(
    r"(?:template[ \t]+)?(?P<kind>[A-Za-z_]\w*)[ \t]+(?P<name>[A-Za-z_]\w*)"
    r"(?:[ \t]+extends[ \t]+(?P<extends>[\w.]+))?(?:[ \t]+using[ \t]+(?P<using>\w+))?"
)
_NAMED = re.compile(r"[ \t]*([A-Za-z_]\w*)[ \t]*(?:=(?!=)|\{)")
_CLAUSE = re.compile(r"[ \t]*([A-Za-z_]\w*)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """A place in a text."""

    offset: int
    statement: str
    """The current statement up to the cursor, without the blanks before it; in a header without
    its block."""
    word: str
    """The end of it that a completion would replace: letters, digits and `_`."""
    text: str | None
    """Inside a quoted text: what stands in it before the cursor."""
    comment: bool
    kind: str | None
    """Of the block around the cursor; None outside of one."""
    name: str | None
    extends: str | None
    using: str | None
    section: str | None
    """The section around the cursor; None directly in a block."""
    written: frozenset[str]
    """Attributes, sections and clauses that the same braces hold already."""

    @property
    def before(self) -> str:
        """The statement without the word."""
        return self.statement[: len(self.statement) - len(self.word)]


def cursor(text: str, offset: int) -> Cursor:
    """The place of an offset. Takes time linear in the declaration around it."""
    start = _declaration_start(text, offset)
    openers: list[tuple[int, str]] = []
    brackets = 0
    statement = start
    inside: str | None = None
    comment = False
    for mark in _MARK.finditer(text, start, offset):
        token = mark.group()
        inside, comment = None, False
        match token[0]:
            case '"':
                if mark.end() == offset and not _closed(token):
                    inside = token[1:]
            case "#":
                comment = mark.end() == offset
            case "(" | "[":
                brackets += 1
            case ")" | "]":
                brackets = max(0, brackets - 1)
            case "{":
                openers.append((mark.end(), text[statement : mark.start()].strip()))
                statement, brackets = mark.end(), 0
            case "}":
                if openers:
                    openers.pop()
                statement, brackets = mark.end(), 0
            case _ if not brackets or _starts_item(text, mark.end()):
                statement, brackets = mark.end(), 0
    header = _HEADER.match(openers[0][1]) if openers else None
    section = openers[-1][1] if len(openers) > 1 else None
    current = text[statement:offset].lstrip()
    word = _WORD.search(current)
    return Cursor(
        offset=offset,
        statement=current,
        word=word.group() if word and inside is None else "",
        text=inside,
        comment=comment,
        kind=header["kind"] if header else None,
        name=header["name"] if header else None,
        extends=header["extends"] if header else None,
        using=header["using"] if header else None,
        section=section,
        written=frozenset(_written(text, openers[-1][0], offset)) if openers else frozenset(),
    )


def _declaration_start(text: str, offset: int) -> int:
    """Where the declaration around an offset begins: at the last line with a name in column 0."""
    line = text.rfind("\n", 0, offset) + 1
    while line > 0 and not _START.match(text, line):
        line = text.rfind("\n", 0, line - 1) + 1
    return line


def _closed(token: str) -> bool:
    return len(token) > 1 and token.endswith('"') and not _escaped(token)


def _escaped(token: str) -> bool:
    """True where the last quote follows an odd number of backslashes."""
    body = token[:-1]
    return (len(body) - len(body.rstrip("\\"))) % 2 == 1


def _starts_item(text: str, offset: int) -> bool:
    """True where a line is an item, so that an open bracket before it was forgotten."""
    return bool(re.compile(r"[ \t]*[A-Za-z_]\w*[ \t]*(?:=(?!=)|\{)").match(text, offset))


def _written(text: str, start: int, offset: int) -> Iterator[str]:
    """The first words of the statements directly inside the braces that open before `start`, the
    cursor's own left out."""
    depth = 0
    line = start
    for mark in _MARK.finditer(text, start):
        token = mark.group()[0]
        if token == "{":
            if depth == 0 and not line <= offset <= mark.start():
                yield from _first(text, line)
            depth += 1
        elif token == "}":
            if depth == 0:
                break
            depth -= 1
            line = mark.end()
        elif token == "\n" and depth == 0:
            if not line <= offset <= mark.start():
                yield from _first(text, line)
            line = mark.end()


def _first(text: str, line: int) -> Iterator[str]:
    match = _NAMED.match(text, line) or _CLAUSE.match(text, line)
    if match:
        yield match[1]
