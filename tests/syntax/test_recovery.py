"""Damage done to good specs: each mistake is told once, and where it is."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from cosmosql.diagnostics.diagnostic import Diagnostic
from cosmosql.source import Source
from cosmosql.syntax.parse import parse
from cosmosql.syntax.parser import Stop, parse_rule
from cosmosql.syntax.tree import Block
from tests.bench.recovery import every, shares
from tests.bench.specs import ROOT, spec_files

SPECS = [
    path.read_text(encoding="utf-8")
    for path in sorted((Path(__file__).parent / "specs").glob("*.cosmos"))
]


def _lines(source: Source, diagnostics: tuple[Diagnostic, ...]) -> set[int]:
    return {source.position(label.span.start)[0] for item in diagnostics for label in item.labels}


EXAMPLES = [path for path in spec_files() if path.parent != ROOT / "stdlib"]


def test_a_deleted_token_gives_one_error_on_the_damaged_line() -> None:
    tokens, broken, once, placed = shares(every(EXAMPLES))
    assert tokens > broken > 1000
    assert once >= 0.95
    assert placed >= 0.95


@pytest.mark.parametrize(
    ("damage", "least"),
    [
        ("doubled", 0.95),
        ("followed by `@`", 0.95),
        ("followed by `,`", 0.95),
        ("followed by `}`", 0.85),
        ("followed by a line end", 0.60),
    ],
)
def test_other_damage_is_mostly_told_once_where_it_is(damage: str, least: float) -> None:
    spec = ROOT / "tests" / "syntax" / "specs" / "tickets.cosmos"
    tokens, broken, once, placed = shares(every([spec], damage))
    assert tokens >= broken > 100
    assert min(once, placed) >= least


def test_a_statement_cut_in_two_is_told_once() -> None:
    text = "task t {\n  a =\n    sweep(1, 2)\n  b = 2\n}\n"
    (problem,) = parse(Source("a.cosmos", text))[1]
    assert problem.title == "expected a value, found the end of the line"
    assert problem.help == "a line end ends an item, except inside `( )` and `[ ]`"


def test_a_stray_brace_in_a_line_closes_nothing() -> None:
    text = "task t {\n  a = 1 }  # why\n\n  b = 2\n  c = } 3\n}\n"
    found = parse(Source("a.cosmos", text))[1]
    assert [item.labels[0].span.start for item in found] == [text.index("}"), text.index("} 3")]
    assert parse(Source("a.cosmos", "task t {\n  a = 1 }\ntask u {\n}\n"))[1] == ()


def test_a_deleted_quote_is_told_once_on_its_line() -> None:
    for text in SPECS:
        for match in re.finditer('"', text):
            source = Source("a.cosmos", text[: match.start()] + text[match.end() :])
            _, found = parse(source)
            assert len(found) == 1
            assert source.position(match.start())[0] in _lines(source, found)


def test_every_mistake_of_a_file_is_told_once_in_order() -> None:
    text = """import std.models
param floor: 82%
dataset rows usng jsonl {
  source = 'data/a.jsonl'
  size = [1, 2
  amount = 1_0_ USD
  share = .5
  name = "x
  text = "\\q"
  roles = {
    validation = 300 examples,
  }
}
task tickets using classify {
  data = dataset.rows
query pick {
  requires accuracy >= 3
  require accuracy = 3
  fine = 1
}
probe ladder
  rows = 3
}
"""
    source = Source("a.cosmos", text)
    _, found = parse(source)
    lines = [source.position(item.labels[0].span.start)[0] for item in found]
    assert lines == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 17, 18, 21]
    codes = [item.code for item in found]
    assert codes[3:9] == ["E0102", "E0105", "E0106", "E0102", "E0104", "E0108"]
    assert codes[11] == "E0105"


def test_undamaged_declarations_survive() -> None:
    tree, found = parse(Source("a.cosmos", "task a {\n}\ntask b {\n  x =\n}\ntask c {\n}\n"))
    assert len(found) == 1
    assert [item.name.text for item in tree.declarations if isinstance(item, Block)] == ["a", "c"]


def test_indentation_tells_which_brace_is_missing() -> None:
    text = "budget b {\n  probing {\n    money = 3 USD\n\n  serving {\n    money = 1 USD\n  }\n}\n"
    source = Source("a.cosmos", text)
    (problem,) = parse(source)[1]
    assert problem.code == "E0105"
    assert source.position(problem.labels[0].span.start) == (2, 11)


def test_a_file_without_indentation_is_judged_as_well() -> None:
    text = "task t {\ndata = 1\nroles {\na = \n}\nb = 2\n}\ntask u {\nc = 3 ]\n}\n"
    source = Source("a.cosmos", text)
    _, found = parse(source)
    assert [source.position(item.labels[0].span.start)[0] for item in found] == [4, 9]
    unbraced = Source("a.cosmos", "task t\ndata = 1\n}\n")
    (problem,) = parse(unbraced)[1]
    assert problem.title == "expected `{`, found the end of the line"


def test_findings_of_a_hostile_file_are_bounded() -> None:
    _, found = parse(Source("a.cosmos", "a\n" * 5000))
    assert 90 <= len(found) <= 110


def test_random_damage_is_always_told() -> None:
    generator = random.Random(7)
    for _ in range(300):
        text = generator.choice(SPECS)
        start = generator.randrange(len(text))
        end = start + generator.choice([0, 1, 3, 20, 80])
        insertion = generator.choice(["", "{", "}", "[", ")", '"', "\n", "=", "x ", "#", "é"])
        damaged = text[:start] + insertion + text[end:]
        stopped = isinstance(parse_rule(damaged, "file"), Stop)
        _, found = parse(Source("a.cosmos", damaged))
        assert bool(found) >= stopped
        assert len(found) <= 8
