"""E0406: what cannot fit is said before anything is rented."""

from __future__ import annotations

from typing import Any

import pytest

from cosmosql.compiler import compile_spec
from cosmosql.evidence.keys import asked_resolution

Desk = Any

SPEC = """import std.hardware as hw
import std.tiny as tiny

hardware small extends hw.cpu {
  memory = 16 GB
}

model large extends tiny.small {
  parameters = 7_615_616_512
}

strategy asked using prompt {
  model = model.large
  on = hardware.small
}

query pick {
  for tiny.task.desk
  among strategy.*
  measure within 1 USD
  maximize accuracy
}
"""


@pytest.mark.parametrize(
    ("parameters", "memory", "using", "dtype", "fits"),
    [
        ("7_615_616_512", "16 GB", "prompt", "auto", True),
        ("8_000_000_000", "16 GB", "prompt", "auto", True),
        ("8_000_000_001", "16 GB", "prompt", "auto", False),
        ("8_000_000_001", "15 GiB", "prompt", "auto", True),
        ("7_615_616_512", "16 GB", "prompt", "float32", False),
        ("4_000_000_000", "16 GB", "lora", "float32", True),
        ("13_000_000_000", "16 GB", "lora", "auto", False),
        ("13_000_000_000", "16 GB", "qlora", "auto", True),
        ("32_000_000_001", "16 GB", "qlora", "auto", False),
    ],
)
def test_weights_alone_must_fit_the_memory(
    desk: Desk, parameters: str, memory: str, using: str, dtype: str, fits: bool
) -> None:
    text = SPEC.replace("7_615_616_512", f"{parameters}\n  dtype = {dtype}")
    text = text.replace("16 GB", memory).replace("using prompt", f"using {using}")
    assert desk.codes(text) == ([] if fits else ["E0406"])


def test_the_arithmetic_is_shown(desk: Desk) -> None:
    (found,) = desk.found(SPEC.replace("16 GB", "12 GiB"))
    assert found.notes == ("7_615_616_512 parameters × 2 bytes = 14.19 GiB, for the weights alone",)
    assert [label.span.text for label in found.labels] == ["asked", "large", "small"]


def test_a_model_of_any_size_can_be_said_not_to_fit(desk: Desk) -> None:
    assert desk.codes(SPEC.replace("7_615_616_512", "9e60")) == ["E0406"]


def test_what_is_not_declared_is_not_guessed(desk: Desk) -> None:
    assert desk.codes(SPEC.replace("  parameters = 7_615_616_512\n", "")) == []
    assert desk.codes(SPEC.replace("  memory = 16 GB\n", "")) == []


def test_every_model_of_a_sweep_is_looked_at(desk: Desk) -> None:
    text = SPEC.replace("model = model.large", "model = sweep(tiny.large, model.large, model.more)")
    text += "\nmodel more extends model.large {\n  parameters = 1e12\n}\n"
    (found,) = desk.found(text)
    assert found.labels[1].span.text == "more"


@pytest.mark.parametrize(
    ("using", "limits", "fits"),
    [
        ("generate", "max_tokens = 2_047", True),
        ("generate", "max_tokens = 2_048", False),
        ("extract", "max_tokens = 5_000", False),
        ("classify", "max_tokens = 5_000", True),
    ],
)
def test_the_longest_answer_leaves_room_for_a_prompt(
    desk: Desk, using: str, limits: str, fits: bool
) -> None:
    text = SPEC.replace("7_615_616_512", "1_000\n  context = 2_048 tokens")
    text = text.replace("for tiny.task.desk", "for task.own").replace(
        "maximize accuracy", "minimize serve_cost"
    )
    text += (
        f'\ndataset rows using jsonl {{\n  source = "rows.jsonl"\n}}\n\ntask own using {using} {{\n'
        f'  data = dataset.rows\n  input = "{{text}}"\n  target = label\n  {limits}\n}}\n'
    )
    found = desk.analysis(text).diagnostics
    errors = [item for item in found if item.code[0] == "E"]
    assert [item.code for item in errors] == ([] if fits else ["E0406"])
    if not fits:
        assert "of an answer + 1 of a prompt > 2_048" in errors[0].notes[0]


def test_facts_are_no_part_of_what_is_asked(desk: Desk) -> None:
    plain = desk.program(SPEC.replace("  parameters = 7_615_616_512\n", ""))
    told = desk.program(SPEC.replace("7_615_616_512", '7_615_616_512\n  licence = "MIT"'))
    assert told.models["model.large"].facts == {"parameters": 7_615_616_512, "licence": "MIT"}
    first, second = (asked_resolution(program.models["model.large"]) for program in (plain, told))
    assert first == second
    graphs = [
        compile_spec(desk.write(text)).graph.nodes
        for text in (SPEC, SPEC.replace("7_615_616_512", "7_000_000_000"))
    ]
    assert graphs[0] == graphs[1]
