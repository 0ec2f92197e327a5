"""The parser's tables, made from `grammar/cosmos.lark` while developing.

Lark reads the grammar, refuses its conflicts and computes the LALR(1) automaton; what the parser
needs of it is kept in `grammar/cosmos.tables.json`: no run of the program computes it again.

    python -m cosmosql.syntax.tables
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from lark import Lark
from lark.grammar import Rule
from lark.parse_tree_builder import maybe_create_child_filter
from lark.parsers.lalr_analysis import Shift

from cosmosql.resources import resource
from cosmosql.syntax.parser import END

GRAMMAR = "cosmos.lark"
TABLES = "cosmos.tables.json"
STARTS = ("file", "_declaration", "_item")


def generator(**options: Any) -> Lark:
    """Lark with the grammar loaded. Raises lark's GrammarError where the grammar is wrong."""
    text = (resource("grammar") / GRAMMAR).read_text(encoding="utf-8")
    return Lark(text, parser="lalr", start=list(STARTS), maybe_placeholders=True, **options)


def tables() -> dict[str, Any]:
    """The tables as JSON values; the same grammar always gives the same."""
    lark = generator()
    automaton = lark.parser.parser._parse_table
    numbers = _numbered(automaton)
    rules = {rule: index for index, rule in enumerate(lark.rules)}

    def coded(action: tuple[Any, Any]) -> int:
        kind, target = action
        return numbers[target] if kind is Shift else ~rules[target]

    states = [
        {str(name): coded(action) for name, action in sorted(automaton.states[state].items())}
        for state in numbers
    ]
    for end in automaton.end_states.values():
        states[numbers[end]][END] = numbers[end]
    return {
        "ignored": [
            terminal.pattern.to_regexp()
            for terminal in lark.terminals
            if terminal.name in lark.ignore_tokens
        ],
        "patterns": {
            terminal.name: terminal.pattern.to_regexp()
            for terminal in sorted(lark.terminals, key=lambda terminal: str(terminal.name))
            if terminal.pattern.type == "re" and terminal.name not in lark.ignore_tokens
        },
        "texts": {
            terminal.name: terminal.pattern.value
            for terminal in sorted(lark.terminals, key=lambda terminal: str(terminal.name))
            if terminal.pattern.type == "str"
        },
        "starts": {rule: numbers[automaton.start_states[rule]] for rule in STARTS},
        "rules": [_rule(rule) for rule in lark.rules],
        "states": states,
    }


def _numbered(automaton: Any) -> dict[Any, int]:
    """The states, breadth first from the start: whatever Lark calls them, the order is ours."""
    waiting = deque(automaton.start_states[rule] for rule in STARTS)
    found = {state: index for index, state in enumerate(waiting)}
    while waiting:
        for _, (kind, target) in sorted(automaton.states[waiting.popleft()].items()):
            if kind is Shift and target not in found:
                found[target] = len(found)
                waiting.append(target)
    return found


def _rule(rule: Rule) -> list[Any]:
    """Origin, name of the node, length, whether a single child stands for the node, which
    children are kept (None: all) as [index, is its children's place, gaps before], gaps at the
    end. A gap is the None of an optional part that is left out."""
    options = rule.options
    kept = maybe_create_child_filter(rule.expansion, False, False, options.empty_indices)
    parts, last = None, 0
    if kept is not None:
        arguments = kept.args[0]
        parts = [[*part, 0][:3] for part in arguments]
        last = kept.args[1] if len(kept.args) > 1 else 0
    return [
        str(rule.origin.name),
        str(rule.alias or rule.origin.name),
        len(rule.expansion),
        bool(options.expand1 and not rule.alias),
        parts,
        last,
    ]


def written(values: Mapping[str, Any]) -> str:
    """The tables' file: one line a rule and a state, so that a change of the grammar can be
    reviewed."""
    return "".join(_lines(values))


def _lines(values: Mapping[str, Any]) -> Iterator[str]:
    yield "{\n"
    for name, value in values.items():
        if isinstance(value, list):
            yield f'"{name}": [\n'
            yield ",\n".join(json.dumps(item) for item in value)
            yield "\n]"
        else:
            yield f'"{name}": {json.dumps(value, indent=2)}'
        yield "\n" if name == list(values)[-1] else ",\n"
    yield "}\n"


if __name__ == "__main__":
    (resource("grammar") / TABLES).write_text(written(tables()), encoding="utf-8")
