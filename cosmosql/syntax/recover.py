"""After a failed parse: cut the text into pieces that can be judged alone, and judge each.

A file is cut into declarations (a name in column 0 starts one and closes whatever is open) and a
damaged declaration into its statements, so that every mistake is told once and where it is.
Indentation decides which brace is missing; it means nothing in a text that parses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from cosmosql.diagnostics.diagnostic import Diagnostic, Label
from cosmosql.source import Source, Span
from cosmosql.syntax.build import Builder
from cosmosql.syntax.hints import explain, unclosed
from cosmosql.syntax.parser import Stop, parse_rule
from cosmosql.syntax.tree import Declaration
from cosmosql.syntax.trivia import documentation

_CHUNK_START = re.compile(r"^[^\s#{}\])]", re.M)
_MARK = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"?|#[^\n]*|[{}\[\]()]|\n')
_CONTENT = re.compile(r'(?:"(?:[^"\\\n]|\\[^\n])*"?|[^#])*')
_CLAUSE = r"(?:for|among|measure|maximize|minimize|require|decide|escalate)[ \t]+[\w-]"
_ITEM = re.compile(rf"[ \t\n]*(?:[A-Za-z_]\w*[ \t]*(?:=(?!=)|\{{)|\}}|{_CLAUSE})")
_HEADER = re.compile(
    r"(?!(?:import|param|let)\b)[A-Za-z_]\w*[ \t]+[A-Za-z_]\w*"
    r"(?:[ \t]+(?:extends|using)[ \t]+[\w.]+)*"
)
_WORD = re.compile(r"[A-Za-z_]\w*")


def recover(source: Source) -> tuple[tuple[Declaration, ...], tuple[Diagnostic, ...]]:
    """The undamaged declarations of a text, and what is wrong with the others.

    Diagnostics are in the order of the text, at most one a line; there is one for each damaged
    declaration at least. Takes time linear in the text.
    """
    docs = documentation(source)
    declarations: list[Declaration] = []
    diagnostics: list[Diagnostic] = []
    for start, end in _chunks(source.text):
        tree = parse_rule(source.text[start:end], "file")
        if isinstance(tree, Stop):
            found = _Judge(source, start, end).diagnostics
            content = _content_end(source.text, start, end)
            diagnostics += found or [explain(source, start, tree, content)]
        else:
            builder = Builder(source, docs, start)
            declarations += builder.file(tree)
            diagnostics += builder.diagnostics
    return tuple(declarations), tuple(_first_of_each_line(source, diagnostics))


def _chunks(text: str) -> Iterator[tuple[int, int]]:
    """Where the declarations start and end; what stands before the first one comes as a chunk."""
    starts = [match.start() for match in _CHUNK_START.finditer(text)]
    for start, end in zip([0, *starts], [*starts, len(text)], strict=True):
        if start < end:
            yield start, end


def _content_end(text: str, start: int, end: int) -> int:
    """The end of what is neither blank nor a comment on the last line of a stretch."""
    line = text.rfind("\n", start, end) + 1
    match = _CONTENT.match(text, max(line, start), end)
    stop = match.end() if match else end
    while stop > start and text[stop - 1].isspace():
        stop -= 1
    return stop


def _first_of_each_line(source: Source, found: list[Diagnostic]) -> Iterator[Diagnostic]:
    found = sorted(found, key=lambda item: item.labels[0].span.start)
    seen: set[int] = set()
    for diagnostic in found:
        line, _ = source.position(diagnostic.labels[0].span.start)
        if line not in seen:
            seen.add(line)
            yield diagnostic


@dataclass
class _Judge:
    """Walks one damaged declaration bracket by bracket and line by line, judging statements."""

    source: Source
    start: int
    end: int
    diagnostics: list[Diagnostic] = field(default_factory=list)
    braces: list[tuple[int, int]] = field(default_factory=list)
    """Open `{`: offset and indentation of its line. One that is missing has the offset where it
    should be."""
    brackets: list[int] = field(default_factory=list)
    """Open `(` and `[` of the current statement."""
    statement: int = 0
    """Where the current statement starts."""
    header: int | None = None
    """End of a block's header that has no `{`, where the statement before was one."""

    def __post_init__(self) -> None:
        text = self.source.text
        self.statement = self.start
        for mark in _MARK.finditer(text, self.start, self.end):
            match text[mark.start()]:
                case "(" | "[":
                    self.brackets.append(mark.start())
                case ")" | "]":
                    if self.brackets:
                        self.brackets.pop()
                case "{":
                    self._open(mark.start())
                case "}":
                    self._close(mark.start())
                case "\n":
                    self._line(mark.start())
        self._line(self.end)
        last = _content_end(text, self.start, len(text[: self.end].rstrip()))
        for opener, _ in self.braces:
            self._unclosed(opener, last)

    def _unclosed(self, opener: int, before: int) -> None:
        """Reports an open `{`, unless it is one that was already missed itself."""
        if self.source.text.startswith("{", opener):
            self.diagnostics.append(unclosed(self.source, opener, before))

    def _open(self, brace: int) -> None:
        self._drop_unclosed(brace)
        self._judge(brace + 1, "}")
        self.braces.append((brace, self._indent(brace)))
        self.statement = brace + 1

    def _close(self, brace: int) -> None:
        if not self._drop_unclosed(brace):
            self._judge(brace, "")
        self.statement = brace + 1
        if not self.source.text[self._line_start(brace) : brace].strip():
            indent = self._indent(brace)
            # It closes an outer brace whose line is as far in, so the inner ones stay open.
            outer = any(indent == other for _, other in self.braces[:-1])
            while outer and self.braces[-1][1] > indent:
                opener, _ = self.braces.pop()
                self._unclosed(opener, self._line_start(brace) - 1)
        if self.braces:
            self.braces.pop()
        elif not self.diagnostics:
            stop = Stop(brace - self.start, "RBRACE", frozenset({"IMPORT", "PARAM", "LET", "NAME"}))
            self.diagnostics.append(explain(self.source, self.start, stop, self.end))

    def _line(self, newline: int) -> None:
        text = self.source.text
        if self.brackets and newline < self.end and not _ITEM.match(text, newline, self.end):
            return
        if not self._drop_unclosed(newline):
            self._judge(newline, "")
        self.statement = newline + 1

    def _drop_unclosed(self, before: int) -> bool:
        """Reports the outermost open `(` or `[`; the statement it is in is judged by that alone."""
        if not self.brackets:
            return False
        self.diagnostics.append(unclosed(self.source, self.brackets[0]))
        self.brackets.clear()
        self.statement = before
        return True

    def _judge(self, end: int, closing: str) -> None:
        """Parses the current statement, closed by `closing`, and reports what is wrong with it."""
        text = self.source.text
        content = _content_end(text, self.statement, end)
        piece = text[self.statement : content]
        stripped = piece.lstrip()
        if not stripped or stripped.startswith("#"):
            return
        start = content - len(stripped)
        if self._misses_brace(start, stripped):
            return
        rule = "_item" if self.braces else "_declaration"
        result = parse_rule(stripped + closing, rule)
        if isinstance(result, Stop):
            self.diagnostics.append(explain(self.source, start, result, content))
            if self.braces and not closing and _WORD.fullmatch(stripped):
                # A section's name alone: its `{` is what is missing, so its `}` will come.
                self.braces.append((content, self._indent(start)))
            return
        if not self.braces and not closing and _HEADER.fullmatch(stripped):
            self.header = content
        builder = Builder(self.source, {}, start)
        if self.braces:
            builder.item(result)
        else:
            builder.declaration(result)
        self.diagnostics += builder.diagnostics

    def _misses_brace(self, start: int, statement: str) -> bool:
        """True after reporting a header without `{` that an indented item follows."""
        header, self.header = self.header, None
        if header is None or not _ITEM.match(statement) or not self._indent(start):
            return False
        span = Span(self.source, header, header)
        self.diagnostics.append(
            Diagnostic(
                code="E0102",
                title="expected `{`, found the end of the line",
                labels=(Label(span, "`{` should stand here"),),
                help="a block's `{` stands at the end of its first line",
            )
        )
        self.braces.append((header, self._indent(header)))
        return True

    def _line_start(self, offset: int) -> int:
        return self.source.text.rfind("\n", 0, offset) + 1

    def _indent(self, offset: int) -> int:
        start = self._line_start(offset)
        line = self.source.text[start : start + 200]
        return len(line) - len(line.lstrip(" \t"))
