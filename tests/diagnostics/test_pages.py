"""Pages of codes, and suggestions."""

from __future__ import annotations

import re

import pytest

from cosmosql.diagnostics.pages import codes, page, title
from cosmosql.diagnostics.suggest import closest
from cosmosql.source import Source
from cosmosql.syntax.parse import parse

SYNTAX = [code for code in codes() if code < "E0200"]
_FENCE = re.compile(r"## (Wrong|Right)\n\n```cosmos\n(.*?)```", re.S)


def test_pages_by_code() -> None:
    assert codes() == tuple(sorted(codes()))
    assert {"E0101", "E0102", "E0104", "E0105", "E0106", "E0107", "E0108", "E0109"} <= set(codes())
    assert page("e0102") == page("E0102")
    assert title("E0105") == "unclosed bracket"
    for other in ("E9999", "../E0102", "E0102.md", ""):
        assert page(other) is None and title(other) is None


@pytest.mark.parametrize("code", codes())
def test_a_page_has_its_parts(code: str) -> None:
    text = page(code) or ""
    assert re.match(rf"# {code}: [^A-Z\s]", text)
    for heading in ("\n## Why it matters\n", "\n## Wrong\n", "\n## Right\n", "\nSince 0."):
        assert heading in text


@pytest.mark.parametrize("code", SYNTAX)
def test_the_examples_of_syntax_pages_do_what_they_say(code: str) -> None:
    examples = dict(_FENCE.findall(page(code) or ""))
    if not examples:
        assert "```console" in (page(code) or "")
        return
    found = {name: parse(Source("a.cosmos", spec))[1] for name, spec in examples.items()}
    if code != "E0103":
        assert [item.code for item in found["Wrong"]] == [code]
    assert not found["Right"]


@pytest.mark.parametrize(
    ("word", "candidates", "expected"),
    [
        ("acuracy", ["macro_f1", "accuracy", "latency"], "accuracy"),
        ("usd", ["us", "USD"], "USD"),
        ("macro", ["micro_f1", "x"], None),
        ("tickts", ["tickets", "thickets"], "tickets"),
        ("m", ["MB", "min", "ms"], None),
        ("", ["a"], None),
        ("a", [], None),
    ],
)
def test_closest(word: str, candidates: list[str], expected: str | None) -> None:
    assert closest(word, candidates) == expected
    assert closest(word, reversed(candidates)) == expected
