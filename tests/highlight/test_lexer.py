"""The Pygments lexer: nothing is lost, no error where there is none, words are what they are."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pygments.lexers import find_lexer_class_by_name, get_lexer_for_filename
from pygments.token import Comment, Error, Keyword, Name, Number, String

from cosmosql.highlight.lexer import CosmosLexer
from tests.highlight.specs import DAMAGED, KEYWORDS, SAMPLE, files, scattered, terminals


def tokens(text: str) -> list[tuple[Any, str]]:
    return list(CosmosLexer(stripnl=False, ensurenl=False).get_tokens(text))


def test_pygments_finds_it() -> None:
    assert find_lexer_class_by_name("cosmos") is CosmosLexer
    assert isinstance(get_lexer_for_filename("spec.cosmos"), CosmosLexer)


@pytest.mark.parametrize("name", sorted(files()))
def test_keywords_names_and_numbers_are_those_of_the_parser(name: str) -> None:
    text = files()[name]
    kinds: list[Any] = []
    for kind, value in tokens(text):
        kinds += [kind] * len(value)
    assert len(kinds) == len(text)
    assert Error not in kinds
    for terminal, start, end in terminals(text):
        kind = kinds[start]
        if terminal in KEYWORDS:
            assert kind in Keyword, text[start:end]
        if terminal == "NAME":
            assert kind in Name or kind is Keyword.Type, (text[start:end], kind)
        if terminal == "NUMBER":
            assert kind in Number, text[start:end]
        if terminal == "TEXT":
            assert all(found in String for found in kinds[start:end])


def test_names_that_look_like_keywords_are_rarely_taken_for_them() -> None:
    """No lexer without a parser tells them all: `measure with with within 3 USD`."""
    read = wrong = 0
    for text in scattered(60):
        kinds = [kind for kind, value in tokens(text) for _ in value]
        for terminal, start, _ in terminals(text):
            read += 1
            wrong += (kinds[start] in Keyword) != (terminal in KEYWORDS) and (
                kinds[start] is not Keyword.Type and kinds[start] is not Keyword.Constant
            )
    assert read > 20_000
    assert wrong * 2_000 < read


def test_chosen_words() -> None:
    found = tokens(SAMPLE)
    for expected in (
        (Comment.Special, "## Doc of it."),
        (Comment.Single, "# one"),
        (Comment.Preproc, "allow W0215, W0603"),
        (Name.Constant, "floor"),
        (Keyword.Pseudo, "requests/month"),
        (Name.Class, "private"),
        (Name.Attribute, "input"),
        (String.Interpol, "{subject}"),
        (String.Escape, "\\n"),
        (Name.Label, "roles"),
        (Name.Function, "sweep"),
        (Name.Other, "confidence"),
        (Name, "confidence"),
        (Keyword, "confidence"),
        (Keyword.Constant, "true"),
    ):
        assert expected in found


def test_an_open_bracket_colours_nothing_beyond_the_next_declaration() -> None:
    found = tokens(DAMAGED)
    assert (Name.Class, "next") in found
    assert (Name.Attribute, "rank") in found
    assert (Error, "parsecs") in found


@given(st.text(alphabet=st.sampled_from('ab1.%=#"{}[]()\\\n -+*/<>,é$'), max_size=60))
def test_no_character_is_lost(text: str) -> None:
    assert "".join(value for _, value in tokens(text)) == text


def test_the_command_line_starts_without_pygments() -> None:
    code = "import cosmosql.cli.main, sys; sys.exit('pygments' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
