"""The LALR(1) parser made from `grammar/cosmos.lark`, and what it expected where it stopped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
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


@dataclass(frozen=True)
class Stop:
    """Where a text stopped being an instance of a rule.

    `found` is None at the end of the text, else the name of the terminal found there, and ""
    where the characters are no terminal at all.
    """

    text: str
    rule: str
    position: int
    found: str | None

    @cached_property
    def accepted(self) -> frozenset[str]:
        """Names of the terminals that could stand at `position`."""
        state = parser().parse_interactive(self.text[: self.position], start=self.rule)
        try:
            state.exhaust_lexer()
        except UnexpectedInput:
            # Cut at the stop, a longer token can become a shorter one that fits even less.
            return frozenset()
        return frozenset(state.accepts())


def parse_rule(text: str, rule: str) -> Any | Stop:
    """Lark's tree of a text, or where it went wrong. The rules that are one alternative of
    others (`_declaration`, `_item`) give that alternative's tree."""
    try:
        tree = parser().parse(text, start=rule)
    except UnexpectedCharacters as error:
        return Stop(text, rule, error.pos_in_stream, "")
    except UnexpectedToken as error:
        if error.token.type == "$END":
            return Stop(text, rule, len(text), None)
        return Stop(text, rule, error.token.start_pos, error.token.type)
    return tree.children[0] if rule.startswith("_") else tree
