"""Diagnostics for a terminal: an excerpt of the source with what each marked text is."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import PurePath
from typing import TYPE_CHECKING, TypeAlias

from cosmosql.diagnostics.diagnostic import Diagnostic, Label, Severity
from cosmosql.source import Source

if TYPE_CHECKING:
    from rich.text import Text

MAXIMUM_SHOWN = 20
_LINE_WIDTH = 120
"""Characters shown of a source line; of a longer one, those around the first mark."""

Piece: TypeAlias = tuple[str, str]
"""A stretch of output and its style, in rich's words."""

_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow"}
_GUTTER = "blue"
_BEFORE_COMMAND = re.compile(r"\n(?=\s*::)")


def render(diagnostics: Sequence[Diagnostic]) -> str:
    """At most 20 diagnostics as plain text with a blank line between, then `and 14 more`.

    Ends with a line end; empty for no diagnostics. Control characters are made visible, so that
    no text of a file can steer the terminal.
    """
    return "".join(text for text, _ in _pieces(diagnostics))


def styled(diagnostics: Sequence[Diagnostic]) -> Text:
    """The same text with colours: print it with `soft_wrap=True`, or long lines are cut."""
    from rich.text import Text

    return Text.assemble(*_pieces(diagnostics), no_wrap=True, overflow="ignore")


def _pieces(diagnostics: Sequence[Diagnostic]) -> Iterator[Piece]:
    for index, diagnostic in enumerate(diagnostics[:MAXIMUM_SHOWN]):
        if index:
            yield "\n", ""
        yield from _one(diagnostic)
    if len(diagnostics) > MAXIMUM_SHOWN:
        yield f"\nand {len(diagnostics) - MAXIMUM_SHOWN} more\n", "bold"


def _one(diagnostic: Diagnostic) -> Iterator[Piece]:
    style = _STYLES[diagnostic.severity]
    yield f"{diagnostic.severity}[{diagnostic.code}]", style
    yield f": {visible(diagnostic.title)}\n", "bold"
    numbers = [label.span.source.position(label.span.start)[0] for label in diagnostic.labels]
    margin = " " * max((len(str(number)) for number in numbers), default=1)
    for index, (source, labels) in enumerate(_by_source(diagnostic.labels)):
        line, column = source.position(labels[0].span.start)
        arrow = ":::" if index else "-->"
        yield f"{margin}{arrow} ", _GUTTER
        yield f"{visible_name(source.name)}:{line}:{column}\n", ""
        yield f"{margin} |\n", _GUTTER
        yield from _excerpt(source, labels, diagnostic.labels[0], margin, style)
        yield f"{margin} |\n", _GUTTER
    remarks = [("note", note) for note in diagnostic.notes]
    if diagnostic.help:
        remarks.append(("help", diagnostic.help))
    remarks.append(("explain", f"cosmosql explain {diagnostic.code}"))
    for word, remark in remarks:
        yield f"{margin} = ", _GUTTER
        yield f"{word}: ", "bold"
        indented = visible(remark).replace("\n", f"\n{margin}   ")
        yield f"{indented}\n", ""


def _by_source(labels: Iterable[Label]) -> Iterator[tuple[Source, list[Label]]]:
    """The labels of each source together, the primary label's source first."""
    found: dict[str, tuple[Source, list[Label]]] = {}
    for label in labels:
        found.setdefault(label.span.source.name, (label.span.source, []))[1].append(label)
    yield from found.values()


def _excerpt(
    source: Source, labels: list[Label], primary: Label, margin: str, style: str
) -> Iterator[Piece]:
    def place(label: Label) -> tuple[int, int]:
        return source.position(label.span.start)

    previous = None
    ordered = sorted(labels, key=place)
    for number, group in groupby(ordered, key=lambda label: place(label)[0]):
        marked = list(group)
        if previous is not None and number > previous + 1:
            yield "...\n", _GUTTER
        previous = number
        shown, cut = _window(source.line(number), place(marked[0])[1] - 1)
        yield f"{number:>{len(margin)}} | ", _GUTTER
        yield f"{shown}\n".replace("\t", " "), ""
        for label in marked:
            start = place(label)[1] - 1 - cut
            length = min(label.span.end - label.span.start, len(shown) - start)
            before = _width(shown[:start])
            under = max(1, _width(shown[start : start + length]))
            mark = ("^" if label is primary else "-") * under
            yield f"{margin} | ", _GUTTER
            yield (
                f"{' ' * before}{mark} {visible(label.text)}".rstrip() + "\n",
                (style if label is primary else _GUTTER),
            )


def _window(line: str, column: int) -> tuple[str, int]:
    """The part of a line that is shown, and how many characters before it are left out."""
    if len(line) <= _LINE_WIDTH:
        return visible(line), 0
    cut = max(0, min(column - _LINE_WIDTH // 2, len(line) - _LINE_WIDTH))
    return visible(line[cut : cut + _LINE_WIDTH]), cut


def _width(text: str) -> int:
    """Terminal cells."""
    return sum(
        0
        if unicodedata.combining(letter)
        else 2
        if unicodedata.east_asian_width(letter) in "WF"
        else 1
        for letter in text
    )


def visible(text: str) -> str:
    """The text with every control and direction character but tab and line end replaced by
    one replacement character, and so a line end before what CI systems take for a command.

    >>> visible("a\\x1b[31mb")
    'a\ufffd[31mb'
    """
    if text.isprintable():
        return text
    return _BEFORE_COMMAND.sub(
        "\ufffd",
        "".join(
            letter
            if letter in "\t\n"
            or unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Zl", "Zp")
            else "\ufffd"
            for letter in text
        ),
    )


def visible_name(path: str | PurePath) -> str:
    """A path that begins a line, on one line that no CI system takes for a command."""
    name = visible(str(path)).replace("\n", "\ufffd")
    return f"./{name}" if name.lstrip().startswith("::") else name
