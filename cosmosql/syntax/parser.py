"""The LALR(1) parser made from `grammar/cosmos.lark`, and what it expected where it stopped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from lark import Lark, Token, UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.lark import PostLex

from cosmosql.resources import resource


class _BracketNewlines(PostLex):  # type: ignore[misc]
    """Drops line ends inside `( )` and `[ ]`. Reads no token ahead: that would break the
    contextual lexer."""

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
def parser() -> Lark:
    """One parser a process, with the start rules `file`, `_declaration` and `_item`."""
    grammar = (resource("grammar") / "cosmos.lark").read_text(encoding="utf-8")
    return Lark(
        grammar,
        parser="lalr",
        lexer="contextual",
        start=["file", "_declaration", "_item"],
        postlex=_BracketNewlines(),
        maybe_placeholders=True,
    )


@cache
def keyword_texts() -> dict[str, str]:
    """The text of every terminal that is one fixed text: `{"LBRACE": "{", "AS": "as", …}`."""
    return {
        terminal.name: terminal.pattern.value
        for terminal in parser().terminals
        if terminal.pattern.type == "str"
    }


@dataclass(frozen=True, slots=True)
class Stop:
    """Where a text stopped being an instance of a rule: `accepted` holds names of terminals.

    `found` is None at the end of the text, else the terminal found there, and "" where the
    characters are no terminal at all.
    """

    position: int
    found: str | None
    accepted: frozenset[str]


def parse_rule(text: str, rule: str) -> Any | Stop:
    """Lark's tree of a text, or where it went wrong. The rules that are one alternative of
    others (`_declaration`, `_item`) give that alternative's tree."""
    try:
        tree = parser().parse(text, start=rule)
        return tree.children[0] if rule.startswith("_") else tree
    except UnexpectedCharacters as error:
        return Stop(error.pos_in_stream, "", _accepted(text[: error.pos_in_stream], rule))
    except UnexpectedToken as error:
        token = error.token
        if token.type == "$END":
            return Stop(len(text), None, _accepted(text, rule))
        return Stop(token.start_pos, token.type, _accepted(text[: token.start_pos], rule))


def _accepted(before: str, rule: str) -> frozenset[str]:
    """The terminals that may follow a text that is right so far."""
    state = parser().parse_interactive(before, start=rule)
    try:
        state.exhaust_lexer()
    except UnexpectedInput:
        # Cut at the stop, a longer token can become a shorter one that fits even less.
        return frozenset()
    return frozenset(state.accepts())
