"""The canonical form: what it keeps, and what it looks like."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmosql.diagnostics.diagnostic import InputError
from cosmosql.source import Source
from cosmosql.syntax import statements
from cosmosql.syntax.format import CLAUSES, format_source
from cosmosql.syntax.parse import parse
from cosmosql.syntax.tree import Block, Constant
from cosmosql.syntax.wrap import WIDTH, lines_of
from tests.bench.fuzz import limited
from tests.bench.specs import ROOT, fences, spec_files
from tests.syntax.generate import valid_file
from tests.syntax.properties import check_formatted, comment_texts, tree_shape

BEFORE = sorted((Path(__file__).parent / "format").glob("*.before.cosmos"))


def formatted(text: str) -> str:
    return format_source(Source("a.cosmos", text))


@pytest.mark.parametrize("before", BEFORE, ids=lambda path: path.name.partition(".")[0])
def test_what_it_looks_like(before: Path) -> None:
    after = before.with_name(before.name.replace(".before.", ".after."))
    assert check_formatted(before.read_text(encoding="utf-8")) == after.read_text(encoding="utf-8")


def test_there_are_forms_to_look_at() -> None:
    assert len(BEFORE) == 6


@settings(max_examples=150)
@given(st.integers(min_value=0, max_value=2**32), st.integers(min_value=0, max_value=8))
def test_nothing_is_lost_and_twice_is_once(seed: int, declarations: int) -> None:
    check_formatted(valid_file(Random(seed), declarations=declarations))


@settings(max_examples=100)
@given(st.integers(min_value=0, max_value=2**32), st.integers(min_value=0, max_value=8))
def test_comments_keep_their_order(seed: int, declarations: int) -> None:
    check_formatted(valid_file(Random(seed), declarations=declarations, tidy=True), ordered=True)


def test_the_generator_writes_every_construct() -> None:
    """A generator that stopped writing something would test less without a word."""
    texts = [valid_file(Random(seed)) for seed in range(200)]
    trees = [parse(Source("a.cosmos", text))[0] for text in texts]
    shapes = repr([tree_shape(tree) for tree in trees])
    kinds = "Language Import Parameter Constant Block Attribute Section ForClause AmongClause"
    kinds += " MeasureClause ObjectiveClause RequireClause DecideClause EscalateClause Number Text"
    kinds += " Boolean Reference Sequence Call Binary Negative"
    assert [kind for kind in kinds.split() if f"('{kind}'" not in shapes] == []
    assert any(
        isinstance(item, Block) and item.template
        for item in trees[0].declarations + sum((tree.declarations for tree in trees), ())
    )
    assert sum(len(comment_texts(text)) for text in texts) > 2000


@given(st.text(alphabet='ab1_ .,=<+-*/(){}[]"#\n\t%', max_size=60))
def test_a_text_is_formatted_exactly_if_it_parses(text: str) -> None:
    if parse(Source("a.cosmos", text))[1]:
        with pytest.raises(InputError) as raised:
            formatted(text)
        assert raised.value.diagnostics
    else:
        check_formatted(text)


@pytest.mark.parametrize("text", ["", "\n", " \n\n\t", "# a", "\n\n# a\n\n\n# b\n\n", "language 1"])
def test_files_that_declare_nothing(text: str) -> None:
    once = check_formatted(text, ordered=True)
    assert once == "\n".join(line.strip() for line in text.splitlines()).strip("\n").replace(
        "\n\n\n", "\n\n"
    ) + ("\n" if text.strip() else "")


def test_documentation_stays_documentation() -> None:
    text = "## Doc.\nlet a = [ ## one\n1]\n## not\n\nlet b = [ # two\n2] ## three\nlet c = 1\n"
    tree, _ = parse(Source("a.cosmos", check_formatted(text)))
    docs = [item.doc for item in tree.declarations if isinstance(item, Constant)]
    assert docs == ["Doc.", None, None]


def test_clauses_are_known_to_the_grammar() -> None:
    from cosmosql.syntax.parser import keyword_texts

    assert CLAUSES.keys() | {"escalate"} <= set(keyword_texts().values())


def test_words_are_those_of_the_grammar() -> None:
    """The formatter's words and the parser's tokens are the same stretches of text."""
    grammar = (ROOT / "grammar" / "cosmos.lark").read_text(encoding="utf-8")
    for name in ("NUMBER", "TEXT", "NAME"):
        pattern = getattr(statements, name)
        assert f"\n{name}: /{pattern}/\n" in grammar


def test_lines_are_no_longer_than_they_must_be() -> None:
    for seed in range(60):
        for line in formatted(valid_file(Random(seed))).splitlines():
            code = line.partition("  #")[0]
            # What cannot be broken may be longer: a text, a sum, brackets around one value.
            breakable = code.count(", ") and '"' not in code
            assert len(code) <= WIDTH or not breakable, code


@pytest.mark.parametrize(
    "words",
    [
        ["a", "."] * 300_000,
        ["x", "=", "[", *["1", ","] * 300_000, "]"],
        ["x", "=", *["[", "2", ","] * 60, *["1", ","] * 20_000, *["]"] * 60],
        ["among", *["a", ","] * 300_000, "a"],
    ],
    ids=["parts", "elements", "levels", "candidates"],
)
def test_a_large_statement_takes_no_time_to_speak_of(words: list[str]) -> None:
    """Anything quadratic would take minutes."""
    with limited(30):
        lines = lines_of(words, 0)
    kept = "".join(lines).replace(" ", "").replace(",", "")
    assert kept.replace("[", "") in "".join(words).replace(",", "").replace("[", "") + "]"


def test_a_long_file_takes_no_time_to_speak_of() -> None:
    text = "# a comment\n\n" * 100_000 + "let x = [\n" + "# a comment\n\n" * 100_000 + "]\n"
    with limited(30):
        body = statements.read_statements(text + "task t {" + "\n" * 500_000 + "}")
    assert len(body.items[0].comments) == len(body.items[0].inner) == 100_000


def test_what_would_be_too_large_to_be_read_is_not_written() -> None:
    """Indentation can make a text many times as long."""
    deep = "[" * 60 + "1," * 50_000 + "]" * 60
    source = Source("a.cosmos", f"let x = {deep}\n")
    with pytest.raises(InputError) as raised:
        format_source(source)
    assert [item.code for item in raised.value.diagnostics] == ["E0109"]


def test_every_spec_of_the_repository_is_formatted() -> None:
    """`cosmosql fmt --check` on examples, standard library, starter, tests and documents.
    Examples of syntax errors have no canonical form."""
    specs = [(str(path), path.read_text(encoding="utf-8")) for path in spec_files()]
    specs += fences()
    assert len(specs) > 60
    wrong = [
        place
        for place, text in specs
        if not parse(Source(place, text))[1] and formatted(text) != text
    ]
    assert wrong == []
    broken = {place.partition(":")[0] for place, text in specs if parse(Source(place, text))[1]}
    assert all(name.startswith("docs/errors/E01") for name in broken)
