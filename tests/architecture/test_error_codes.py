"""The codes in the source and the pages in docs/errors are the same set, under the same titles."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from cosmosql.diagnostics.pages import codes, page, title

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"[EW]0\d{3}")
WORDED_BY_CASE = {"E0101", "E0102", "E0109"}
"""Codes whose title says which of the page's cases it is."""


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((ROOT / "cosmosql").rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def constant(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def used() -> dict[str, set[str]]:
    """Every code that stands alone in a text of the source, with the files that hold it."""
    found: dict[str, set[str]] = {}
    for path, tree in trees():
        for node in ast.walk(tree):
            text = constant(node) if isinstance(node, ast.Constant) else None
            if text is not None and CODE.fullmatch(text):
                found.setdefault(text, set()).add(str(path.relative_to(ROOT)))
    return found


def titled() -> Iterator[tuple[str, str, str]]:
    """(code, title, place) wherever a call gives both as plain texts, one after the other or by
    name."""
    for path, tree in trees():
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            named = {keyword.arg: constant(keyword.value) for keyword in call.keywords}
            texts = [constant(item) for item in call.args]
            pairs = [(named.get("code"), named.get("title")), *pairwise(texts)]
            for code, words in pairs:
                if code is not None and words is not None and CODE.fullmatch(code):
                    yield code, words, f"{path.relative_to(ROOT)}:{call.lineno}"


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    assert len(used()) > 60
    assert {code: sorted(places) for code, places in used().items() if page(code) is None} == {}
    assert sorted(set(codes()) - used().keys()) == []


def test_a_title_is_its_pages_title() -> None:
    found = list(titled())
    assert len(found) > 60
    different = [
        f"{place}: {code} is {words!r}, its page says {title(code)!r}"
        for code, words, place in found
        if words != title(code) and code not in WORDED_BY_CASE
    ]
    assert different == []


def test_a_page_is_executed_or_says_what_is_typed() -> None:
    for code in codes():
        wrong, right = (page(code) or "").split("## Wrong")[1].split("## Right")
        for section in (wrong, right):
            assert ("```cosmos\n" in section) != ("```console\n" in section), code
        if "```console\n" in wrong and code not in WORDED_BY_CASE:
            assert f"[{code}]: {title(code)}\n" in wrong, code
