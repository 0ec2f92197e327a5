"""Each construct of the language, and what is wrong with a text that holds none."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmosql.diagnostics.diagnostic import Diagnostic
from cosmosql.source import Source
from cosmosql.syntax.parse import MAXIMUM_BYTES, MAXIMUM_WORDS, decode, decode_bytes, parse
from cosmosql.syntax.tree import (
    AmongClause,
    Attribute,
    Binary,
    Block,
    Boolean,
    Call,
    Constant,
    DecideClause,
    EscalateClause,
    Expression,
    ForClause,
    Import,
    Item,
    MeasureClause,
    Negative,
    Number,
    ObjectiveClause,
    Parameter,
    Reference,
    RequireClause,
    Section,
    Sequence,
    Text,
    Tree,
)

SPECS = sorted((Path(__file__).parent / "specs").glob("*.cosmos"))


def source(text: str) -> Source:
    return Source("a.cosmos", text)


def clean(text: str) -> Tree:
    tree, diagnostics = parse(source(text))
    assert not diagnostics
    return tree


def problems(text: str) -> tuple[Diagnostic, ...]:
    return parse(source(text))[1]


def value(text: str) -> Expression:
    (declaration,) = clean(f"let x = {text}\n").declarations
    assert isinstance(declaration, Constant)
    return declaration.value


def items(text: str) -> tuple[Item, ...]:
    (block,) = clean(f"query q {{\n{text}\n}}\n").declarations
    assert isinstance(block, Block)
    return block.items


def shape(expression: Expression) -> str:
    """The expression with a bracket around every operation."""
    match expression:
        case Number():
            return f"{expression.value}{expression.unit or ''}"
        case Text():
            return repr(expression.value)
        case Boolean():
            return str(expression.value)
        case Reference():
            return expression.text
        case Sequence():
            return f"[{' '.join(map(shape, expression.items))}]"
        case Call():
            return f"{expression.function.text}({' '.join(map(shape, expression.arguments))})"
        case Binary():
            return f"({shape(expression.left)} {expression.operator} {shape(expression.right)})"
        case Negative():
            return f"(- {shape(expression.operand)})"


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_whole_specs_parse(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = clean(text)
    starts = [declaration.span.start for declaration in tree.declarations]
    assert len(starts) >= 7
    assert starts == sorted(starts)
    for declaration in tree.declarations:
        if isinstance(declaration, Block):
            assert declaration.span.text.startswith(declaration.kind.text)
            assert declaration.span.text.endswith("}")


def test_there_are_specs_to_parse() -> None:
    assert len(SPECS) == 3


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3", "3"),
        ("40 USD", "40USD"),
        ("82%", "82%"),
        ("2pp", "2pp"),
        ("1_200_000 requests/month", "1200000requests/month"),
        ("0.15 USD/Mtok", "0.15USD/Mtok"),
        ("1e9", "1000000000"),
        ("1.5e-3 USD", "0.0015USD"),
        ("6 GPU-hours", "6GPU-hours"),
        ("-4", "(- 4)"),
        ("- -4", "(- (- 4))"),
        ("true", "True"),
        ("false", "False"),
        ("accuracy", "accuracy"),
        ("base.strategy.rag", "base.strategy.rag"),
        ("strategy.*", "strategy.*"),
        ("models.for", "models.for"),
        ('"a # \\"b\\" \\\\ \\n\\t{x}"', repr('a # "b" \\ \n\t{x}')),
        ("[]", "[]"),
        ("[1, 2 USD, x,]", "[1 2USD x]"),
        ("[\n  1, # one\n  2\n]", "[1 2]"),
        ("sweep(8, 16)", "sweep(8 16)"),
        ("sweep(\n8,\n16,\n)", "sweep(8 16)"),
        ("1 + 2 * 3 - 4", "((1 + (2 * 3)) - 4)"),
        ("8 / 4 / 2", "((8 / 4) / 2)"),
        ("(1 + 2) * 3", "((1 + 2) * 3)"),
        ("6 GPU-hours * hw.h100.price", "(6GPU-hours * hw.h100.price)"),
        ("40 USD - fee", "(40USD - fee)"),
        ("40 USD / 2", "(40USD / 2)"),
    ],
)
def test_values(text: str, expected: str) -> None:
    expression = value(text)
    assert shape(expression) == expected
    assert expression.span.text == text


def test_number_is_one_token_with_an_exact_value() -> None:
    number = value("0.10 USD/request")
    assert isinstance(number, Number)
    assert (number.value, number.unit) == (Decimal("0.1"), "USD/request")


def test_declarations() -> None:
    tree = clean(
        'import std.models as models\nimport "./base.cosmos" as base\n'
        "param floor = 82%\nlet half = 50%\n"
        "dataset rows using jsonl { }\nstrategy a extends base.strategy.b\n"
        "strategy c extends b using lora {\n  rank = 8\n  deep {\n    x = 1\n  }\n}\n"
    )
    module, file, param, let, rows, bare, full = tree.declarations
    assert isinstance(module, Import) and module.module and module.module.text == "std.models"
    assert module.path is None and module.alias.text == "models"
    assert isinstance(file, Import) and file.path and file.path.value == "./base.cosmos"
    assert file.module is None
    assert isinstance(param, Parameter) and param.name.text == "floor"
    assert isinstance(let, Constant) and let.span.text == "let half = 50%"
    assert isinstance(rows, Block) and rows.using and rows.using.text == "jsonl"
    assert rows.kind.text == "dataset" and rows.extends is None and rows.items == ()
    assert isinstance(bare, Block) and bare.extends and bare.extends.text == "base.strategy.b"
    assert bare.span.text == "strategy a extends base.strategy.b"
    assert isinstance(full, Block) and full.extends and full.using
    rank, deep = full.items
    assert isinstance(rank, Attribute) and rank.name.text == "rank"
    assert isinstance(deep, Section) and len(deep.items) == 1
    assert deep.span.text == "deep {\n    x = 1\n  }"


def test_clauses() -> None:
    found = items(
        "for task.t\namong strategy.*, policy.p\nmeasure with probe.l within budget.b\n"
        "measure with probe.l\nmeasure within 3 USD\nmaximize a - b\nminimize traffic * cost\n"
        "require a >= 3 with confidence 90%\nrequire a == b\ndecide within 1 pp\n"
        "decide within 1 pp with confidence 95%\nescalate to strategy.big when margin < 1.5"
    )
    task, among, both, probe, budget, up, down, sure, plain, decide, decide_sure, escalate = found
    assert isinstance(task, ForClause) and task.task.text == "task.t"
    assert isinstance(among, AmongClause)
    assert [item.text for item in among.candidates] == ["strategy.*", "policy.p"]
    assert isinstance(both, MeasureClause) and both.probe and both.budget
    assert shape(both.budget) == "budget.b"
    assert isinstance(probe, MeasureClause) and probe.probe and probe.budget is None
    assert isinstance(budget, MeasureClause) and budget.probe is None and budget.budget
    assert shape(budget.budget) == "3USD"
    assert isinstance(up, ObjectiveClause) and up.direction == "maximize"
    assert isinstance(down, ObjectiveClause) and shape(down.expression) == "(traffic * cost)"
    assert isinstance(sure, RequireClause) and sure.confidence
    assert (shape(sure.condition), shape(sure.confidence)) == ("(a >= 3)", "90%")
    assert sure.span.text == "require a >= 3 with confidence 90%"
    assert isinstance(plain, RequireClause) and plain.confidence is None
    assert isinstance(decide, DecideClause) and shape(decide.tolerance) == "1pp"
    assert isinstance(decide_sure, DecideClause) and decide_sure.confidence
    assert isinstance(escalate, EscalateClause) and shape(escalate.condition) == "(margin < 1.5)"
    assert escalate.target.text == "strategy.big"


def test_candidates_may_stand_in_brackets() -> None:
    text = "among [\n  strategy.*, # all\n  policy.p,\n]"
    (among,) = items(text)
    assert isinstance(among, AmongClause)
    assert [item.text for item in among.candidates] == ["strategy.*", "policy.p"]
    assert among.span.text == text


def test_words_are_reserved_only_where_they_can_stand() -> None:
    found = items("require confidence >= within\nmaximize when\nusing = as\nto = with")
    assert len(found) == 4
    clean("for using using extends {\n  with = 1\n}\n")


def test_doc_comments_attach_to_the_declaration_below() -> None:
    tree = clean(
        "## Not for it.\n\n## First\n##  second\nparam a = 1 ## no\n# plain\nlet b = 2\n"
        "## Doc.\n  task t {\n  ## inner\n  x = 1\n}\n"
    )
    docs = [getattr(declaration, "doc", None) for declaration in tree.declarations]
    assert docs == ["First\n second", None, "Doc."]


@pytest.mark.parametrize(
    "text", ["", "\n", "# only\n", "  \n\t\n", "param a = 1", "param a = 1 # x"]
)
def test_files_without_a_last_line_end(text: str) -> None:
    clean(text)


@pytest.mark.parametrize(
    ("text", "code", "marked", "words"),
    [
        ("param x: 3", "E0102", ":", "expected `=`, found `:`"),
        ("param = 3", "E0102", "=", "expected a name, found `=`"),
        ("import std.m", "E0102", "", "expected `as`, found the end of the line"),
        ("let x = .5", "E0102", ".", "expected a value, found `.`"),
        ("let x = 'a'", "E0102", "'a'", "expected a value, found `'`"),
        ("let x = [1 2]", "E0102", "2", "expected `,` or `]`, found a number"),
        ("let x = 40 €", "E0102", "€", "expected the end of the line, found a character"),
        ('task "t" {\n}', "E0102", '"t"', "expected a name, found a text"),
        ("dataset rows usng jsonl {\n}", "E0102", "usng", "expected `extends`, `using` or `{`"),
        ("query q {\n  require a = 3\n}", "E0102", "=", "expected a comparison"),
        ("query q {\n  a = 1,\n}", "E0102", ",", "expected the end of the line"),
        ("query q {\n  , = 1\n}", "E0102", ",", "expected an attribute or a clause"),
        ("3", "E0102", "3", "expected a declaration, found a number"),
        ("}", "E0102", "}", "expected a declaration, found `}`"),
        ('let x = "abc', "E0104", '"abc', "unterminated text"),
        ("let x = [1, 2", "E0105", "[", "unclosed bracket"),
        ("let x = 1_", "E0106", "1_", "malformed number"),
        ("let x = 0x10", "E0106", "0x10", "malformed number"),
        ("let x = 40 USD2", "E0106", "40 USD2", "malformed number"),
        ("let x = 1e99", "E0106", "1e99", "malformed number"),
        ("let x = " + "9" * 10_000, "E0106", "9" * 10_000, "malformed number"),
        ('let x = "a\\qb"', "E0108", "\\q", "unknown escape"),
    ],
)
def test_one_mistake(text: str, code: str, marked: str, words: str) -> None:
    (problem,) = problems(text + "\n")
    assert problem.code == code
    assert problem.title.startswith(words)
    assert problem.labels[0].span.text == marked


@pytest.mark.parametrize(
    ("text", "advice", "replacement"),
    [
        ("dataset rows usng jsonl {\n}", "did you mean `using`?", "using"),
        ("query q {\n  require a = 3\n}", "write `==` to compare", "=="),
        ("query q {\n  requires a >= 3\n}", "did you mean `require`?", "require"),
        ("query q {\n  require a >= 3 and b >= 2\n}", "write one `require` line for each", None),
        ("param x: 3", "write `=`", " ="),
        ("query q {\n  roles = {\n  }\n}", "a section has no `=`", ""),
        ("query q {\n  a = 1;\n}", "one item a line", ""),
        ("task t using classify\n{\n}", "a block's `{` stands at the end", None),
        ("query q {\n  among a b\n}", "put a comma between", ","),
        ("let x = Ticket: a", "a text stands in double quotes", None),
        ("let x = 5 and 3", "one item a line", None),
        ("// a comment", "a comment starts with `#`", "#"),
        ("let x = $40", "write the currency's code", "40 USD"),
        ("let x = sweep 8, 16", "a sweep has brackets", None),
        ("query q {\n  within 1 USD\n}", "write `measure within`", None),
        ("query q {\n  require 1% <= a <= 3%\n}", "a condition has one comparison", None),
    ],
)
def test_advice(text: str, advice: str, replacement: str | None) -> None:
    problem = problems(text + "\n")[0]
    assert problem.help and problem.help.startswith(advice)
    assert (problem.fix.replacement if problem.fix else None) == replacement


@pytest.mark.parametrize(
    "text",
    [
        "let x = " + "(" * 20_000 + "1" + ")" * 20_000,
        "let x = " + "[" * 20_000,
        "let x = " + "-" * 20_000 + "1",
        "let x = 1" + " + 1" * 20_000,
        "let x = 1" + " * 1" * 20_000,
        "task t {\n" + "a {\n" * 3_000 + "}\n" * 3_000 + "}",
        "task t {\n" + "a {\n" * 3_000,
        "}" * 10_000,
        '"' * 99_999,
    ],
    ids=["parens", "open", "minus", "sum", "product", "sections", "unclosed", "closed", "quotes"],
)
def test_hostile_nesting_is_a_diagnostic(text: str) -> None:
    assert problems(text + "\n")


def test_sixty_levels_are_allowed() -> None:
    clean("let x = " + "(" * 60 + "1" + ")" * 60 + "\n")
    clean("let x = 1" + " + 1" * 60 + "\n")


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet='ab1_ .,:=<>+-*/(){}[]"#\\\n\t%é\x00\r', max_size=80))
def test_any_text_gives_a_tree_and_diagnostics_within_it(text: str) -> None:
    tree, found = parse(source(text))
    assert tree.source.text == text
    for problem in found:
        assert problem.code in {"E0102", "E0104", "E0105", "E0106", "E0107", "E0108"}
        for label in problem.labels:
            assert 0 <= label.span.start <= label.span.end <= len(text)
    assert len({problem.labels[0].span.start for problem in found}) == len(found)


def test_decode(tmp_path: Path) -> None:
    file = tmp_path / "a.cosmos"
    file.write_bytes(b"\xef\xbb\xbfparam a = 1\r\nlet b = 2\r\n")
    decoded = decode(file, "a.cosmos")
    assert decoded == Source("a.cosmos", "param a = 1\nlet b = 2\n")


@pytest.mark.parametrize(
    ("data", "code", "title"),
    [
        (b"a\xff", "E0101", "the file is not UTF-8 text"),
        (b"a\x00", "E0101", "forbidden character"),
        ("a\u202eb".encode(), "E0101", "forbidden character"),
        (b"a\rb", "E0101", "forbidden character"),
        (b"a" * (MAXIMUM_BYTES + 1), "E0109", "the file is too large"),
        (b"a=" * (MAXIMUM_WORDS // 2 + 1), "E0109", "the file is too large"),
    ],
    ids=["latin", "null", "direction", "return", "large", "dense"],
)
def test_what_is_no_text(data: bytes, code: str, title: str) -> None:
    problem = decode_bytes(data, "a.cosmos")
    assert isinstance(problem, Diagnostic)
    assert (problem.code, problem.title) == (code, title)


def test_a_missing_file_is_a_diagnostic(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.cosmos", tmp_path):
        problem = decode(path)
        assert isinstance(problem, Diagnostic) and problem.code == "E0109"
