"""Texts and places in them. A span is two offsets; lines and columns exist only when rendering."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True)
class Source:
    """One file's text under the name by which messages show it (a path relative to the spec)."""

    name: str
    text: str = field(repr=False)

    @cached_property
    def line_starts(self) -> tuple[int, ...]:
        """Offsets at which the lines begin; the first is 0."""
        return (0, *(index + 1 for index, letter in enumerate(self.text) if letter == "\n"))

    def position(self, offset: int) -> tuple[int, int]:
        """The 1-based line and column of an offset, in characters.

        >>> Source("a", "x\\nyz").position(3)
        (2, 2)
        """
        line = bisect_right(self.line_starts, offset) - 1
        return line + 1, offset - self.line_starts[line] + 1

    def line(self, number: int) -> str:
        """The text of a 1-based line without its newline."""
        start = self.line_starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start:] if end < 0 else self.text[start:end]


@dataclass(frozen=True, slots=True)
class Span:
    """The characters `start <= offset < end` of a source."""

    source: Source
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    def to(self, other: Span) -> Span:
        """The span from this one's start to the other's end."""
        return Span(self.source, self.start, other.end)

    def within(self, other: Span) -> bool:
        """True where the other span covers this one."""
        return self.source is other.source and other.start <= self.start and self.end <= other.end
