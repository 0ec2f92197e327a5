"""Workflow commands give their text back, whatever stands in it."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from cosmosql.diagnostics.diagnostic import Diagnostic, Label
from cosmosql.diagnostics.render import github
from cosmosql.source import Source, Span

TEXTS = st.text(alphabet=st.sampled_from("ab %:,\r\n;=A0D25ü"), max_size=12)


def unescaped(text: str, *, is_property: bool) -> str:
    """As the runner reads it: `%25` last."""
    table = {"%0D": "\r", "%0A": "\n"}
    if is_property:
        table |= {"%3A": ":", "%2C": ","}
    for code, letter in table.items():
        text = text.replace(code, letter)
    return text.replace("%25", "%")


def read(line: str) -> tuple[str, dict[str, str], str]:
    """Command, properties and message, as the runner's own parser splits them."""
    match = re.fullmatch(r"::(\w+) (.*?)::(.*)", line)
    assert match is not None
    pairs = (pair.partition("=") for pair in match[2].split(","))
    properties = {name: unescaped(value, is_property=True) for name, _, value in pairs}
    return match[1], properties, unescaped(match[3], is_property=False)


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_everything_comes_back(name: str, title: str, label: str, note: str) -> None:
    source = Source(f"f{name}", "one\ntwo\n")
    item = Diagnostic(
        code="W0603", title=title, labels=(Label(Span(source, 1, 2), label),), notes=(note,)
    )
    text = github.render([item])
    assert text.endswith("\n") and text.count("\n") == 1 and "\r" not in text
    command, properties, message = read(text.removesuffix("\n"))
    assert command == "warning"
    assert properties["file"] == f"f{name}"
    assert message == "\n".join([title, *([label] if label else []), note])


def test_several_lines_have_no_columns() -> None:
    source = Source("a.cosmos", "one\ntwo\n")
    item = Diagnostic(code="E0102", title="t", labels=(Label(Span(source, 1, 6)),))
    _, properties, _ = read(github.render([item]).removesuffix("\n"))
    assert properties == {"file": "a.cosmos", "line": "1", "endLine": "2", "title": "E0102"}


def test_what_stands_in_no_file_names_none() -> None:
    source = Source("--set floor", "param floor = x\n")
    item = Diagnostic(code="E0302", title="wrong type", labels=(Label(Span(source, 14, 15)),))
    assert github.render([item]) == "::error title=E0302::wrong type\n"
