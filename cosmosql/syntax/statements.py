"""A file without mistakes as statements of words, each with the comments that belong to it.

The formatter's view of a text: every word and every comment is kept, blanks and line ends are not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

NUMBER = (
    r"[0-9][0-9_]*(?:\.[0-9_]+)?(?:[eE][+-]?[0-9]+)?(?:[ \t]*(?:%|(?!(?:with|within|when|and|or)\b)"
    r"[A-Za-z][A-Za-z0-9_]*)(?:[-\/][A-Za-z][A-Za-z0-9_]*)*)?"
)
TEXT = r'"(?:[^"\\\n]|\\[^\n])*"'
NAME = r"[A-Za-z_][A-Za-z0-9_]*"

_WORD = re.compile(rf"\n|#[^\n]*|{TEXT}|{NUMBER}|{NAME}|<=|>=|==|[^ \t\r]")


class Comment(NamedTuple):
    """A comment on a line of its own. `blank`: an empty line stands above it."""

    blank: bool
    text: str


@dataclass(slots=True)
class Body:
    """The items of a file, a block or a section; `end` are the comments after the last one."""

    items: list[Statement] = field(default_factory=list)
    end: list[Comment] = field(default_factory=list)
    closing: str = ""
    """The comment on the line of the `}`; that after a block of one line stands with its header."""


@dataclass(slots=True)
class Statement:
    """A declaration, an attribute, a section or a clause; with a body, `words` are its header."""

    words: list[str]
    comments: list[Comment]
    """Those above it."""
    inner: list[str]
    """Those inside its brackets."""
    blank: bool
    """An empty line stands between it and what is above."""
    trailing: str = ""
    """The comment at the end of its line."""
    body: Body | None = None


def read_statements(text: str) -> Body:
    """The statements of a text that parses. Takes time linear in the text."""
    return _Reader(text).file


class _Reader:
    """Goes through the words once. Outside brackets a line end ends a statement."""

    def __init__(self, text: str) -> None:
        self.file = Body()
        self.open: list[Body] = [self.file]
        self.words: list[str] = []
        self.above: list[Comment] = []
        self.inner: list[str] = []
        self.blank = False
        self.lines = 0
        """Line ends since the last word or comment."""
        self.ended: Statement | Body | None = None
        """What ended on this line, so that a comment after it belongs to it."""
        self.opened: list[Statement] = []
        """The blocks that were opened on this line."""
        self._read(_WORD.findall(text))

    def _read(self, words: list[str]) -> None:
        depth = 0
        for word in words:
            if word == "\n":
                self.lines += 1
                if not depth:
                    self._end()
                    self.ended = None
                    self.opened.clear()
            elif word[0] == "#":
                self._comment(word.rstrip(" \t\r"), depth)
            elif word == "{":
                self._end()
                statement = self.open[-1].items[-1]
                statement.body = Body()
                self.open.append(statement.body)
                self.opened.append(statement)
            elif word == "}":
                self._end()
                body = self.ended = self.open.pop()
                body.end, self.above = self.above, []
                self.lines = 0
                if self.opened:
                    statement = self.opened.pop()
                    self.ended = statement if body.items else body
            else:
                if not self.words:
                    self.blank = self.lines > 1
                self.words.append(word)
                self.lines = 0
                depth += (word in "([") - (word in ")]")
        self._end()
        self.file.end = self.above

    def _end(self) -> None:
        if self.words:
            self.ended = Statement(self.words, self.above, self.inner, self.blank)
            self.open[-1].items.append(self.ended)
            self.words, self.above, self.inner = [], [], []

    def _comment(self, text: str, depth: int) -> None:
        if depth:
            self.inner.append(text)
            return
        self._end()
        if isinstance(self.ended, Statement):
            self.ended.trailing = text
        elif self.ended:
            self.ended.closing = text
        else:
            self.above.append(Comment(self.lines > 1, text))
        self.lines = 0
