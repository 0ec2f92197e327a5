"""Parsing again after an edit: the same tree and the same findings as parsing anew."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from cosmosql.source import Source
from cosmosql.syntax import parse as module
from cosmosql.syntax.build import Builder
from cosmosql.syntax.parse import ParseCache, Result, parse
from cosmosql.syntax.parser import Stop, parse_rule
from cosmosql.syntax.recover import recover
from cosmosql.syntax.tree import Tree
from cosmosql.syntax.trivia import documentation

ROOT = Path(__file__).parents[2]
TEXTS = [
    path.read_text(encoding="utf-8")
    for path in sorted([*ROOT.glob("examples/**/*.cosmos"), *ROOT.glob("stdlib/*.cosmos")])
]
PIECES = re.compile(r'"[^"\n]*"|#[^\n]*|[A-Za-z_]\w*|[0-9][\w.]*|[ \t]+|.|\n', re.S)
TYPED = ["\n", "{", "}", "(", ")", "[", "]", "=", "# ", "##", '"', " ", "x", "1 USD", ",", "\n\n"]
AWKWARD = [
    "let a = (1 +\n2)\nlet b = 3\n",
    "let a = [1,\n2\n]\nstrategy x using lora {\nrank = 8\n}\n",
    "language 1\nlet a = 1\n",
    "let a = 1\nlanguage 1\n",
    '## about a\nlet a = 1e9999999999\n\n## about b\n# no more\n## than that\nlet b = "\\q"',
    "",
    "# nothing\n",
]


def whole(source: Source) -> Result:
    """The file parsed in one go; what that finds wrong, judged declaration by declaration."""
    tree = parse_rule(source.text, "file")
    if isinstance(tree, Stop):
        declarations, found = recover(
            source, lambda start, end: parse_rule(source.text[start:end], "file")
        )
        return Tree(source=source, declarations=declarations), found
    builder = Builder(source, documentation(source))
    declarations = builder.file(tree)
    return Tree(source=source, declarations=declarations), tuple(builder.diagnostics)


def edited(text: str, choose: random.Random) -> str:
    """A word taken out, doubled, exchanged, typed; or some lines moved."""
    if choose.random() < 0.2:
        lines = text.splitlines(keepends=True) or [""]
        taken = lines.pop(choose.randrange(len(lines)))
        lines.insert(choose.randrange(len(lines) + 1), taken)
        return "".join(lines)
    pieces = PIECES.findall(text) or [""]
    place = choose.randrange(len(pieces))
    pieces[place : place + choose.randrange(3)] = [
        choose.choice([*TYPED, "", choose.choice(pieces)])
    ]
    return "".join(pieces)


@pytest.mark.parametrize("seed", range(6))
def test_edits_change_nothing_but_the_time(seed: int) -> None:
    choose = random.Random(seed)
    cache = ParseCache()
    for start in (choose.choice(TEXTS), choose.choice(AWKWARD)):
        text = start
        for _ in range(25):
            source = Source("spec.cosmos", text)
            assert parse(source, cache) == parse(source) == whole(source), text
            text = edited(text, choose) if choose.random() < 0.9 else start


@pytest.mark.parametrize("text", [*TEXTS, *AWKWARD])
def test_declaration_by_declaration_is_the_whole_file(text: str) -> None:
    source = Source("spec.cosmos", text)
    assert parse(source) == whole(source)


def test_only_what_changed_is_parsed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def reading(text: str, rule: str) -> object:
        read.append(text)
        return parse_rule(text, rule)

    monkeypatch.setattr(module, "parse_rule", reading)
    text = "let a = 1\n\nlet b = 2\n\nlet c = 3\n"
    cache = ParseCache()
    first = parse(Source("x", text), cache)
    assert read == ["let a = 1\n\n", "let b = 2\n\n", "let c = 3\n"]
    read.clear()
    assert parse(Source("x", text), cache) is first
    parse(Source("x", text.replace("2", "2 *")), cache)
    assert read == ["let b = 2 *\n\n", "let b = 2 *\n\nlet c = 3\n"]
    read.clear()
    parse(Source("x", text.replace("1", "10")), cache)
    assert read == ["let a = 10\n\n", "let b = 2\n\n"]
