"""`template`: a declaration that is there to be extended."""

from __future__ import annotations

from typing import Any

import pytest

Desk = Any

TEMPLATES = """
## Answers of a few words.
template task short using classify {
  input = "{text}"
  max_tokens = 4
}

template task words extends task.short {
  target = label
}

template strategy shown using icl {
  shots = sweep(1, 2)
  on = hw.cpu
}

template policy careful using cascade {
  signal = label_margin
}

template query frugal {
  measure within 1 USD
  maximize accuracy
}
"""

USE = """
dataset rows using jsonl {
  source = "rows.jsonl"
}

task own extends task.words {
  data = dataset.rows
}

strategy first extends strategy.shown {
  model = tiny.small
}

strategy second extends strategy.first {
  model = tiny.large
}

policy tiers extends policy.careful {
  stages = [strategy.first, strategy.second]
  escalate to strategy.second when label_margin < 0.5
}

query pick extends query.frugal {
  for task.own
  among strategy.*, policy.*
}
"""


def test_a_template_may_lack_what_its_kind_requires(desk: Desk) -> None:
    assert desk.codes(desk.head + TEMPLATES) == []


def test_templates_are_extended_and_nothing_else(desk: Desk) -> None:
    program = desk.program(desk.head + TEMPLATES + USE)
    assert set(program.tasks) - {name for name in program.tasks if "tiny" in name} == {"task.own"}
    assert set(program.strategies) == {"strategy.first", "strategy.second"}
    assert set(program.policies) == {"policy.tiers"}
    assert set(program.queries) == {"query.pick"}
    query = program.queries["query.pick"]
    assert query.strategies == ("strategy.first", "strategy.second")
    assert query.policies == ("policy.tiers",)
    task = program.tasks["task.own"]
    assert (task.using, task.target, task.max_tokens) == ("classify", "label", 4)
    assert task.doc == "Answers of a few words."
    assert program.policies["policy.tiers"].signal == "label_margin"


def test_no_stage_of_a_spec_shows_a_template(desk: Desk, tmp_path: Any) -> None:
    import json

    rows = "".join(
        json.dumps({"text": f"text {i}", "label": "ab"[i % 2]}) + "\n" for i in range(100)
    )
    compiled = desk.compiled(desk.head + TEMPLATES + USE, {"rows.jsonl": rows})
    shown = repr(compiled.graph) + repr(compiled.program)
    assert "strategy.shown" not in shown.replace("extends strategy.shown", "")
    assert "strategy.first[shots=1]" in shown


@pytest.mark.parametrize("using", ["template", "own", "both"])
def test_using_is_given_by_either(desk: Desk, using: str) -> None:
    first = "" if using == "own" else " using icl"
    second = "" if using == "template" else " using icl"
    text = desk.head + (
        f"\ntemplate strategy shown{first} {{\n  shots = 2\n}}\n"
        f"\nstrategy own extends strategy.shown{second} {{\n  model = tiny.small\n}}\n"
    )
    assert desk.program(text).strategies["strategy.own"].sweeps == {"shots": (2,)}


def test_without_using_an_option_must_be_somebodys(desk: Desk) -> None:
    def codes(line: str) -> list[str]:
        return desk.codes(f"template strategy s {{\n  {line}\n}}\n")

    assert codes("rank = 8") == codes("shots = sweep(1, 2)") == []
    assert codes("rang = 8") == ["E0203"]
    assert codes("rank = 8 USD") == ["E0302"]
    assert codes("rank = 0") == ["E0304"]
    files = 'template dataset d {\n  stays = local\n  source = "rows.jsonl"\n}\n'
    assert desk.codes(files) in ([], ["E0203"])


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ("task t using classify {\n  metrik = x\n}", ["E0203"]),
        ("task t using classify {\n  max_tokens = a\n}", ["E0302"]),
        ("task t using classify {\n  max_tokens = 0\n}", ["E0304"]),
        ("task t using classify {\n  data = dataset.none\n}", ["E0201"]),
        ("task t using classify {\n  target = a\n  target = b\n}", ["E0207"]),
        ("task t using classify {\n  labels = [a, a]\n}", ["E0207"]),
        ("task t using classify {\n  choices = c\n}", ["E0203"]),
        ("task t using choose {\n}", []),
        ("task t using clasify {\n}", ["E0501"]),
        ("task t {\n  choices = c\n}", []),
        ("hardware h {\n  memory = 3 USD\n}", ["E0301"]),
        ("hardware h {\n  price = 1 USD/GPU-hour\n}", []),
        ('hardware h {\n  as_of = "soon"\n}', ["E0302"]),
        ("price p {\n}", []),
        ('price p {\n  as_of = "soon"\n}', ["E0302"]),
        ("hardware h using l4 {\n}", ["E0212"]),
        ("dataset d using jsonl {\n  roles {\n    test = 1 USD\n  }\n}", ["E0302"]),
        ("dataset d using jsonl {\n  roles {\n    test = 60%\n    train = 60%\n  }\n}", ["E0304"]),
        ("dataset d using jsonl {\n  rolls {\n  }\n}", ["E0203"]),
        ('dataset d using jsonl {\n  source = "/etc/hosts"\n}', ["E0206"]),
        ("probe p {\n  seeds = []\n}", ["E0304"]),
        ("policy p using cascade {\n}", []),
        ("policy p {\n  signal = entropy\n}", []),
        ("policy p using cascade {\n  over = strategy.*\n}", ["E0203"]),
        ("policy p using cascade {\n  escalate to strategy.none when margin < 1\n}", ["E0201"]),
        ("policy p using auto {\n  over = []\n}", ["E0408"]),
        ("query q {\n}", []),
        ("query q {\n  for task.none\n}", ["E0201"]),
        ("query q {\n  maximize accuracy + 1 USD\n}", ["E0301"]),
        ("query q {\n  maximize accuracy\n  maximize accuracy\n}", ["E0207"]),
        ("query q {\n  with = 1\n}", ["E0203"]),
        ("nothing n {\n}", ["E0208"]),
    ],
)
def test_what_a_template_says_is_checked(desk: Desk, body: str, codes: list[str]) -> None:
    assert desk.codes(f"template {body}\n") == codes


def test_a_mistake_in_a_template_is_told_once_however_often_it_is_extended(desk: Desk) -> None:
    text = "template hardware h {\n  memory = 3 USD\n}\n" + "".join(
        f"\nhardware h{i} extends hardware.h {{\n}}\n" for i in range(5)
    )
    assert desk.codes(text) == ["E0301"]


def test_what_is_still_missing_is_missed_where_it_is_needed(desk: Desk) -> None:
    text = desk.head + TEMPLATES + "\ntask own extends task.words {\n}\n"
    (found,) = desk.found(text)
    assert (found.code, found.labels[0].span.text) == ("E0209", "own")
    assert "`data`" in found.labels[0].text


@pytest.mark.parametrize(
    "use",
    [
        "query pick {\n  for task.short\n  among strategy.*\n  maximize accuracy\n}\n",
        "query pick {\n  for tiny.task.desk\n  among strategy.shown\n  maximize accuracy\n}\n",
        "policy p using auto {\n  over = [strategy.shown]\n}\n",
        "let shots = strategy.shown.shots\n",
        "query pick {\n  for tiny.task.desk\n  among strategy.own\n  maximize accuracy\n"
        "  require accuracy >= strategy.shown.accuracy\n}\n",
    ],
)
def test_a_template_stands_for_nothing_itself(desk: Desk, use: str) -> None:
    own = "\nstrategy own extends strategy.shown {\n  model = tiny.small\n  shots = 1\n}\n\n"
    (found,) = desk.found(desk.head + TEMPLATES + own + use)
    assert found.code == "E0213"
    assert found.labels[1].text == "it is declared here"
    assert found.help is not None and "extends" in found.help


def test_a_wildcard_takes_no_template(desk: Desk) -> None:
    text = desk.head + TEMPLATES + desk.pick
    assert desk.codes(text) == ["E0401"]


def test_templates_of_a_module(desk: Desk) -> None:
    files = {"ours.cosmos": desk.head + TEMPLATES}
    text = (
        'import "./ours.cosmos" as ours\n'
        "\nstrategy own extends ours.strategy.shown {\n  model = ours.tiny.small\n}\n"
    )
    assert set(desk.program(text, files).strategies) == {"strategy.own"}
    wrong = {"ours.cosmos": desk.head + TEMPLATES.replace("shots = sweep", "shotts = sweep")}
    assert desk.codes(text, wrong) == ["E0203"]
