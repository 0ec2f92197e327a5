"""The parser against Lark itself, which follows the same grammar by its own lexer and automaton."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from lark import Lark, Token, UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.lark import PostLex

from cosmosql.syntax import parser
from cosmosql.syntax.parser import Stop, parse_rule
from cosmosql.syntax.tables import STARTS, generator

ROOT = Path(__file__).parents[2]
SPECS = sorted([*ROOT.glob("examples/**/*.cosmos"), *ROOT.glob("stdlib/*.cosmos")])
PIECES = re.compile(r'"[^"\n]*"|#[^\n]*|[A-Za-z_]\w*|[0-9][\w.]*|[ \t]+|.|\n', re.S)


class BracketNewlines(PostLex):  # type: ignore[misc]
    """Drops line ends inside `( )` and `[ ]`."""

    always_accept = ("_NL",)

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        depth = 0
        for token in stream:
            if token.type in ("LPAR", "LSQB"):
                depth += 1
            elif token.type in ("RPAR", "RSQB"):
                depth = max(0, depth - 1)
            if not (depth and token.type == "_NL"):
                yield token


@cache
def lark() -> Lark:
    return generator(postlex=BracketNewlines())


def by_lark(text: str, rule: str) -> Any:
    """The tree as nested lists; or where it stopped, at what, and what could stand there."""
    try:
        return shape(lark().parse(text, start=rule))
    except UnexpectedCharacters as error:
        place: tuple[int, str | None] = (error.pos_in_stream, "")
    except UnexpectedToken as error:
        ended = error.token.type == "$END"
        place = (len(text), None) if ended else (error.token.start_pos, error.token.type)
    state = lark().parse_interactive(text[: place[0]], start=rule)
    try:
        state.exhaust_lexer()
    except UnexpectedInput:
        return (*place, frozenset())
    return (*place, frozenset(state.accepts()))


def by_us(text: str, rule: str) -> Any:
    found = parse_rule(f"({text}", rule, 1)
    if isinstance(found, Stop):
        return found.position - 1, found.found, found.accepted
    return shape(found) if rule == "file" else [rule, shape(found)]


def shape(tree: Any) -> Any:
    if tree is None:
        return None
    if isinstance(tree, Token):
        return str(tree.type), str(tree), tree.start_pos, tree.end_pos
    if isinstance(tree, parser.Token):
        return tree.type, tree.text, tree.start - 1, tree.end - 1
    return [str(tree.data), *map(shape, tree.children)]


def joined(pieces: list[str]) -> str:
    """The pieces as a text, with a blank where two words would become one: there Lark takes the
    first letters of a word for a keyword."""
    text = ""
    for piece in pieces:
        glued = re.search(r"\w\Z", text) and re.match(r"\w", piece)
        text += f" {piece}" if glued else piece
    return text


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_spec_has_the_tree_that_lark_gives_it(spec: Path) -> None:
    text = spec.read_text(encoding="utf-8")
    assert by_us(text, "file") == by_lark(text, "file")


@pytest.mark.parametrize("seed", range(8))
def test_damaged_texts_stop_where_lark_stops(seed: int) -> None:
    """Pieces of specs taken out, doubled, exchanged: the same tree, or the same stop."""
    choose = random.Random(seed)
    pieces = [PIECES.findall(spec.read_text(encoding="utf-8")) for spec in SPECS]
    for _ in range(60):
        some = choose.choice(pieces)
        lines = [index for index, piece in enumerate(some) if piece == "\n"]
        begin, end = sorted(choose.choices(lines, k=2))
        taken = some[begin : min(end, begin + 300)] or ["\n"]
        for _ in range(choose.randrange(4)):
            place = choose.randrange(len(taken))
            other = choose.choice(choose.choice(pieces))
            taken[place : place + choose.randrange(2)] = [other]
        text = joined(taken)
        rule = choose.choice(STARTS)
        assert by_us(text, rule) == by_lark(text, rule), text


@pytest.mark.parametrize(
    "text", ["a == 3", "let a == 3", "let a = b == c", "let a <= 3", "let a = (\n\n1\n) )\n", ""]
)
def test_signs_that_are_parts_of_others(text: str) -> None:
    for rule in STARTS:
        assert by_us(text, rule) == by_lark(text, rule)


def test_a_keyword_ends_where_its_word_ends() -> None:
    found = parse_rule("import std.tiny assist", "file")
    assert isinstance(found, Stop)
    assert (found.position, found.found) == (16, "NAME")


def test_a_long_list_takes_linear_time() -> None:
    """Quadratic work would take minutes here."""
    tree = parse_rule("let a = [" + "1, " * 100_000 + "]", "file")
    assert not isinstance(tree, Stop)
    assert len(tree.children[0].children[2].children) == 100_002
