"""The TextMate grammar, run by a TextMate engine and compared with the parser."""

from __future__ import annotations

import json
import plistlib
from pathlib import Path

import pytest
from babi.highlight import Compiler, Grammars, highlight_line

from cosmosql.highlight.textmate import files as generated
from cosmosql.highlight.vocabulary import vocabulary
from cosmosql.resources import resource
from tests.highlight.specs import DAMAGED, KEYWORDS, ROOT, SAMPLE, files, scattered, terminals

Scoped = list[tuple[int, int, str]]


@pytest.fixture(scope="module")
def compiler(tmp_path_factory: pytest.TempPathFactory) -> Compiler:
    folder = tmp_path_factory.mktemp("grammars")
    (folder / "source.cosmos.json").write_bytes(generated()["cosmos.tmLanguage.json"])
    return Grammars(str(folder)).compiler_for_scope("source.cosmos")


def scoped(compiler: Compiler, text: str) -> Scoped:
    """Start, end and scopes of every region of a text."""
    state = compiler.root_state
    found: Scoped = []
    offset = 0
    for number, line in enumerate(text.splitlines(keepends=True)):
        state, regions = highlight_line(compiler, state, line, first_line=number == 0)
        found += [(offset + r.start, offset + r.end, " ".join(r.scope[1:])) for r in regions]
        offset += len(line)
    return found


def words(compiler: Compiler, text: str) -> list[tuple[str, str]]:
    """The words of a text, each with the innermost of its scopes."""
    return [
        (text[start:end].strip(), scopes.split()[-1].removesuffix(".cosmos"))
        for start, end, scopes in scoped(compiler, text)
        if scopes and text[start:end].strip()
    ]


def test_the_checked_in_files_are_current() -> None:
    """Made again with `python -m cosmosql.highlight.textmate`."""
    for name, content in generated().items():
        assert (ROOT / "grammar" / name).read_bytes() == content, name


def test_both_forms_of_the_grammar_say_the_same() -> None:
    made = json.loads((resource("grammar") / "cosmos.tmLanguage.json").read_bytes())
    del made["$schema"]
    assert plistlib.loads((resource("grammar") / "cosmos.tmLanguage").read_bytes()) == made


def test_the_manifest_names_files_that_exist() -> None:
    manifest = json.loads(generated()["package.json"])["contributes"]
    paths = [item["configuration"] for item in manifest["languages"]]
    paths += [item["path"] for item in manifest["grammars"]]
    assert len(paths) == 2
    assert {Path(path).name for path in paths} <= set(generated())


@pytest.mark.parametrize("name", sorted(files()))
def test_keywords_names_and_numbers_are_those_of_the_parser(compiler: Compiler, name: str) -> None:
    text = files()[name]
    scopes = [""] * len(text)
    for start, end, scope in scoped(compiler, text):
        scopes[start:end] = [scope] * (end - start)
    assert "invalid" not in " ".join(scopes)
    for terminal, start, end in terminals(text):
        found = scopes[start].split()[-1] if scopes[start] else ""
        keyword = found.startswith(("keyword.control", "keyword.other", "storage")) and (
            terminal != "NUMBER"
        )
        if terminal in KEYWORDS:
            assert keyword, (text[start:end], found)
        if terminal == "NAME":
            # A block's kind is a name to the parser, and a type to the eye.
            assert not keyword or found == "storage.type.cosmos", (text[start:end], found)
            assert found.startswith(("variable", "support", "entity", "storage.type.cosmos"))
        if terminal == "NUMBER":
            assert found == "constant.numeric.cosmos", (text[start:end], found)
        if terminal == "TEXT":
            assert all("string.quoted.double" in scope for scope in scopes[start:end])


def test_names_that_look_like_keywords_are_rarely_taken_for_them(compiler: Compiler) -> None:
    """No lexer without a parser tells them all: `measure with with within 3 USD`."""
    read = wrong = 0
    for text in scattered(60):
        scopes = {start: scope.split()[-1] for start, _, scope in scoped(compiler, text) if scope}
        for terminal, start, _ in terminals(text):
            found = scopes.get(start, "")
            keyword = found.startswith(("keyword.control", "keyword.other", "storage"))
            kind = found in ("storage.type.cosmos", "keyword.other.unit.cosmos")
            read += 1
            wrong += not kind and keyword != (terminal in KEYWORDS)
    assert read > 20_000
    assert wrong * 2_000 < read


def test_chosen_words(compiler: Compiler) -> None:
    found = words(compiler, SAMPLE)
    for expected in (
        ("language", "keyword.other.language"),
        ("##", "punctuation.definition.comment"),
        ("Doc of it.", "comment.line.documentation"),
        ("allow W0215, W0603", "keyword.other.directive"),
        (": the nightly job sets it", "comment.line.number-sign"),
        ("import", "keyword.control.import"),
        ("models", "entity.name.namespace"),
        ("./prices.cosmos", "string.quoted.double.path"),
        ("param", "storage.type.constant"),
        ("floor", "variable.other.constant"),
        ("82", "constant.numeric"),
        ("%", "keyword.other.unit"),
        ("1_200_000", "constant.numeric"),
        ("requests/month", "keyword.other.unit"),
        ("USD/GPU-hour", "keyword.other.unit"),
        ("template", "storage.modifier.template"),
        ("task", "storage.type"),
        ("root", "entity.name.type"),
        ("extends", "storage.modifier.extends"),
        ("classify", "support.class"),
        ("input", "support.type.property-name"),
        ("subject", "variable.interpolation"),
        ("\\n", "constant.character.escape"),
        ("{{", "constant.character.escape"),
        ("roles", "entity.name.section"),
        ("local", "support.constant"),
        ("confidence", "variable.other.property"),
        ("confidence", "variable.other"),
        ("confidence", "keyword.other"),
        ("require", "keyword.control"),
        ("macro_f1", "support.variable.measure"),
        ("strategy", "support.type.kind"),
        ("rag", "variable.other.member"),
        ("*", "keyword.operator.wildcard"),
        (">=", "keyword.operator.comparison"),
        ("sweep", "support.function"),
        ("true", "constant.language.boolean"),
    ):
        assert expected in found


def test_an_open_bracket_colours_nothing_beyond_the_next_declaration(compiler: Compiler) -> None:
    found = words(compiler, DAMAGED)
    assert ("strategy", "storage.type") in found
    assert ("next", "entity.name.type") in found
    assert ("rank", "support.type.property-name") in found
    assert ("parsecs", "invalid.illegal.unit") in found


@pytest.mark.parametrize("unit", vocabulary().units)
def test_every_unit_has_its_colour(compiler: Compiler, unit: str) -> None:
    assert (unit, "keyword.other.unit") in words(compiler, f"let x = 3 {unit}\n")
    assert (f"{unit}x", "keyword.other.unit") not in words(compiler, f"let x = 3 {unit}x\n")


def test_words_come_from_the_tables() -> None:
    known = vocabulary()
    assert known.clauses["require"] == ("with", "confidence")
    assert known.clauses["maximize"] == known.clauses["minimize"] == ()
    assert {"for", "among", "measure", "decide", "escalate"} <= set(known.clauses)
    assert {"jsonl", "lora", "cascade", "classify"} <= set(known.implementations)
    assert {"source", "rank", "money", "corpus"} <= set(known.attributes)
    assert {"accuracy", "serve_cost"} <= set(known.measures)
