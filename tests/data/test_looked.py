"""`check --cache`: a look that found nothing is not made again until something changes."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import pytest

from cosmosql import compiler
from cosmosql.compiler import examine
from cosmosql.data import looked
from cosmosql.data.looked import Looks
from cosmosql.diagnostics.diagnostic import Findings
from cosmosql.model.program import Dataset, Roles
from cosmosql.source import Source, Span

SPEC = """
import std.hardware as hw
import std.tiny as tiny

dataset questions using jsonl {
  source = "rows.jsonl"
}

task intent using classify {
  data = dataset.questions
  input = "{text}"
  target = label
  labels = [card, cash]
}

strategy asked using prompt {
  model = tiny.small
  on = hw.cpu
}

query pick {
  for task.intent
  among strategy.asked
  measure within 1 USD
  maximize accuracy
}
"""
ROW = '{"text": "question %d", "label": "%s"}\n'

Check = Callable[[], Findings]


class Counted:
    """Counts how often the rows are looked at."""

    def __init__(self) -> None:
        self.times = 0


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "task.cosmos"
    path.write_text(SPEC, encoding="utf-8")
    rows = (ROW % (number, ("card", "cash")[number % 2]) for number in range(2000))
    (tmp_path / "rows.jsonl").write_text("".join(rows), encoding="utf-8")
    return path


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    found = Counted()
    look = compiler.rows.examine_data

    def looking(program: compiler.Program) -> object:
        found.times += 1
        return look(program)

    monkeypatch.setattr(compiler.rows, "examine_data", looking)
    return found


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_second_look_is_not_made(spec: Path, counted: Counted, tmp_path: Path) -> None:
    looks = Looks(tmp_path / "new" / "cache")
    first, second = examine(spec, looks=looks), examine(spec, looks=looks)
    assert (counted.times, looks.problem) == (1, None)
    assert first == second == examine(spec)
    assert first.told == ()
    assert len(list(looks.directory.iterdir())) == 1


def test_places_and_docs_do_not_count(spec: Path, counted: Counted, tmp_path: Path) -> None:
    looks = Looks(tmp_path / "cache")
    examine(spec, looks=looks)
    edit(spec, "task intent", "\n# A remark.\n## What is asked.\ntask intent")
    examine(spec, looks=looks, today=datetime.date(2026, 11, 20))
    assert counted.times == 1


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("rows.jsonl", "question 7", "question seven"),
        ("task.cosmos", "[card, cash]", "[cash, card]"),
        ("task.cosmos", "within 1 USD", "within 2 USD"),
        ("task.cosmos", '"{text}"', '"Q: {text}"'),
    ],
)
def test_what_it_depends_on_makes_it_new(
    spec: Path, counted: Counted, tmp_path: Path, name: str, old: str, new: str
) -> None:
    looks = Looks(tmp_path / "cache")
    examine(spec, looks=looks)
    edit(spec.parent / name, old, new)
    assert not any(item.code.startswith("E") for item in examine(spec, looks=looks).told)
    assert counted.times == 2


def test_another_version_looks_again(
    spec: Path, counted: Counted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = Looks(tmp_path / "cache")
    examine(spec, looks=looks)
    monkeypatch.setattr(looked, "__version__", "9.9.9")
    examine(spec, looks=looks)
    assert counted.times == 2


def test_another_version_of_a_plugin_looks_again(
    spec: Path, counted: Counted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = Looks(tmp_path / "cache")
    installed = ["colbert 1"]
    monkeypatch.setattr(looked, "plugin_versions", lambda: tuple(installed))
    examine(spec, looks=looks)
    examine(spec, looks=looks)
    assert counted.times == 1
    installed[:] = ["colbert 2"]
    examine(spec, looks=looks)
    assert counted.times == 2


def test_the_names_of_files_count(tmp_path: Path) -> None:
    """In a directory a file's name says which split it holds."""
    directory = tmp_path / "table"
    directory.mkdir()
    dataset = Dataset(
        name="dataset.rows",
        doc=None,
        span=Span(Source("spec.cosmos", ""), 0, 0),
        using="hf",
        options={"source": "table"},
        roles=Roles(column=None, amounts={}),
        group=None,
        identifier=None,
        stays_local=False,
        root=tmp_path,
    )
    file = directory / "train.csv"
    file.write_text("text\n", encoding="utf-8")
    before = looked.look_name(None, [dataset])
    assert before == looked.look_name(None, [dataset]) is not None
    file.rename(directory / "validation.csv")
    assert looked.look_name(None, [dataset]) not in (None, before)


@pytest.mark.parametrize("damage", ["", "cosmosql", "\u00e9"])
def test_findings_and_damaged_entries_are_not_believed(
    spec: Path, counted: Counted, tmp_path: Path, damage: str
) -> None:
    looks = Looks(tmp_path / "cache")
    examine(spec, looks=looks)
    (entry,) = looks.directory.iterdir()
    entry.write_text(damage, encoding="utf-8")
    assert examine(spec, looks=looks).told == ()
    assert counted.times == 2
    edit(spec.parent / "rows.jsonl", '"label": "cash"', '"label": "csah"')
    for _ in range(2):
        assert [item.code for item in examine(spec, looks=looks).told] == ["E0514"]
    assert counted.times == 4
    assert len(list(looks.directory.iterdir())) == 1


def test_a_directory_that_cannot_be_written_costs_the_look_alone(
    spec: Path, counted: Counted, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    looks = Looks(tmp_path / "file")
    assert examine(spec, looks=looks) == examine(spec)
    assert isinstance(looks.problem, OSError)
    assert counted.times == 2


def test_rows_that_cannot_be_read_are_told_each_time(spec: Path, tmp_path: Path) -> None:
    (spec.parent / "rows.jsonl").unlink()
    looks = Looks(tmp_path / "cache")
    for _ in range(2):
        assert [item.code for item in examine(spec, looks=looks).told] == ["E0511"]
    assert not looks.directory.exists()
