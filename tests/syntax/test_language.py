"""`language 1` and `template`: what a file says of itself."""

from __future__ import annotations

import pytest

from cosmosql.source import Source
from cosmosql.syntax.parse import parse
from cosmosql.syntax.tree import Block, Language


def codes(text: str) -> list[str]:
    return [item.code for item in parse(Source("a.cosmos", text))[1]]


def test_the_version_is_a_declaration() -> None:
    tree, found = parse(Source("a.cosmos", "# about\nlanguage 1\n\nlet half = 50%\n"))
    assert found == ()
    assert isinstance(tree.declarations[0], Language)


@pytest.mark.parametrize("version", ["0", "2", "1.5", "1 USD", "99999999999999999999"])
def test_other_versions_are_refused(version: str) -> None:
    assert codes(f"language {version}\n") == ["E0110"]


def test_a_newer_version_says_what_to_install() -> None:
    (found,) = parse(Source("a.cosmos", "language 2\n"))[1]
    assert found.help is not None
    assert "install a newer" in found.help


def test_the_version_stands_first() -> None:
    assert codes("let half = 50%\nlanguage 1\n") == ["E0110"]
    assert codes("language 1\nlanguage 1\n") == ["E0110"]


def test_a_comment_of_signs_costs_nothing() -> None:
    assert codes("#" * 100_000 + "\nlet a = 1\nlanguage 1\n") == ["E0110"]


def test_a_template_is_a_block_that_says_so() -> None:
    tree, found = parse(Source("a.cosmos", "## doc\ntemplate task t using classify {\n}\n"))
    block = tree.declarations[0]
    assert found == ()
    assert isinstance(block, Block)
    assert block.template
    assert block.doc == "doc"
    assert block.span.text.startswith("template task t")
