"""The index of names: every word that stands for something, at its place, once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from cosmosql.model.modules import Modules, load_modules
from cosmosql.model.names import Declaration, Named
from cosmosql.model.occurrences import (
    Alias,
    Amount,
    Attributed,
    FieldName,
    FieldWord,
    File,
    Implementation,
    Index,
    KindName,
    MeasureName,
    SectionName,
    definition,
)
from cosmosql.model.report import Report
from cosmosql.syntax.tree import Number, Reference

ROOT = Path(__file__).parents[2]
SPECS = sorted(
    path
    for folder in ("examples", "stdlib")
    for path in (ROOT / folder).rglob("*.cosmos")
    if "build" not in path.parts
)


def loaded(path: Path) -> Modules:
    return load_modules(path, Report())


def nodes(value: object) -> Iterator[object]:
    """Every node of a tree."""
    yield value
    if isinstance(value, tuple):
        for item in value:
            yield from nodes(item)
    elif is_dataclass(value) and not isinstance(value, type) and hasattr(value, "span"):
        for field in fields(value):
            if field.name != "span":
                yield from nodes(getattr(value, field.name))


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_name_of_a_right_spec_has_its_meaning(path: Path) -> None:
    modules = loaded(path)
    found = Index().of(modules.spec)
    spans = [(item.span.start, item.span.end) for item in found]
    assert spans == sorted(set(spans))
    assert all(first[1] <= second[0] for first, second in pairwise(spans))
    starts = {start for start, _ in spans}
    for node in nodes(modules.spec.tree.declarations):
        if isinstance(node, Reference) and not node.wildcard and len(node.parts) > 1:
            assert {part.span.start for part in node.parts} <= starts or node.text.startswith(
                "std."
            )
        elif isinstance(node, Number) and node.unit is not None:
            assert node.span.start in starts, node.span.text
    for item in found:
        match item.meaning:
            case Declaration(block=block):
                assert item.span.text == block.name.text
            case Named(node=node):
                assert item.span.text == node.name.text
            case Alias(node=node):
                assert item.span.text == node.alias.text
            case KindName(kind=kind):
                assert item.span.text == kind.name
            case Implementation(word=word):
                assert item.span.text == word
            case FieldName(field=field):
                assert item.span.text == field.name
            case SectionName(section=section):
                assert item.span.text == section.name
            case Attributed(attribute=attribute):
                assert item.span.text == attribute.name.text
            case MeasureName(name=name):
                assert item.span.text == name
            case FieldWord(text=text):
                assert item.span.text == text
            case Amount(number=number):
                assert item.span == number.span
            case File():
                assert not item.defines


def meanings(tmp_path: Path, text: str) -> dict[str, str]:
    path = tmp_path / "spec.cosmos"
    path.write_text(text, encoding="utf-8")
    return {item.span.text: type(item.meaning).__name__ for item in Index().of(loaded(path).spec)}


def test_words_that_stand_for_nothing_have_no_entry(tmp_path: Path) -> None:
    found = meanings(
        tmp_path,
        "import std.hardware as hw\n\nstrategy x using nonsense {\n  on = hw.nothing\n"
        "  colour = blue\n}\n\nquery q {\n  for task.missing\n  maximize beauty\n}\n",
    )
    assert "nothing" not in found
    assert "nonsense" not in found
    assert "colour" not in found
    assert "missing" not in found
    assert "beauty" not in found
    assert found["hw"] == "Alias"
    assert found["on"] == "FieldName"


def test_a_bare_word_is_a_constant_where_there_is_one(tmp_path: Path) -> None:
    text = 'task t using classify {\n  input = "{x}"\n  target = label\n  metric = accuracy\n}\n'
    assert meanings(tmp_path, text)["label"] == "FieldWord"
    assert meanings(tmp_path, text)["accuracy"] == "MeasureName"
    assert meanings(tmp_path, f"let label = other\n\n{text}")["label"] == "Named"


def test_the_place_of_a_definition(tmp_path: Path) -> None:
    (tmp_path / "base.cosmos").write_text("hardware h {\n  memory = 1 GB\n}\n", encoding="utf-8")
    path = tmp_path / "spec.cosmos"
    path.write_text('import "./base.cosmos" as base\n\nlet a = base.h.memory\n', encoding="utf-8")
    modules = loaded(path)
    index = Index()
    text = modules.spec.tree.source.text
    for word, name, place in (
        ("memory", "base.cosmos", "memory"),
        ("h.mem", "base.cosmos", "h"),
        ("base.h", "spec.cosmos", "base"),
        ('"./base', "base.cosmos", ""),
    ):
        found = index.at(modules.spec, text.index(word))
        assert found is not None
        where = definition(found.meaning)
        assert where is not None
        assert (where[0].path.name, where[1].text) == (name, place)


def test_between_two_words_the_one_that_starts_counts(tmp_path: Path) -> None:
    path = tmp_path / "spec.cosmos"
    path.write_text("let a = 1\nlet b = a\n", encoding="utf-8")
    modules = loaded(path)
    index = Index()
    assert index.at(modules.spec, 4) is index.at(modules.spec, 5)
    assert index.at(modules.spec, 0) is None
