"""After a failed parse: cut the text into pieces that can be judged alone, and judge each.

A file is cut into declarations (what stands in column 0 and is no item starts one, and closes
whatever is open) and a damaged declaration into its statements, so that every mistake is told once
and where it is.
Indentation decides which brace is missing; it means nothing in a text that parses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from cosmosql.diagnostics.diagnostic import Diagnostic, Fix, Label
from cosmosql.source import Source, Span
from cosmosql.syntax.build import MAXIMUM_DEPTH, Builder
from cosmosql.syntax.hints import explain, unclosed
from cosmosql.syntax.parser import Node, Stop, parse_rule
from cosmosql.syntax.tree import Declaration
from cosmosql.syntax.trivia import documentation

_MARK = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"?|#[^\n]*|[{}\[\]()]|\n')
_CONTENT = re.compile(r'(?:"(?:[^"\\\n]|\\[^\n])*"?|[^#])*')
_CLAUSE = r"(?:for|among|measure|maximize|minimize|require|decide|escalate)[ \t]+[\w-]"
_ITEM = re.compile(rf"\n?[ \t]*(?:[A-Za-z_]\w*[ \t]*(?:=(?!=)|\{{)|\}}|{_CLAUSE})")
_CHUNK_START = re.compile(rf"^(?!{_ITEM.pattern})[^\s#{{}}\])]", re.M)
_HEADER = re.compile(
    r"(?!(?:import|param|let)\b)(?:template[ \t]+)?[A-Za-z_]\w*[ \t]+[A-Za-z_]\w*"
    r"(?:[ \t]+(?:extends|using)[ \t]+[\w.]+)*"
)
_WORD = re.compile(r"[A-Za-z_]\w*")
_GAP = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\n)*[ \t]*")

MAXIMUM_FOUND = 100
"""Recovery ends after so many findings: nobody reads on, and a hostile file stays cheap."""


def recover(
    source: Source, read: Callable[[int, int], Node | Stop]
) -> tuple[tuple[Declaration, ...], tuple[Diagnostic, ...]]:
    """The undamaged declarations of a text, and what is wrong with the others. `read` parses the
    stretch between two offsets by itself.

    Diagnostics are in the order of the text, at most one a line, and about a hundred at most;
    there is one for each damaged declaration at least. Takes time linear in the text.
    """
    docs = documentation(source)
    declarations: list[Declaration] = []
    diagnostics: list[Diagnostic] = []
    for start, end in chunks(source.text):
        if len(diagnostics) >= MAXIMUM_FOUND:
            break
        tree = read(start, end)
        if isinstance(tree, Stop):
            found = _Judge(source, start, end).diagnostics
            content = _content_end(source.text, start, end)
            diagnostics += found or [explain(source, start, tree, content)]
        else:
            builder = Builder(source, docs, start)
            declarations += builder.file(tree)
            diagnostics += builder.diagnostics
    return tuple(declarations), tuple(_first_of_each_line(source, diagnostics))


def chunks(text: str) -> Iterator[tuple[int, int]]:
    """Where the declarations start and end, as far as column 0 tells; what stands before the first
    one comes as a chunk. All but the last end with a line end."""
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


def _last_content(text: str, start: int, end: int) -> int:
    """The end of what is neither blank nor a comment in a stretch of several lines."""
    while (content := _content_end(text, start, end)) != end:
        end = content
    return end


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
    line: int = 0
    """Where the current line starts."""
    header: int | None = None
    """End of a block's header that has no `{`, where the statement before was one."""
    unfinished: str = ""
    """The statement before, where it ended before it was complete."""

    def __post_init__(self) -> None:
        text = self.source.text
        self.statement = self.line = self.start
        for mark in _MARK.finditer(text, self.start, self.end):
            if len(self.diagnostics) >= MAXIMUM_FOUND:
                return
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
                    self._end_line(mark.start())
        self._end_line(self.end)
        stretch = text[self.start : self.end].rstrip()
        last = _content_end(text, self.start, self.start + len(stretch))
        for opener, _ in self.braces[:MAXIMUM_FOUND]:
            self._unclosed(opener, last)

    def _open(self, brace: int) -> None:
        self._drop_unclosed(brace)
        self._judge(brace + 1, "}")
        self.braces.append((brace, self._indent()))
        self.statement = brace + 1

    def _close(self, brace: int) -> None:
        if self._is_stray(brace):
            self._drop_unclosed(brace)
            self._judge(brace + 1, "")
            self.statement = brace + 1
            return
        if not self._drop_unclosed(brace):
            self._judge(brace, "")
        self.statement = brace + 1
        indent = self._indent()
        if brace == self.line + indent:
            # It closes an outer brace whose line is as far in, so the inner ones stay open.
            outer = any(indent == other for _, other in self.braces[-MAXIMUM_DEPTH:-1])
            while outer and self.braces[-1][1] > indent:
                opener, _ = self.braces.pop()
                self._unclosed(opener, self.line - 1)
        if self.braces:
            self.braces.pop()
        elif not self.diagnostics:
            stop = parse_rule("}", "_declaration")
            self.diagnostics.append(explain(self.source, brace, stop, brace + 1))

    def _is_stray(self, brace: int) -> bool:
        """True for a `}` in the middle of a line after which the block it would close goes on."""
        if not self.braces or self.braces[-1][0] >= self.line:
            return False
        text = self.source.text
        gap = _GAP.match(text, brace + 1, self.end)
        after = gap.end() if gap else brace + 1
        if after >= self.end or text[after] in "}#" or not text[self.line : brace].strip():
            return False
        line = text.rfind("\n", brace, after) + 1
        return not line or after - line > self.braces[-1][1]

    def _end_line(self, newline: int) -> None:
        text = self.source.text
        self.line = newline + 1
        if self.brackets and newline < self.end and not _ITEM.match(text, newline, self.end):
            return
        if not self._drop_unclosed(newline):
            self._judge(newline, "")
        self.statement = newline + 1

    def _unclosed(self, opener: int, before: int) -> None:
        """Reports an open `{`, unless it is one that was already missed itself."""
        if self.source.text.startswith("{", opener):
            self.diagnostics.append(unclosed(self.source, opener, before))

    def _drop_unclosed(self, before: int) -> bool:
        """Reports the outermost open `(` or `[`; the statement it is in is judged by that alone."""
        if not self.brackets:
            return False
        opener = self.brackets[0]
        ends = before >= self.end or self.source.text[before] == "\n"
        end = _last_content(self.source.text, opener, before) if ends else None
        self.diagnostics.append(unclosed(self.source, opener, end=end))
        self.brackets.clear()
        self.statement = before
        return True

    def _judge(self, end: int, closing: str) -> None:
        """Parses the current statement, closed by `closing`, and reports what is wrong with it."""
        text = self.source.text
        content = _content_end(text, self.statement, end)
        words = text[self.statement : content].lstrip()
        if not words or words.startswith("#"):
            return
        start = content - len(words)
        indent = start - self.statement
        if self._misses_brace(words):
            return
        rule = "_item" if self.braces else "_declaration"
        result = parse_rule(words + closing, rule)
        before, self.unfinished = self.unfinished, ""
        if isinstance(result, Stop):
            if before and not isinstance(parse_rule(f"{before} {words}{closing}", rule), Stop):
                self._goes_on()
                return
            if result.found is None and not closing:
                self.unfinished = words
            self.diagnostics.append(explain(self.source, start, result, content))
            if self.braces and not closing and _WORD.fullmatch(words):
                # A section's name alone: its `{` is what is missing, so its `}` will come.
                self.braces.append((content, indent))
            return
        if not self.braces and not closing and _HEADER.fullmatch(words):
            self.header = content
        builder = Builder(self.source, {}, start)
        if self.braces:
            builder.item(result)
        else:
            builder.declaration(result)
        self.diagnostics += builder.diagnostics

    def _goes_on(self) -> None:
        """The statement before ends too early, and this line is the rest of it: told once."""
        first = self.diagnostics[-1]
        advice = first.help or "a line end ends an item, except inside `( )` and `[ ]`"
        self.diagnostics[-1] = replace(first, help=advice)

    def _misses_brace(self, words: str) -> bool:
        """True after reporting a header without `{` that an item follows."""
        header, self.header = self.header, None
        if header is None or not _ITEM.match(words):
            return False
        self.diagnostics.append(
            Diagnostic(
                code="E0102",
                title="expected `{`, found the end of the line",
                labels=(Label(Span(self.source, header, header), "`{` should stand here"),),
                help="a block's `{` stands at the end of its first line",
                fix=Fix(Span(self.source, header, header), " {"),
            )
        )
        self.braces.append((header, 0))
        return True

    def _indent(self) -> int:
        """The indentation of the current line; more than 200 characters count as 200."""
        line = self.source.text[self.line : self.line + 200]
        return len(line) - len(line.lstrip(" \t"))
