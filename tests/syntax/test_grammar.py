"""Properties of the grammar file itself, and of the tables that are made from it."""

from __future__ import annotations

import json

import pytest

from cosmosql.resources import resource
from cosmosql.syntax.parser import keyword_texts
from cosmosql.syntax.tables import GRAMMAR, TABLES, generator, tables, written


def test_terminals_do_not_collide() -> None:
    """Strict mode refuses shift/reduce conflicts and terminals that match the same text."""
    pytest.importorskip("interegular", reason="Lark's strict mode needs it")
    generator(strict=True)


def test_the_grammar_knows_no_words_of_the_schema() -> None:
    words = {text for text in keyword_texts().values() if text.isalpha()}
    assert not words & {"dataset", "task", "model", "strategy", "policy", "probe", "query"}
    assert {"import", "extends", "using", "require", "within"} <= words


def test_the_tables_are_those_of_the_grammar() -> None:
    kept = (resource("grammar") / TABLES).read_text(encoding="utf-8")
    assert kept == written(tables()), (
        f"{GRAMMAR} is newer than {TABLES}; run: python -m cosmosql.syntax.tables"
    )
    assert json.loads(kept) == tables()
