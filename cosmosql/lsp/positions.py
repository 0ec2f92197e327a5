"""Offsets of a text that the compiler reads, to and from the positions that an editor counts.

An editor counts lines and, within a line, code units of an encoding that both sides agree on. Its
text may hold two-character line ends and a byte order mark, which the compiler's text does not.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from typing import TypeAlias

Position: TypeAlias = tuple[int, int]
"""Line and column, both from 0; the column in code units."""

ENCODINGS = ("utf-16", "utf-8", "utf-32")
"""The protocol's encodings; the first is what a client speaks that names none."""

_LINE_END = re.compile(r"\r\n|\n|\r")
_MARK = "\ufeff"
_HALF = re.compile("[\ud800-\udfff]")


class EditorText:
    """A text as an editor holds it, and the same text as the compiler reads it."""

    def __init__(self, raw: str, encoding: str = ENCODINGS[0]) -> None:
        self.raw = raw
        self.encoding = encoding

    @cached_property
    def text(self) -> str:
        """Without a byte order mark, each line ending with one character, and with a sign in the
        place of what is no letter: half of a surrogate pair."""
        text = self.raw.removeprefix(_MARK).replace("\r\n", "\n")
        return text if text.isascii() else _HALF.sub("\ufffd", text)

    @cached_property
    def _starts(self) -> tuple[int, ...]:
        """Where the lines begin in `raw`."""
        return (0, *(match.end() for match in _LINE_END.finditer(self.raw)))

    @cached_property
    def _text_starts(self) -> tuple[int, ...]:
        """Where the same lines begin in `text`."""
        if len(self.raw) == len(self.text):
            return self._starts
        lost = [0]
        mark = len(_MARK) if self.raw.startswith(_MARK) else 0
        for start in self._starts[1:]:
            lost.append(lost[-1] + self.raw.startswith("\r\n", start - 2))
        return tuple(
            max(0, start - mark - ends) for start, ends in zip(self._starts, lost, strict=True)
        )

    @cached_property
    def _ascii(self) -> bool:
        return self.raw.isascii()

    def position(self, offset: int) -> Position:
        """Where an offset of `text` lies for the editor."""
        offset = max(0, min(offset, len(self.text)))
        line = bisect_right(self._text_starts, offset) - 1
        start = self._text_starts[line]
        before = self.text[start:offset]
        if line == 0 and self.raw.startswith(_MARK):
            before = _MARK + before
        return line, self._units(before)

    def offset(self, position: Position) -> int:
        """The offset in `text` of a position; one beyond its line or the text is that end."""
        line, units = position
        if line >= len(self._starts):
            return len(self.text)
        start = self._text_starts[line]
        column = self._column(line, units)
        if line == 0 and self.raw.startswith(_MARK):
            column = max(0, column - len(_MARK))
        return min(start + column, len(self.text))

    def edited(self, start: Position, end: Position, replacement: str) -> EditorText:
        """The text after an editor replaced a range."""
        first, last = sorted((self._raw_offset(start), self._raw_offset(end)))
        return EditorText(self.raw[:first] + replacement + self.raw[last:], self.encoding)

    @property
    def end(self) -> Position:
        return self.position(len(self.text))

    def _raw_offset(self, position: Position) -> int:
        line, units = position
        if line >= len(self._starts):
            return len(self.raw)
        return self._starts[line] + self._column(line, units)

    def _column(self, line: int, units: int) -> int:
        """Characters of a line that make so many code units, its line end not counted."""
        start = self._starts[line]
        following = self._starts[line + 1] if line + 1 < len(self._starts) else len(self.raw)
        content = self.raw[start:following].rstrip("\r\n")
        if self._ascii or self.encoding == "utf-32":
            return min(max(units, 0), len(content))
        count = 0
        for column, letter in enumerate(content):
            if count >= units:
                return column
            count += self._units(letter)
        return len(content)

    def _units(self, text: str) -> int:
        if self._ascii or self.encoding == "utf-32":
            return len(text)
        if self.encoding == "utf-8":
            return len(text.encode("utf-8", "surrogatepass"))
        return len(text) + sum(letter > "\uffff" for letter in text)
