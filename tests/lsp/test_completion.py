"""What is proposed where: the `|` is the cursor, in texts that are broken there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cosmosql.lsp.completion import complete
from cosmosql.lsp.proposals import Proposal
from cosmosql.schema.kinds import KINDS

HEAD = """\
import std.hardware as hw
import std.models as models

param floor = 82%

dataset rows using jsonl {
  source = "rows.jsonl"
}

task tickets using classify {
  data = dataset.rows
  input = "{text}"
  target = label
}

strategy rag using icl {
  model = models.qwen2_5_0_5b
  on = hw.l4
}

template strategy cheap using icl {
  on = hw.l4
}

"""

ROWS = json.dumps({"text": "a", "label": "b", "customer id": 1, "subject": "c"}) + "\n"


def proposed(desk: Any, marked: str, **files: str) -> dict[str, Proposal]:
    snapshot = desk.open(HEAD + marked, **{"rows.jsonl": ROWS}, **files)
    return {item.label: item for item in complete(snapshot, desk.offset)}


def after(desk: Any, marked: str, label: str, **files: str) -> str:
    """The text once a proposal was taken."""
    found = proposed(desk, marked, **files)[label]
    text = marked.replace("|", "", 1)
    cursor = marked.index("|")
    start = found.start - len(HEAD)
    return text[:start] + found.written + text[cursor:]


@pytest.mark.parametrize(
    ("marked", "present", "absent"),
    [
        ("|", [*KINDS, "import", "param", "let", "template"], ["rank"]),
        ("str|", ["strategy"], []),
        ("template |", ["strategy"], ["import", "template"]),
        ("import |", ["std"], []),
        ("import std.|", ["models", "hardware", "tiny", "probes"], ["std"]),
        ("import std.tiny |", ["as"], []),
        ("strategy x |", ["using", "extends"], []),
        ("strategy x using |", ["icl", "lora", "qlora", "prompt", "baseline"], ["jsonl"]),
        ("task x using |", ["classify", "choose", "generate", "extract"], []),
        ("strategy x extends |", ["strategy.rag", "strategy.cheap"], ["dataset.rows"]),
        ("strategy x extends strategy.|", ["rag", "cheap"], []),
        ("strategy x extends strategy.rag |", ["using"], ["extends"]),
        ("probe x |", ["extends"], ["using"]),
        ("strategy x using lora {\n  |\n}", ["rank", "model", "epochs"], ["shots"]),
        ("strategy x using lora {\n  rank = 8\n  |\n}", ["epochs"], ["rank"]),
        ("strategy x using lora {\n  |\n  rank = 8\n}", ["epochs"], ["rank"]),
        ("strategy x using lora {\n  model = |\n}", ["models", "floor", "sweep"], ["hw"]),
        ("strategy x using lora {\n  model = models.|\n}", ["qwen2_5_0_5b"], ["floor"]),
        ("strategy x using lora {\n  model = models.model.|\n}", ["qwen2_5_0_5b"], []),
        ("strategy x using lora {\n  on = |\n}", ["hw"], ["models", "sweep"]),
        ("strategy x using lora {\n  on = hw.l|\n}", ["l4"], []),
        ("strategy x extends strategy.rag {\n  |\n}", ["shots", "model"], []),
        ("task x using classify {\n  |\n}", ["data", "input", "target", "metric"], ["shots"]),
        ("task x using classify {\n  data = |\n}", ["dataset.rows"], ["strategy.rag"]),
        ("task x using classify {\n  metric = |\n}", ["accuracy", "macro_f1"], ["latency"]),
        ("task x {\n  data = dataset.rows\n  target = |\n}", ["label", "text"], []),
        ('task x {\n  data = dataset.rows\n  input = "{|\n}', ["label", "text"], ["floor"]),
        ('task x {\n  data = dataset.rows\n  input = "a: {te|}"\n}', ["text"], []),
        ('task x {\n  data = dataset.rows\n  input = "{{|"\n}', [], ["text"]),
        ('task x {\n  instruction = "{|"\n}', ["labels"], ["text"]),
        ("dataset rows2 using jsonl {\n  |\n}", ["source", "roles", "group"], []),
        ("dataset r using jsonl {\n  roles {\n    |\n  }\n}", ["train", "test"], ["roles"]),
        ("dataset r using jsonl {\n  stays = |\n}", ["local", "anywhere"], []),
        ("policy p using cascade {\n  |\n}", ["stages", "escalate", "signal"], ["for"]),
        ("policy p using cascade {\n  signal = |\n}", ["margin", "entropy"], []),
        ("policy p using cascade {\n  stages = [|\n}", ["strategy.rag", "strategy.*"], []),
        ("policy p using cascade {\n  escalate |\n}", ["to", "when"], []),
        ("policy p using cascade {\n  escalate to |\n}", ["strategy.rag"], []),
        (
            "policy p using cascade {\n  escalate to strategy.rag when |\n}",
            ["margin"],
            ["entropy"],
        ),
        (
            "query q {\n  |\n}",
            ["for", "among", "measure", "maximize", "minimize", "require", "decide"],
            ["escalate"],
        ),
        ("query q {\n  maximize accuracy\n  |\n}", ["for", "require"], ["maximize", "minimize"]),
        ("query q {\n  require accuracy > 1%\n  |\n}", ["require"], []),
        ("query q {\n  for |\n}", ["task.tickets"], ["strategy.rag"]),
        ("query q {\n  among |\n}", ["strategy.rag", "strategy.*"], ["strategy.cheap"]),
        ("query q {\n  among strategy.rag, strategy.|\n}", ["rag", "*"], []),
        ("query q {\n  measure |\n}", ["with", "within"], []),
        ("query q {\n  maximize |\n}", ["accuracy", "serve_cost", "floor"], []),
        ("query q {\n  require strategy.rag.|\n}", ["accuracy", "serve_cost"], ["model"]),
        ("query q {\n  require accuracy >= |\n}", ["floor"], []),
        ("query q {\n  require accuracy >= floor |\n}", ["with confidence"], []),
        ("query q {\n  measure within 3 |\n}", ["USD", "min", "GPU-hours"], []),
        ("query q {\n  decide |\n}", ["within"], []),
        ("hardware h {\n  memory = 24 |\n}", ["GiB", "GB"], ["USD"]),
        ("hardware h {\n  price = 2 |\n}", ["USD/GPU-hour"], ["GiB"]),
        ("param cost = 3 U|", ["USD"], []),
        ("param cost = hw.h100.|", ["price", "memory"], []),
        ("let a = 1 # |", [], ["USD", "floor"]),
        ("# allow |\nlet a = 1", ["W0215", "W0603"], ["dataset"]),
        ("let a = 1  # allow W06|", ["W0601", "W0603"], ["E0201"]),
        ('dataset x using jsonl {\n  source = "|', ["rows.jsonl"], []),
    ],
)
def test_proposals(desk: Any, marked: str, present: list[str], absent: list[str]) -> None:
    found = proposed(desk, marked)
    assert [label for label in present if label not in found] == []
    assert [label for label in absent if label in found] == []


@pytest.mark.parametrize(
    ("marked", "label", "text"),
    [
        ("str|", "strategy", "strategy "),
        ("import std.ti|", "tiny", "import std.tiny as tiny"),
        ("strategy x using lora {\n  ra|\n}", "rank", "strategy x using lora {\n  rank = \n}"),
        ("param a = 40|", "USD", "param a = 40 USD"),
        ("param a = 40 U|", "USD", "param a = 40 USD"),
        ("param a = 40|", "%", "param a = 40%"),
        ('task x {\n  data = dataset.rows\n  input = "{te|', "text", None),
        ('task x {\n  data = dataset.rows\n  input = "{te|}"\n}', "text", None),
        ('import "./ot|', "other.cosmos", 'import "./other.cosmos'),
        ('import "ot|', "other.cosmos", 'import "./other.cosmos'),
        ('import "./sub/|', "deep.cosmos", 'import "./sub/deep.cosmos'),
        ("import |", "std", "import std."),
    ],
)
def test_what_is_written(desk: Any, marked: str, label: str, text: str | None) -> None:
    written = after(desk, marked, label, other="let a = 1\n", **{"sub/deep.cosmos": "let b = 2\n"})
    if text is None:
        text = marked.replace("{te|}", "{te|").replace("{te|", "{text}")
    assert written == text


def test_required_attributes_come_first(desk: Any) -> None:
    found = list(proposed(desk, "task x using classify {\n  |\n}").values())
    assert [item.label for item in found[:3]] == ["data", "input", "target"]
    assert "required" in found[0].detail
    assert found[0].doc == "The dataset."
    inherited = list(proposed(desk, "task x extends task.tickets {\n  |\n}").values())
    assert not any("required" in item.detail for item in inherited)


def test_money_is_proposed_in_the_currency_of_the_file(desk: Any) -> None:
    assert "EUR" in proposed(desk, "let limit = 3 EUR\nlet other = 4 |")


def test_nothing_outside_the_directory_is_listed(desk: Any, tmp_path: Any) -> None:
    (tmp_path.parent / "outside.cosmos").write_text("let a = 1\n", encoding="utf-8")
    assert proposed(desk, 'import "../|') == {}
    assert proposed(desk, 'dataset x using jsonl {\n  source = "../|') == {}


def test_no_place_of_a_spec_raises(desk: Any) -> None:
    snapshot = desk.open(HEAD + "query q {\n  for task.tickets\n  among strategy.*\n}\n")
    text = snapshot.document.text.text
    for offset in range(len(text) + 1):
        complete(snapshot, offset)
    for end in range(0, len(text), 7):
        complete(desk.buffer("cut.cosmos", text[:end]), end)


@pytest.mark.parametrize("row", ['{"even": ' + "[" * 60_000, "[]", "\ufeff\n"])
def test_odd_rows_have_no_columns(desk: Any, row: str) -> None:
    marked = (
        'dataset odd using jsonl {\n  source = "odd.jsonl"\n}\n\n'
        "task x using classify {\n  data = dataset.odd\n  target = |\n}"
    )
    assert "even" in proposed(desk, marked, **{"odd.jsonl": '{"even": 1}'})
    assert "even" not in proposed(desk, marked, **{"odd.jsonl": row})
