"""From a name to its declaration, to its uses, and to another name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cosmosql.lsp.navigation import RenameRefused, definition_of, references, renamable, rename
from cosmosql.model.boundary import Boundary

BASE = """\
import "./prices.cosmos" as prices

param floor = 82%

dataset rows using jsonl {
  source = "rows.jsonl"
}

task tickets using classify {
  data = dataset.rows
  input = "{text}"
  target = label
}

template strategy cheap using prompt {
  on = prices.box
}
"""

PRICES = """\
hardware box {
  price = 1 USD/GPU-hour
  source = "here"
  as_of = "2026-01-31"
}
"""

SPEC = """\
import "./base.cosmos" as base
import std.models as models

let limit = base.floor + 1 pp

strategy small extends base.strategy.cheap {
  model = models.qwen2_5_0_5b
}

policy tiers using auto {
  over = [strategy.small]
}

query pick {
  for base.task.tickets
  among strategy.small, policy.tiers
  measure within 2 * base.prices.box.price * 1 GPU-hours
  maximize accuracy
  require accuracy >= limit
  require strategy.small.accuracy >= base.floor
}
"""


def where(location: Any) -> tuple[str, str]:
    """The name of the file and the line, with the word marked."""
    span = location.span
    line_start = span.source.text.rfind("\n", 0, span.start) + 1
    before = span.source.text[line_start : span.start]
    return location.place.uri.rsplit("/", 1)[1], f"{before}>{span.text}"


def at(desk: Any, marked: str) -> tuple[Any, Any, int]:
    """The spec with a cursor at the place that a fragment of it marks."""
    fragment = marked.replace("|", "", 1)
    assert SPEC.count(fragment) == 1
    text = SPEC.replace(fragment, marked)
    snapshot = desk.open(text, base=BASE, prices=PRICES)
    return desk.workspace, snapshot, desk.offset


@pytest.mark.parametrize(
    ("marked", "file", "line"),
    [
        ("strategy.sm|all]", "spec.cosmos", "strategy >small"),
        ("base.task.tick|ets", "base.cosmos", "task >tickets"),
        ("b|ase.task.tickets", "spec.cosmos", 'import "./base.cosmos" as >base'),
        ('"./ba|se.cosmos"', "base.cosmos", ">"),
        ('base.cosmos" as ba|se', "base.cosmos", ">"),
        ("base.strategy.che|ap", "base.cosmos", "template strategy >cheap"),
        ("limit = base.flo|or", "base.cosmos", "param >floor"),
        (">= lim|it", "spec.cosmos", "let >limit"),
        ("base.pri|ces.box", "base.cosmos", 'import "./prices.cosmos" as >prices'),
        ("prices.bo|x.price", "prices.cosmos", "hardware >box"),
        ("box.pr|ice", "prices.cosmos", "  >price"),
        ("models.qwen2_5_0|_5b", "models.cosmos", "model >qwen2_5_0_5b"),
    ],
)
def test_definitions(desk: Any, marked: str, file: str, line: str) -> None:
    found = definition_of(*at(desk, marked))
    assert found is not None
    assert where(found) == (file, line)


@pytest.mark.parametrize(
    "marked", ["maxi|mize", "accuracy\n  re|quire", "quer|y", "us|ing", "{|\n  for"]
)
def test_words_of_the_language_are_declared_nowhere(desk: Any, marked: str) -> None:
    assert definition_of(*at(desk, marked)) is None


def test_references_in_all_files(desk: Any) -> None:
    found = references(*at(desk, "limit = base.flo|or"), declaration=True)
    assert [where(item) for item in found] == [
        ("base.cosmos", "param >floor"),
        ("spec.cosmos", "let limit = base.>floor"),
        ("spec.cosmos", "  require strategy.small.accuracy >= base.>floor"),
    ]
    used = references(*at(desk, "limit = base.flo|or"), declaration=False)
    assert len(used) == 2


def test_references_in_files_that_are_not_open(desk: Any, tmp_path: Any) -> None:
    desk.open(SPEC, base=BASE, prices=PRICES)
    (tmp_path / "sub").mkdir()
    (tmp_path / "other.cosmos").write_text(
        'import "./prices.cosmos" as mine\n\nlet a = mine.box.price\n', encoding="utf-8"
    )
    snapshot = desk.buffer("prices.cosmos", PRICES)
    found = references(desk.workspace, snapshot, PRICES.index("box"), declaration=False)
    assert [where(item)[0] for item in found] == ["base.cosmos", "other.cosmos", "spec.cosmos"]


def renamed(desk: Any, marked: str, name: str) -> dict[str, str]:
    """The files after a renaming."""
    workspace, snapshot, offset = at(desk, marked)
    texts: dict[str, str] = {}
    for location in sorted(
        rename(workspace, snapshot, offset, name), key=lambda item: -item.span.start
    ):
        file = location.place.uri.rsplit("/", 1)[1]
        text = texts.get(file, location.span.source.text)
        texts[file] = text[: location.span.start] + name + text[location.span.end :]
    return texts


@pytest.mark.parametrize(
    ("marked", "old", "new", "files"),
    [
        ("strategy.sm|all]", "small", "little", {"spec.cosmos": 4}),
        ("base.strategy.che|ap", "cheap", "poor", {"spec.cosmos": 1, "base.cosmos": 1}),
        ("limit = base.flo|or", "floor", "least", {"spec.cosmos": 2, "base.cosmos": 1}),
        (">= lim|it", "limit", "least", {"spec.cosmos": 2}),
        ("ba|se.task.tickets", "base", "mother", {"spec.cosmos": 6}),
        (
            "prices.bo|x.price",
            "box",
            "crate",
            {"spec.cosmos": 1, "base.cosmos": 1, "prices.cosmos": 1},
        ),
        ("policy ti|ers", "tiers", "levels", {"spec.cosmos": 2}),
        ("query pi|ck", "pick", "take", {"spec.cosmos": 1}),
    ],
)
def test_renaming(desk: Any, marked: str, old: str, new: str, files: dict[str, int]) -> None:
    before = {"spec.cosmos": SPEC, "base.cosmos": BASE, "prices.cosmos": PRICES}
    after = renamed(desk, marked, new)
    assert {
        name: text.count(new) - before[name].count(new) for name, text in after.items()
    } == files
    desk.open(
        after.get("spec.cosmos", SPEC),
        base=after.get("base.cosmos", BASE),
        prices=after.get("prices.cosmos", PRICES),
    )
    snapshot = desk.workspace.snapshot(next(iter(desk.workspace.documents)))
    assert [item for item in snapshot.diagnostics if item.code.startswith("E")] == []


@pytest.mark.parametrize(
    ("marked", "name", "reason"),
    [
        ("strategy.sm|all]", "2nd", "starts with no digit"),
        ("strategy.sm|all]", "größer", "letters, digits"),
        (">= lim|it", "true", "value of the language"),
        (">= lim|it", "accuracy", "something else"),
        (">= lim|it", "strategy", "E0204"),
        (">= lim|it", "base", "something else"),
        ("ba|se.task.tickets", "models", "something else"),
        ("models.qwen2_5_0|_5b", "mine", "not declared in a file of yours"),
        ("maxi|mize", "mine", "not declared in a file of yours"),
    ],
)
def test_names_that_are_refused(desk: Any, marked: str, name: str, reason: str) -> None:
    with pytest.raises(RenameRefused, match=reason):
        rename(*at(desk, marked), name)


def test_a_constant_does_not_catch_a_word(desk: Any) -> None:
    """`target = label` names a column; a constant `label` would take its place."""
    text = (
        'param share = 1\n\ndataset rows using jsonl {\n  source = "rows.jsonl"\n}\n\n'
        'task t using classify {\n  data = dataset.rows\n  input = "{text}"\n  target = label\n}\n'
    )
    snapshot = desk.open(text)
    with pytest.raises(RenameRefused, match="something else"):
        rename(desk.workspace, snapshot, text.index("share"), "label")


def test_a_damaged_file_is_not_renamed_in(desk: Any) -> None:
    text = "param floor = 1%\n\nlet b = floor\n\nstrategy x using {\n}\n"
    snapshot = desk.open(text)
    with pytest.raises(RenameRefused, match="mend the syntax errors"):
        rename(desk.workspace, snapshot, text.index("floor"), "least")


def test_the_standard_library_is_not_renamed_in(desk: Any) -> None:
    standard = Boundary.around(Path()).standard
    text = (standard / "hardware.cosmos").read_text(encoding="utf-8")
    document = desk.workspace.documents.put((standard / "hardware.cosmos").as_uri(), text, 1)
    snapshot = desk.workspace.snapshot(document)
    assert renamable(snapshot, text.index("hardware cpu {") + len("hardware ")) is None


def test_what_can_be_renamed(desk: Any) -> None:
    _, snapshot, offset = at(desk, "strategy.sm|all]")
    span = renamable(snapshot, offset)
    assert span is not None
    assert span.text == "small"
    _, snapshot, offset = at(desk, "box.pr|ice")
    assert renamable(snapshot, offset) is None
