"""Fixes: what they change, what they leave, and that they never make a spec worse."""

from __future__ import annotations

import random
import re
import shutil
from pathlib import Path

import pytest

from cosmosql.compiler import examine
from cosmosql.diagnostics.diagnostic import Diagnostic, Findings, Fix, Label, Severity
from cosmosql.mend import mend, not_touching
from cosmosql.source import Source, Span

ROOT = Path(__file__).parents[2]
TOKEN = r"\"[^\"\n]*\"|[\w%.]+|[^\s\w]"

HEAD = "import std.hardware as hw\nimport std.tiny as tiny\n\n"
SPEC = (
    HEAD
    + "strategy few using icl {\n  model = tiny.small\n  shots = sweep(1, 2)\n  on = hw.cpu\n}\n\n"
    + "query pick {\n  for tiny.task.intent\n  among strategy.*\n  maximize accuracy\n"
    + "  require serve_cost <= 0.004 USD/request\n}\n"
)


def mended(path: Path, text: str) -> tuple[str, Findings]:
    path.write_text(text, encoding="utf-8", newline="")
    result = mend(path)
    assert path.read_text(encoding="utf-8") == text.replace("\r\n", "\n")  # nothing is written
    for file in result.files:
        assert file.before == path.read_bytes() != file.after
    return (result.files[0].after.decode() if result.files else text), result.left


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("shots = sweep", "shts = sweep"),
        ("using icl", "using icll"),
        ("tiny.small", "tiny.smal"),
        ("hw.cpu", "hww.cpu"),
        ("std.tiny as", "std.tinny as"),
        ("strategy few", "stratgy few"),
        ("tiny.task.intent", "tiny.task.intnt"),
        ("maximize accuracy", "maximise accuracy"),
        ("maximize accuracy", "maximize acuracy"),
        ("among strategy.*", "amng strategy.*"),
        ("USD/request", "USD/requst"),
        ("<= 0.004", "=< 0.004"),
        ("<= 0.004", "<= .004"),
        ("sweep(1, 2)", "sweep(1 2)"),
        ("sweep(1, 2)", "sweep(1, 2, 1)"),
        ("sweep(1, 2)", "sweep(1, 2"),
        ("shots = sweep", "shots: sweep"),
        ("hw.cpu\n}", "hw.cpu"),
        ("hw.cpu\n", "hw.cpu;\n"),
        ("import std.tiny as tiny", "import std.tiny"),
        ("strategy few using icl {", 'strategy few using "icl" {'),
        ("strategy few using icl {", "strategy few using icl"),
    ],
)
def test_one_slip_is_mended(tmp_path: Path, right: str, wrong: str) -> None:
    """`wrong` is what the spec says where it is right."""
    assert wrong in SPEC
    text, left = mended(tmp_path / "spec.cosmos", SPEC.replace(wrong, right))
    assert (text, left.told) == (SPEC, ())


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("let half = $40\n", "let half = 40 USD\n"),
        ("let half = 'abc'\n", 'let half = "abc"\n'),
        ('let half = "abc\n', 'let half = "abc"\n'),
        ('let half = "\\d+"\n', 'let half = "\\\\d+"\n'),
        ("// a comment\nlet half = 1\n", "# a comment\nlet half = 1\n"),
        ("let half = 1\u200f\n", "let half = 1\n"),
        (
            "let half = [\n  1,\n  2 # two\n\nlet x = 1\n",
            "let half = [\n  1,\n  2] # two\n\nlet x = 1\n",
        ),
        ("let half = 1__200_ requests\n", "let half = 1_200 requests\n"),
        ("hardware rack using icl {\n}\n", "hardware rack {\n}\n"),
        (
            'dataset rows {\n  source = "x.csv"\n}\n',
            'dataset rows using csv {\n  source = "x.csv"\n}\n',
        ),
    ],
)
def test_slips_of_every_sort(tmp_path: Path, wrong: str, right: str) -> None:
    text, left = mended(tmp_path / "spec.cosmos", wrong)
    assert (text, left.told) == (right, ())


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("accuracy >= 82", "accuracy >= 82%"),
        ("accuracy >= 82% with confidence 90", "accuracy >= 82% with confidence 90%"),
    ],
)
def test_percent_signs(tmp_path: Path, wrong: str, right: str) -> None:
    text = SPEC.replace("serve_cost <= 0.004 USD/request", wrong)
    assert mended(tmp_path / "spec.cosmos", text)[0] == text.replace(wrong, right)


def test_a_difference_is_written_in_points(tmp_path: Path) -> None:
    text = SPEC.replace("request\n}", "request\n  decide within 5%\n}")
    assert mended(tmp_path / "spec.cosmos", text)[0] == text.replace("5%", "5 pp")


def test_what_is_not_certain_is_left(tmp_path: Path) -> None:
    text = 'let half = "abc # or so\nlet other = qwertz + 1\n'
    same, left = mended(tmp_path / "spec.cosmos", text)
    assert same == text and len(left.told) == 2


def test_line_ends_and_mark_stay(tmp_path: Path) -> None:
    path = tmp_path / "spec.cosmos"
    slips = SPEC.replace("shots =", "shts =").replace("tiny.small", "tiny.smal")
    slips = slips.replace("hw.cpu\n}", "hw.cpu")
    for before, after in (
        (slips.replace("\n", "\r\n"), SPEC.replace("\n", "\r\n")),
        ("\ufeff" + slips, "\ufeff" + SPEC),
    ):
        assert mended(path, before)[0] == after
    mixed = slips.replace("\n", "\r\n", 3)
    assert mended(path, mixed)[0] == SPEC.replace("\n", "\r\n", 3)


def test_imported_files_are_mended_and_others_are_not(tmp_path: Path) -> None:
    tree = tmp_path / "specs"
    tree.mkdir()
    (tree / "base.cosmos").write_text("let half = $5\n", encoding="utf-8")
    (tmp_path / "base.cosmos").write_text("let half = $5\n", encoding="utf-8")
    path = tree / "spec.cosmos"
    path.write_text('import "./base.cosmos" as base\nlet x = 3 usd\n', encoding="utf-8")
    result = mend(path)
    assert sorted(file.path.name for file in result.files) == ["base.cosmos", "spec.cosmos"]
    assert all(file.path.parent == tree.resolve() for file in result.files)
    assert result.left.told == ()


def test_unused_imports_are_removed(tmp_path: Path) -> None:
    text, left = mended(tmp_path / "spec.cosmos", "import std.models as models\n" + SPEC)
    assert (text, left.told) == (SPEC, ())


def test_of_fixes_that_touch_the_first_is_taken() -> None:
    source = Source("a", "0123456789")

    def item(start: int, end: int) -> Diagnostic:
        span = Span(source, start, end)
        return Diagnostic(code="E0102", title="t", labels=(Label(span),), fix=Fix(span, "x"))

    found = [item(5, 7), item(0, 2), item(2, 3), item(4, 6), item(8, 8), item(8, 8)]
    chosen = [(fix.span.start, fix.span.end) for _, fix in not_touching(found)]
    assert chosen == [(0, 2), (4, 6), (8, 8)]


def errors(findings: Findings) -> int:
    return sum(item.severity is Severity.ERROR for item in findings.told)


SPECS = [
    ROOT / "examples" / "quickstart.cosmos",
    ROOT / "cosmosql" / "cli" / "starter" / "task.cosmos",
]


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_fixes_never_make_a_damaged_example_worse(tmp_path: Path, spec: Path) -> None:
    """One token deleted, doubled, swapped with the next or misspelt, at places drawn with a fixed
    seed."""
    text = spec.read_text(encoding="utf-8")
    if (spec.parent / "data").is_dir():
        shutil.copytree(spec.parent / "data", tmp_path / "data")
    path = tmp_path / spec.name
    tokens = list(re.finditer(TOKEN, re.sub("#[^\n]*", lambda m: " " * len(m[0]), text)))
    draw = random.Random(7)
    mends = 0
    for _ in range(60):
        place = draw.randrange(len(tokens) - 1)
        here, after = tokens[place], tokens[place + 1]
        word = here[0]
        changed = draw.choice(
            [
                "",
                f"{word} {word}",
                f"{after[0]} {word}",
                word[: len(word) // 2] + word[len(word) // 2 + 1 :],
            ]
        )
        end = after.end() if changed.startswith(after[0]) and changed != word else here.end()
        broken = text[: here.start()] + changed + text[end:]
        path.write_text(broken, encoding="utf-8")
        before = errors(examine(path))
        result = mend(path)
        assert errors(result.left) <= before, broken
        mends += bool(result.files)
    assert mends >= 10
