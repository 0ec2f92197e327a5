"""Comments: the grammar skips them; documentation and the formatter need them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cosmosql.source import Source, Span

_TEXT_OR_COMMENT = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"?|#[^\n]*')


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A `#` comment up to the end of its line. `own_line`: nothing but blanks stands before it."""

    span: Span
    own_line: bool

    @property
    def documents(self) -> bool:
        """True for a `##` comment on a line of its own."""
        return self.own_line and self.span.text.startswith("##")


def comments(source: Source) -> tuple[Comment, ...]:
    """Every comment in order. A `#` inside a text is none."""
    text = source.text
    found = []
    for match in _TEXT_OR_COMMENT.finditer(text):
        if text[match.start()] == "#":
            before = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
            span = Span(source, match.start(), match.end())
            found.append(Comment(span=span, own_line=not before.strip(" \t")))
    return tuple(found)


def documentation(source: Source) -> Mapping[int, str]:
    """Doc texts by the offset at which the line after them starts: `##` lines in a row are one."""
    texts: dict[int, list[str]] = {}
    for comment in comments(source):
        if comment.documents:
            line_start = source.text.rfind("\n", 0, comment.span.start) + 1
            words = texts.pop(line_start, [])
            words.append(comment.span.text[2:].removeprefix(" ").rstrip())
            texts[comment.span.end + 1] = words
    return {place: "\n".join(words) for place, words in texts.items()}
