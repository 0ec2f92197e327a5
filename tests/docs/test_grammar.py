"""The page of the grammar, its diagrams and its examples."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from cosmosql.source import Source
from cosmosql.syntax.parse import parse
from cosmosql.syntax.parser import keyword_texts
from cosmosql.syntax.productions import alternatives, grammar, literals
from tests.docs.scripts import script

PAGE = script("grammar")


def test_the_page_and_its_diagrams_are_current() -> None:
    """Made again with `python docs/grammar.py`."""
    made = PAGE.files()
    for path, text in made.items():
        assert path.read_text(encoding="utf-8") == text, path
    assert set(PAGE.IMAGES.iterdir()) == set(made) - {PAGE.PAGE}


def test_diagrams_are_pictures() -> None:
    for path, text in PAGE.files().items():
        if path.suffix == ".svg":
            picture = ElementTree.fromstring(text)
            assert float(picture.attrib["width"]) <= 950
            assert len(text) < 8_000


@pytest.mark.parametrize("rule", sorted(PAGE.EXAMPLES))
def test_an_example_is_one_of_its_rule(rule: str) -> None:
    assert rule in grammar().rules
    text = PAGE.EXAMPLES[rule]
    if rule in alternatives("item") or rule in alternatives("clause"):
        text = f"query q {{\n{text}\n}}"
    elif rule not in alternatives("declaration"):
        text = f"let x = {text}"
    tree, found = parse(Source("grammar.md", f"{text}\n"))
    assert found == ()
    assert len(tree.declarations) == 1


def test_rules_and_patterns_are_complete() -> None:
    rules = grammar().rules
    named = {text for part in rules.values() for text in literals(part)}
    assert named == set(keyword_texts().values())
    assert set(PAGE.SECTIONS) <= set(rules)
    assert set(PAGE.PATTERNS) == set(grammar().patterns)
    for rule in (*alternatives("declaration"), *alternatives("clause")):
        assert rule in PAGE.EXAMPLES
