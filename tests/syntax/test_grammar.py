"""Properties of the grammar file itself."""

from __future__ import annotations

import pytest
from lark import Lark

from cosmosql.resources import resource
from cosmosql.syntax.parser import keyword_texts, parser


def test_terminals_do_not_collide() -> None:
    """Strict mode refuses shift/reduce conflicts and terminals that match the same text."""
    pytest.importorskip("interegular", reason="Lark's strict mode needs it")
    options = parser().options
    Lark(
        (resource("grammar") / "cosmos.lark").read_text(encoding="utf-8"),
        parser="lalr",
        lexer="contextual",
        start=options.start,
        postlex=options.postlex,
        maybe_placeholders=True,
        strict=True,
    )


def test_the_grammar_knows_no_words_of_the_schema() -> None:
    words = {text for text in keyword_texts().values() if text.isalpha()}
    assert not words & {"dataset", "task", "model", "strategy", "policy", "probe", "query"}
    assert {"import", "extends", "using", "require", "within"} <= words
