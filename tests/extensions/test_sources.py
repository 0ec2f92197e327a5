"""Sources: what they read, and what they say of files that cannot be read."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import cast

import pytest

from cosmosql.contracts.source import Part, RowSource
from cosmosql.diagnostics.diagnostic import Diagnostic, InputError
from cosmosql.schema.registry import extension, load, names
from cosmosql.source import Source, Span

SPAN = Span(Source("spec.cosmos", "dataset rows"), 8, 12)


def read(kind: str, root: Path, **options: object) -> tuple[Part, ...]:
    described = extension("dataset", kind)
    defaults = {item.name: item.default for item in described.options if item.default is not None}
    source = cast(RowSource, load(described))
    return source.load({**defaults, **options}, root=root, span=SPAN)


def refused(kind: str, root: Path, **options: object) -> tuple[Diagnostic, ...]:
    with pytest.raises(InputError) as error:
        read(kind, root, **options)
    assert all(item.labels[0].span == SPAN for item in error.value.diagnostics)
    return error.value.diagnostics


def codes(found: tuple[Diagnostic, ...]) -> list[str]:
    return [item.code for item in found]


def test_every_source_describes_itself() -> None:
    assert names("dataset") == ("csv", "generated", "hf", "jsonl", "parquet")
    for name in names("dataset"):
        described = extension("dataset", name)
        assert (described.kind, described.name) == ("dataset", name)
        assert hasattr(load(described), "load")


def test_jsonl_skips_blank_lines_and_keeps_line_numbers(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes('\ufeff{"a": 1}\n\n{"a": "ü"}\n'.encode())
    (part,) = read("jsonl", tmp_path, source="a.jsonl")
    assert part.rows == ({"a": 1}, {"a": "ü"})
    assert part.lines == (1, 3)
    assert (part.origin, part.role) == ("a.jsonl", None)


@pytest.mark.parametrize(("kind", "text"), [("jsonl", '{"a": "1"}\n'), ("csv", "a\n1\n")])
def test_packed_rows_are_read_as_unpacked_ones(tmp_path: Path, kind: str, text: str) -> None:
    (tmp_path / f"a.{kind}.gz").write_bytes(gzip.compress(text.encode()))
    (part,) = read(kind, tmp_path, source=f"a.{kind}.gz")
    assert part.rows == ({"a": "1"},)
    (tmp_path / "cut.gz").write_bytes(gzip.compress(text.encode())[:-5])
    assert codes(refused(kind, tmp_path, source="cut.gz")) == ["E0517"]


def test_a_table_that_is_read_as_jsonl_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n3,4\n", encoding="utf-8")
    (found,) = refused("jsonl", tmp_path, source="a.csv")
    assert (found.code, found.help) == ("E0517", "write `using csv`")


def test_jsonl_tells_every_bad_line(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"a": 1}\n[1]\n{"a": \n\xff\xfe\n{"a": 2}\n')
    found = refused("jsonl", tmp_path, source="a.jsonl")
    assert sorted(codes(found)) == ["E0517", "E0517", "E0518"]
    places = [item.notes[0] for item in found]
    assert any(place.startswith("a.jsonl:2: no JSON object") for place in places)
    assert any(place.startswith("a.jsonl:3: no JSON (") for place in places)
    assert any(place.startswith("a.jsonl:4 holds bytes") for place in places)


def test_jsonl_survives_hostile_nesting(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("[" * 200_000 + "\n")
    assert codes(refused("jsonl", tmp_path, source="a.jsonl")) == ["E0517"]


def test_jsonl_refuses_half_letters(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"a": "\\ud83d\\ude00"}\n{"a": "\\ud83d"}\n')
    (found,) = refused("jsonl", tmp_path, source="a.jsonl")
    assert found.code == "E0517"
    assert found.notes[0].startswith("a.jsonl:2: half")


def test_a_name_that_the_system_refuses(tmp_path: Path) -> None:
    assert codes(refused("jsonl", tmp_path, source="x" * 5000)) == ["E0511"]
    assert codes(refused("csv", tmp_path, source=".")) == ["E0511"]


def test_roles_by_file_and_findings_of_all_files(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"a": 1}\n')
    (tmp_path / "b.jsonl").write_text('{"a": 2}\n')
    parts = read("jsonl", tmp_path, source=("a.jsonl",), test=("b.jsonl",))
    assert [(part.role, len(part.rows)) for part in parts] == [(None, 1), ("test", 1)]
    found = refused("jsonl", tmp_path, train=("aa.jsonl",), test=("b.json",))
    assert codes(found) == ["E0511", "E0511"]
    assert found[0].help == "did you mean `a.jsonl`?"


def test_csv(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('text,label\n"two\nlines",a\n\nplain,b\n')
    (part,) = read("csv", tmp_path, source="a.csv")
    assert part.rows == ({"text": "two\nlines", "label": "a"}, {"text": "plain", "label": "b"})
    assert part.lines[0] == 2
    (tmp_path / "a.tsv").write_text("text\tlabel\na,b\tc\n")
    (part,) = read("csv", tmp_path, source="a.tsv", delimiter="\t")
    assert part.rows == ({"text": "a,b", "label": "c"},)


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a,b\n1\n", ","),
        ("a,b\n1,2,3\n", ","),
        ("a,a\n1,2\n", ","),
        ('a,b\n"1,2\n', ","),
        ("a,b\n1,2\n", ";;"),
    ],
)
def test_csv_refuses(tmp_path: Path, text: str, delimiter: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    assert codes(refused("csv", tmp_path, source="a.csv", delimiter=delimiter)) == ["E0517"]


def test_csv_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("text,label\nmüde,a\n".encode("latin-1"))
    assert codes(refused("csv", tmp_path, source="a.csv")) == ["E0518"]


def test_parquet(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    table = pyarrow.table({"text": ["a", "b"], "n": [1.5, float("nan")], "raw": [b"x", b"y"]})
    parquet.write_table(table, tmp_path / "a.parquet")
    (part,) = read("parquet", tmp_path, source="a.parquet")
    assert part.rows == ({"text": "a", "n": 1.5}, {"text": "b", "n": None})
    (tmp_path / "b.parquet").write_text("no table")
    assert codes(refused("parquet", tmp_path, source="b.parquet")) == ["E0517"]


def test_hugging_face_directories(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["no", "yes"])}
    )
    rows = {"text": ["a", "b", "c"], "label": [1, 0, -1]}
    table = datasets.Dataset.from_dict(rows, features=features)
    datasets.DatasetDict({"train": table, "test": table.select([0])}).save_to_disk(tmp_path / "d")
    parts = read("hf", tmp_path, source="./d", train="train", test="test")
    assert [part.role for part in parts] == ["train", "test"]
    assert parts[0].rows == (
        {"text": "a", "label": "yes"},
        {"text": "b", "label": "no"},
        {"text": "c", "label": None},
    )
    assert codes(refused("hf", tmp_path, source="./d", test="tset")) == ["E0516"]
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "train.jsonl").write_text('{"text": "a"}\n')
    (part,) = read("hf", tmp_path, source="./files")
    assert part.rows == ({"text": "a"},)


def test_generated_rows_do_not_depend_on_their_number(tmp_path: Path) -> None:
    (few,) = read("generated", tmp_path, task="desk", rows=5, seed=1)
    (many,) = read("generated", tmp_path, task="desk", rows=9, seed=1)
    assert many.rows[:5] == few.rows
