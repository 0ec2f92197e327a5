"""The schema: the registry, kinds against the program's values, generated and written docs."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import fields
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from cosmosql.diagnostics.diagnostic import InputError
from cosmosql.schema import registry
from cosmosql.schema.builtin import BUILTIN
from cosmosql.schema.examples import EXAMPLES
from cosmosql.schema.fields import Extension, Field, FieldType
from cosmosql.schema.kinds import DEFAULT_SHARES, KINDS, METERS
from cosmosql.schema.measures import COSTS, MEASURES
from cosmosql.schema.reference import reference
from cosmosql.schema.types import TYPES
from cosmosql.units import Quantity

ROOT = Path(__file__).resolve().parents[2]

DIMENSIONS = {
    Quantity.parse(text).dimension.name
    for text in (
        "1 USD",
        "1 s",
        "1 GPU-hour",
        "1 token",
        "1 request",
        "1 label",
        "1 GB",
        "1 GB/s",
        "1 TFLOP/s",
        "1 USD/request",
        "1 USD/Mtok",
        "1 USD/GPU-hour",
        "1 token/request",
    )
}


def every_field() -> list[Field]:
    found = [field for kind in KINDS.values() for field in kind.fields]
    found += [f for kind in KINDS.values() for section in kind.sections for f in section.fields]
    for kind, name, _ in BUILTIN:
        found += registry.extension(kind, name).options
    return found


@pytest.mark.parametrize(("kind", "name", "module"), BUILTIN)
def test_a_built_in_extension_describes_itself(kind: str, name: str, module: str) -> None:
    described = registry.extension(kind, name)
    assert (described.kind, described.name) == (kind, name)
    assert described.doc
    own = {field.name for field in described.options}
    common = {field.name for field in KINDS[kind].fields} if kind in KINDS else set()
    assert not own & common


def test_fields_are_consistent() -> None:
    for field in every_field():
        assert field.doc.strip()
        assert not (field.required and field.default is not None)
        if field.type is FieldType.QUANTITY:
            assert field.dimension in DIMENSIONS
        if field.type is FieldType.REFERENCE:
            assert field.target in KINDS
        if field.many and field.default is not None:
            assert isinstance(field.default, tuple)
        if field.choices and isinstance(field.default, str):
            assert field.default in field.choices


def test_measures_and_meters() -> None:
    assert {dimension for dimension, _ in MEASURES.values()} <= DIMENSIONS
    assert set(COSTS) <= set(MEASURES)
    assert abs(sum(DEFAULT_SHARES.values()) - 1) < 1e-12
    for section in KINDS["budget"].sections:
        assert {field.name for field in section.fields} <= set(METERS)


def test_unknown_extension() -> None:
    with pytest.raises(InputError) as error:
        registry.extension("retriever", "bm26")
    (found,) = error.value.diagnostics
    assert (found.code, found.help) == ("E0501", "did you mean `bm25`?")


def test_a_missing_package_says_what_to_install() -> None:
    described = Extension(
        kind="retriever",
        name="x",
        doc="x",
        options=(),
        implementation="package_that_is_not_there:X",
        extra="hf",
    )
    with pytest.raises(InputError) as error:
        registry.load(described)
    (found,) = error.value.diagnostics
    assert found.code == "E0502"
    assert found.help == "install it: pip install 'cosmosql[hf]'"
    assert "package_that_is_not_there" in found.notes[0]


def test_extensions_of_other_packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "colbert_plugin.py").write_text(
        "from cosmosql.schema.fields import Extension\n"
        "EXTENSION = Extension(kind='retriever', name='colbert', doc='Late interaction.', "
        "options=(), implementation='colbert_plugin:ANSWER')\n"
        "ANSWER = 42\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    point = EntryPoint("retriever.colbert", "colbert_plugin", registry.ENTRY_POINT_GROUP)
    mine = EntryPoint("retriever.bm25", "colbert_plugin", registry.ENTRY_POINT_GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [point, mine])
    registry._places.cache_clear()
    try:
        assert "colbert" in registry.names("retriever")
        assert registry.load(registry.extension("retriever", "colbert")) == 42
        assert registry.extension("retriever", "bm25").name == "bm25"
    finally:
        monkeypatch.undo()
        registry._places.cache_clear()


def test_describing_extensions_is_light() -> None:
    code = (
        "import sys\n"
        "from cosmosql.schema.builtin import BUILTIN\n"
        "from cosmosql.schema.registry import extension\n"
        "[extension(kind, name) for kind, name, _ in BUILTIN]\n"
        "heavy = {'torch', 'transformers', 'sklearn', 'bm25s', 'datasets', 'pyarrow', 'scipy'}\n"
        "sys.exit(' '.join(sorted(heavy & set(sys.modules))) or 0)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, cwd=ROOT
    )
    assert run.stderr.strip() == ""
    assert run.returncode == 0


def test_the_reference_is_current() -> None:
    page = ROOT / "docs" / "language" / "reference.md"
    assert page.read_text(encoding="utf-8") == reference(), (
        "renew it: python -m cosmosql.schema.reference > docs/language/reference.md"
    )


def test_the_examples_are_one_spec_without_mistakes(tmp_path: Path) -> None:
    from cosmosql.model.bind import bind

    assert list(EXAMPLES) == list(KINDS)
    spec = tmp_path / "spec.cosmos"
    spec.write_text("\n".join(EXAMPLES.values()), encoding="utf-8")
    program, found = bind(spec)
    assert found == ()
    assert program


def test_every_type_is_explained() -> None:
    assert list(TYPES) == list(FieldType)


def test_every_kind_is_in_the_glossary() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    words = re.findall(r"^\| ([a-z ]+) \|", text, re.M)[1:]
    assert set(KINDS) <= set(words)
    assert words == sorted(words)


def test_attributes_are_fields_of_the_program() -> None:
    from cosmosql.model import program

    renamed = {"data": "dataset", "id": "identifier", "stays": "stays_local", "on": "hardware"}
    renamed |= {"model": "models", "retriever": "retrievers", "stages": "over"}
    renamed |= {"source": "source", "as_of": "as_of"}
    for kind in KINDS.values():
        own = {field.name for field in fields(getattr(program, kind.name.capitalize()))}
        for attribute in kind.fields:
            name = renamed.get(attribute.name, attribute.name)
            assert name in own or f"price_{name}" in own, (kind.name, attribute.name)
