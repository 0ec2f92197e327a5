"""`extends`: a copy with whole fields replaced, and nothing mutated at a distance."""

from __future__ import annotations

from typing import Any

import pytest

Desk = Any

BASE = """import std.hardware as hw
import std.tiny as tiny

let few = 4

dataset rows using jsonl {
  source = "rows.jsonl"
  group = author

  roles {
    validation = 20 examples
    test = 10 examples
  }
}

task words using classify {
  data = dataset.rows
  input = "{text}"
  target = label
  labels = [good, bad]
}

strategy shown using icl {
  model = tiny.small
  shots = few
  on = hw.cpu
}

policy tiers using cascade {
  stages = [strategy.shown, strategy.more]
  escalate to strategy.more when margin < 1.5
}

strategy more extends strategy.shown {
  shots = 8
}

budget launch {
  probing {
    money = 1 USD
    wall = 5 min
  }

  serving {
    money = 1 USD/request
  }
}

query pick {
  for task.words
  among strategy.*, policy.tiers
  measure within budget.launch
  maximize accuracy
  require accuracy >= 50%
  require latency <= 2 s
  decide within 2 pp
}
"""
FILES = {"base/base.cosmos": BASE}
IMPORT = 'import "./base/base.cosmos" as base\n'


def test_whole_fields_are_replaced_and_lists_never_merge(desk: Desk) -> None:
    text = IMPORT + "\ntask words extends base.task.words {\n  labels = [fine]\n}\n"
    task = desk.program(text, FILES).tasks["task.words"]
    assert task.labels == ("fine",)
    assert (task.input, task.target, task.dataset) == ("{text}", "label", "base.dataset.rows")


def test_sections_are_replaced_whole(desk: Desk) -> None:
    text = IMPORT + (
        "\ndataset mine extends base.dataset.rows {\n  roles {\n    test = 5 examples\n  }\n}\n"
    )
    program = desk.program(text, FILES)
    assert program.datasets["dataset.mine"].roles.amounts == {"test": 5}
    assert program.datasets["base.dataset.rows"].roles.amounts == {"validation": 20, "test": 10}


def test_clauses_of_one_verb_are_replaced_whole(desk: Desk) -> None:
    text = (
        IMPORT
        + "\nquery pick extends base.query.pick {\n  require serve_cost <= 2 USD/request\n}\n"
    )
    query = desk.query(text, FILES)
    own = [item.text for item in query.requirements]
    assert own == ["serve_cost <= 2 USD/request", "serve_cost <= 1 USD/request"]
    assert query.task == "base.task.words"
    assert query.policies == ("base.policy.tiers",)
    assert str(query.tolerance) == "0.02"


def test_maximize_and_minimize_are_one_verb(desk: Desk) -> None:
    text = IMPORT + "\nquery pick extends base.query.pick {\n  minimize serve_cost\n}\n"
    objective = desk.query(text, FILES).objective
    assert (objective.direction, objective.text) == ("minimize", "serve_cost")


def test_rules_of_a_cascade_are_replaced_whole(desk: Desk) -> None:
    text = IMPORT + (
        "\npolicy tiers extends base.policy.tiers {\n"
        "  escalate to base.strategy.more when label_margin < 0.2\n}\n"
    )
    (rule,) = desk.program(text, FILES).policies["policy.tiers"].escalations
    assert (rule.target, rule.signal, rule.threshold) == ("base.strategy.more", "label_margin", 0.2)


def test_a_chain_goes_across_files_and_names_keep_their_meaning(desk: Desk) -> None:
    files = FILES | {
        "middle.cosmos": 'import "./base/base.cosmos" as old\n\nlet few = 1\n\n'
        "strategy shown extends old.strategy.shown {\n}\n"
    }
    text = 'import "./middle.cosmos" as middle\n\nlet few = 2\n\n'
    text += "strategy shown extends middle.strategy.shown {\n}\n"
    program = desk.program(text, files)
    shown = program.strategies["strategy.shown"]
    assert shown.models == ("middle.old.tiny.model.small",)
    assert shown.sweeps["shots"] == (4,)
    assert shown.hardware == "middle.old.hw.hardware.cpu"


def test_paths_start_at_the_file_that_wrote_them(desk: Desk) -> None:
    text = IMPORT + (
        "\ndataset same extends base.dataset.rows {\n}\n"
        '\ndataset own extends dataset.same {\n  source = "rows.jsonl"\n}\n'
    )
    datasets = desk.program(text, FILES).datasets
    assert datasets["dataset.same"].root == desk.directory / "base"
    assert datasets["dataset.own"].root == desk.directory


def test_the_order_of_declarations_means_nothing(desk: Desk) -> None:
    program = desk.program(BASE)
    assert program.strategies["strategy.more"].models == ("tiny.model.small",)
    assert program.strategies["strategy.shown"].sweeps["shots"] == (4,)
    assert program.strategies["strategy.more"].sweeps["shots"] == (8,)


def test_nothing_is_mutated_at_a_distance(desk: Desk) -> None:
    text = IMPORT + "\nstrategy shown extends base.strategy.shown {\n  shots = 1\n}\n"
    strategies = desk.program(text, FILES).strategies
    assert strategies["base.strategy.shown"].sweeps["shots"] == (4,)
    assert strategies["base.strategy.more"].sweeps["shots"] == (8,)
    assert strategies["strategy.shown"].sweeps["shots"] == (1,)


def test_using_can_be_replaced_where_the_fields_fit(desk: Desk) -> None:
    text = IMPORT + "\nstrategy plain extends base.strategy.shown using prompt {\n}\n"
    (found,) = desk.found(text, FILES)
    assert (found.code, found.labels[0].span.text) == ("E0203", "shots")
    assert found.labels[1].text == "this inherits it"
    assert found.labels[1].span.text == "plain"
    task = "\ntask words extends base.task.words using generate {\n}\n"
    assert desk.program(IMPORT + task, FILES).tasks["task.words"].metric == "exact_match"


def test_doc_comments_are_inherited_until_said_anew(desk: Desk) -> None:
    text = (
        "## The first.\nhardware a {\n}\n\nhardware b extends hardware.a {\n}\n\n"
        "## The last.\nhardware c extends hardware.b {\n}\n"
    )
    hardware = desk.program(text).hardware
    docs = [hardware[f"hardware.{name}"].doc for name in "abc"]
    assert docs == ["The first.", "The first.", "The last."]


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("hardware a extends hardware.a {\n}\n", ["E0210"]),
        ("hardware a extends hardware.b {\n}\n\nhardware b extends hardware.a {\n}\n", ["E0210"]),
        ("hardware a extends probe.b {\n}\n\nprobe b {\n}\n", ["E0302"]),
        (
            "hardware a extends hardware.b.memory {\n}\n\nhardware b {\n  memory = 1 GB\n}\n",
            ["E0302"],
        ),
        ("let b = 1\n\nhardware a extends b {\n}\n", ["E0302"]),
        ("hardware a extends hardware.none {\n}\n", ["E0201"]),
        ("hardware a extends hardware.* {\n}\n", ["E0302"]),
    ],
)
def test_what_cannot_be_extended(desk: Desk, text: str, codes: list[str]) -> None:
    assert desk.codes(text) == codes


def test_what_a_broken_extends_would_bring_is_not_missed(desk: Desk) -> None:
    text = (
        "dataset a extends dataset.none {\n}\n\ntask b extends task.none {\n  metrik = x\n}\n\n"
        "strategy c extends strategy.none {\n  rank = 8\n}\n\nquery d extends query.none {\n}\n"
    )
    assert desk.codes(text) == ["E0201", "E0201", "E0203", "E0201", "E0201"]
    wrong = text.replace("metrik = x", "max_tokens = 0")
    assert desk.codes(wrong).count("E0304") == 1


def test_a_long_chain_takes_no_stack(desk: Desk) -> None:
    count = 3_000
    blocks = ["hardware h0 {\n  memory = 1 GB\n}\n"]
    blocks += [f"hardware h{i} extends hardware.h{i - 1} {{\n}}\n" for i in range(1, count)]
    program = desk.program("\n".join(reversed(blocks)))
    last = program.hardware[f"hardware.h{count - 1}"].memory
    assert str(last) == "1 GB"
    circle = ["hardware h0 extends hardware.h2999 {\n}\n", *blocks[1:]]
    assert desk.codes("\n".join(circle)) == ["E0210"]


def test_what_no_kind_has_is_told_once_and_not_inherited_without_end(desk: Desk) -> None:
    """Each heir holds all that it inherits, so a chain of mistakes must not grow with it."""
    heirs = "".join(
        f"probe p{n + 1} extends probe.p{n} {{\n  other{n} = 1\n}}\n\n" for n in range(150)
    )
    found = desk.found(BASE + "\nprobe p0 {\n}\n\n" + heirs)
    codes = [item.code for item in found]
    assert codes.count("E0304") == 1
    assert codes.count("E0203") == 150
    (crowded,) = (item for item in found if item.code == "E0304")
    assert crowded.labels[0].span.text == "probe.p101"
