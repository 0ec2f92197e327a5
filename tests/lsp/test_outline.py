"""Symbols, folds, fixes and the canonical form."""

from __future__ import annotations

from typing import Any

from cosmosql.diagnostics.diagnostic import Diagnostic, Fix, Label
from cosmosql.lsp.edits import all_fixes, fix_title, formatted, silencing
from cosmosql.lsp.symbols import folds, symbols
from cosmosql.source import Source, Span

SPEC = """\
# What is this?
# A spec.
import std.hardware as hw
import std.models as models

param floor = 82%

dataset rows using jsonl {
  source = [
    "a.jsonl",
  ]

  roles {
    test = 15%
  }
}

template strategy cheap using prompt {
  on = hw.l4
}
"""


def test_symbols(desk: Any) -> None:
    found = symbols(desk.open(SPEC))
    assert [(item.name, item.detail, item.kind) for item in found] == [
        ("hw", "std.hardware", "import"),
        ("models", "std.models", "import"),
        ("floor", "82%", "param"),
        ("rows", "dataset using jsonl", "dataset"),
        ("cheap", "template strategy using prompt", "strategy"),
    ]
    assert [(item.name, item.kind) for item in found[3].inner] == [
        ("source", "attribute"),
        ("roles", "section"),
    ]
    assert [item.name for item in found[3].inner[1].inner] == ["test"]
    for item in found:
        assert item.whole.start <= item.own.start < item.own.end <= item.whole.end


def test_symbols_of_what_is_undamaged(desk: Any) -> None:
    assert [item.name for item in symbols(desk.open(SPEC + "\nstrategy x using {\n"))][
        -1
    ] == "cheap"


def test_folds(desk: Any) -> None:
    assert folds(desk.open(SPEC)) == (
        (0, 1, "comment"),
        (2, 3, "imports"),
        (7, 15, ""),
        (8, 10, ""),
        (12, 14, ""),
        (17, 19, ""),
    )


def test_the_canonical_form(desk: Any) -> None:
    snapshot = desk.open("param   floor=82%")
    edit = formatted(snapshot)
    assert edit is not None
    assert edit.replacement == "param floor = 82%\n"
    assert edit.span.text == "param   floor=82%"
    assert formatted(desk.open("param floor = 82%\n")) is None
    assert formatted(desk.open("param floor = = 82%\n")) is None


def test_fixes_that_touch_are_not_made_together() -> None:
    source = Source("a", "one two three")

    def found(start: int, end: int, text: str) -> Diagnostic:
        span = Span(source, start, end)
        return Diagnostic(code="E0102", title="x", labels=(Label(span),), fix=Fix(span, text))

    edits = all_fixes([found(8, 13, "drei"), found(0, 3, "eins"), found(1, 5, "no")], source.text)
    assert [(edit.span.start, edit.replacement) for edit in edits] == [(0, "eins"), (8, "drei")]
    assert all_fixes([found(0, 3, "eins")], "another text") == ()


def test_the_title_of_a_fix() -> None:
    source = Source("a", "accurracy")
    span = Span(source, 0, 9)
    diagnostic = Diagnostic(code="E0201", title="unknown name", labels=(Label(span),))
    assert (
        fix_title(diagnostic, Fix(span, "accuracy")) == "E0201: replace `accurracy` with `accuracy`"
    )
    assert fix_title(diagnostic, Fix(span, "")) == "E0201: remove `accurracy`"
    assert fix_title(diagnostic, Fix(Span(source, 0, 0), "x")) == "E0201: write `x`"


def test_silencing_stands_above_doc_comments() -> None:
    source = Source("a", "let used = 2\n\n## Documented.\nprobe p {\n  rows = 10 examples\n}\n")

    def at(word: str, code: str) -> Diagnostic:
        start = source.text.index(word)
        span = Span(source, start, start + len(word))
        return Diagnostic(code=code, title="x", labels=(Label(span),))

    above = silencing(at("p {", "W0215"))
    assert above is not None
    assert source.text[above.span.start :].startswith("## Documented.")
    assert above.replacement == "# allow W0215: \n"
    inside = silencing(at("rows", "W0601"))
    assert inside is not None
    assert source.text[inside.span.start :].startswith("  rows")
    assert inside.replacement == "  # allow W0601: \n"
    assert silencing(at("rows", "E0201")) is None
