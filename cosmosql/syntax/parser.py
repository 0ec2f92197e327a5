"""The LALR(1) parser: it follows the tables in `grammar/cosmos.tables.json`, and tells what it
expected where it stopped.

A word is a keyword only where one can stand, as with Lark's contextual lexer; line ends inside
`( )` and `[ ]` count for nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, NamedTuple, TypeAlias

from cosmosql.resources import resource

END = "$END"
"""Stands for the end of the text in the tables."""

_NAME = "NAME"
_SYMBOL = "SYMBOL"
"""The group of all signs of fixed text."""
_LINE_END = "_NL"
_OPENING = ("LPAR", "LSQB")
_CLOSING = ("RPAR", "RSQB")


class Token(NamedTuple):
    type: str
    text: str
    start: int
    end: int


class Node:
    """A rule's name and what it is made of: nodes, tokens, and None where an optional part is
    left out."""

    __slots__ = ("children", "data")

    def __init__(self, data: str, children: list[Child]) -> None:
        self.data = data
        self.children = children


Child: TypeAlias = Any
"""A Node, a Token or None: which of them a rule's place holds, only the grammar knows."""


class _Rule(NamedTuple):
    origin: str
    name: str
    length: int
    single: bool
    """A single child stands for the node."""
    kept: list[tuple[int, bool, int]] | None
    """The children that are kept, each as index, whether its own children take its place, gaps
    before; None: all."""
    gaps: int
    """At the end."""

    def node(self, parts: list[Child]) -> Child:
        if self.kept is not None:
            children: list[Child] = []
            for index, inlined, gaps in self.kept:
                if gaps:
                    children += [None] * gaps
                if not inlined:
                    children.append(parts[index])
                elif children:
                    children += parts[index].children
                else:
                    # A list grows at its end, and its rule at its front: nothing is copied.
                    children = parts[index].children
            parts = children + [None] * self.gaps if self.gaps else children
        return parts[0] if self.single and len(parts) == 1 else Node(self.name, parts)


class _Tables:
    """The tables' file, ready to be followed."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.texts: dict[str, str] = values["texts"]
        self.starts: dict[str, int] = values["starts"]
        self.states: list[dict[str, int]] = values["states"]
        """By the name of a terminal: the state to go on with, or ~ the rule to apply; by the name
        of a rule: the state after it."""
        self.rules = [_Rule(*rule) for rule in values["rules"]]
        patterns: dict[str, str] = values["patterns"]
        is_name = re.compile(patterns[_NAME]).fullmatch
        self.keywords = {text: name for name, text in self.texts.items() if is_name(text)}
        self.symbols = {
            text: name for name, text in self.texts.items() if text not in self.keywords
        }
        ignored = f"(?:{'|'.join(values['ignored'])})*+"
        symbols = f"(?P<{_SYMBOL}>{'|'.join(map(re.escape, self.symbols))})"
        named = [f"(?P<{name}>{patterns[name]})" for name in sorted(patterns, key=_often_first)]
        self.ignored = re.compile(ignored)
        self.token = re.compile(f"{ignored}(?:{'|'.join([*named, symbols])})")

    def blank_until(self, text: str, position: int, end: int) -> int:
        """Where the first character stands that is not ignored."""
        ignored = self.ignored.match(text, position, end)
        return ignored.end() if ignored else position


def _often_first(name: str) -> tuple[bool, str]:
    return name != _NAME, name


@cache
def _tables() -> _Tables:
    return _Tables(json.loads((resource("grammar") / "cosmos.tables.json").read_bytes()))


def keyword_texts() -> dict[str, str]:
    """The text of every terminal that is one fixed text: `{"LBRACE": "{", "AS": "as", …}`."""
    return _tables().texts


@dataclass(frozen=True)
class Stop:
    """Where a text, read from `start`, stopped being an instance of a rule.

    `found` is None at the end of the text, else the name of the terminal found there, and ""
    where the characters are no terminal at all.
    """

    text: str
    rule: str
    start: int
    position: int
    found: str | None

    @cached_property
    def accepted(self) -> frozenset[str]:
        """Names of the terminals that could stand at `position`."""
        reader = _Reader(self.rule)
        if reader.read(self.text, self.start, self.position, whole=False) is not None:
            # Cut at the stop, a longer token can become a shorter one that fits even less.
            return frozenset()
        return frozenset(filter(reader.takes, _tables().states[reader.states[-1]]))


def parse_rule(text: str, rule: str, start: int = 0, end: int | None = None) -> Any | Stop:
    """The tree of the text between two offsets, or where it went wrong. The rules that are one
    alternative of others (`_declaration`, `_item`) give that alternative's tree."""
    reader = _Reader(rule)
    wrong = reader.read(text, start, len(text) if end is None else end, whole=True)
    if wrong is not None:
        return Stop(text, rule, start, *wrong)
    tree = reader.values[0]
    return tree.children[0] if rule.startswith("_") else tree


class _Reader:
    """The automaton: a stack of states, and of what was made of the text so far."""

    def __init__(self, rule: str) -> None:
        self.tables = _tables()
        self.states = [self.tables.starts[rule]]
        self.values: list[Child] = []

    def read(
        self, text: str, position: int, end: int, *, whole: bool
    ) -> tuple[int, str | None] | None:
        """Takes in a stretch of text, as all there is where it is the `whole`. Where that goes
        wrong: the offset, and what stands there, as `Stop` says it."""
        tables, states, values = self.tables, self.states, self.values
        rows, rules, match = tables.states, tables.rules, tables.token.match
        depth = 0
        while True:
            row = rows[states[-1]]
            if found := match(text, position, end):
                name: str = found.lastgroup  # type: ignore[assignment]
                start, position = found.span(name)
                word = text[start:position]
                if name == _NAME:
                    keyword = tables.keywords.get(word)
                    if keyword and (keyword in row or _NAME not in row):
                        name = keyword
                elif name == _SYMBOL:
                    name = tables.symbols[word]
                    if name in _OPENING:
                        depth += 1
                    elif depth and name in _CLOSING:
                        depth -= 1
                elif name == _LINE_END and depth:
                    continue
                elif name not in row and tables.symbols.get(word[0]) in row:
                    # Where no comparison can stand, `==` is two signs.
                    word, position = word[0], start + 1
                    name = tables.symbols[word]
            elif (rest := tables.blank_until(text, position, end)) < end:
                return rest, ""
            elif whole:
                name, word, start = END, "", end
            else:
                return None
            action = row.get(name)
            while action is not None and action < 0:
                rule = rules[~action]
                length = rule.length
                if length == 1 and rule.single:
                    # A rule that its one part stands for: only the state changes.
                    states[-1] = rows[states[-2]][rule.origin]
                else:
                    first = len(states) - length
                    parts = values[first - 1 :]
                    del values[first - 1 :], states[first:]
                    values.append(rule.node(parts))
                    states.append(rows[states[-1]][rule.origin])
                action = rows[states[-1]].get(name)
            if action is None:
                return start, name if found else None
            states.append(action)
            values.append(Token(name, word, start, position))
            if not found:
                return None

    def takes(self, name: str) -> bool:
        """True for a terminal that can stand here. Changes nothing."""
        if not name.isupper():
            return False
        states = self.states.copy()
        rows, rules = self.tables.states, self.tables.rules
        action = rows[states[-1]].get(name)
        while action is not None and action < 0:
            rule = rules[~action]
            if rule.length:
                del states[-rule.length :]
            states.append(rows[states[-1]][rule.origin])
            action = rows[states[-1]].get(name)
        return action is not None
