"""Rows and their roles: nothing leaks between them, and private rows stay where they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from cosmosql.data.load import load
from cosmosql.data.rows import Role
from cosmosql.model.checks import check
from cosmosql.model.program import Program
from cosmosql.model.rows import load_data
from cosmosql.plan.build import corpus_of
from cosmosql.plan.expand import expand

Desk = Any

SPEC = """import std.hardware as hw
import std.tiny as tiny

dataset rows using jsonl {
  source = "rows.jsonl"
}

task words using classify {
  data = dataset.rows
  input = "{text}"
  target = label
}

strategy few using icl {
  model = tiny.small
  shots = 4
  on = hw.cpu
}

strategy tuned using lora {
  model = tiny.small
  on = hw.cpu
}

query pick {
  for task.words
  among strategy.*
  measure within 1 USD
  maximize accuracy
}
"""

ALL_TRAIN = """
  roles {
    train = 100%
    validation = 0%
    calibration = 0%
    test = 0%
  }
"""


def lines(start: int, stop: int, **more: object) -> str:
    rows = ({"text": f"text {i}", "label": "ab"[i % 2], **more} for i in range(start, stop))
    return "".join(json.dumps(row) + "\n" for row in rows)


def with_corpus(dataset: str) -> str:
    retriever = f"\n{dataset}\nretriever near using bm25 {{\n  corpus = dataset.other\n}}\n"
    return SPEC.replace("  shots = 4", "  retriever = retriever.near\n  shots = 4") + retriever


def test_roles_are_disjoint_and_stable(desk: Desk) -> None:
    def roles(count: int) -> Mapping[str, Role]:
        program = desk.program(SPEC, {"rows.jsonl": lines(0, count)})
        rows = load(program.datasets["dataset.rows"], inputs=("text",)).rows
        return {row.values["text"]: role for role, found in rows.items() for row in found}

    first, more = roles(300), roles(400)
    assert len(first) == 300
    assert set(first.values()) == set(Role)
    assert {text: more[text] for text in first} == first


def test_rows_of_one_group_have_one_role(desk: Desk) -> None:
    rows = "".join(
        json.dumps({"text": f"text {i}", "label": "ab"[i % 2], "who": i % 60}) + "\n"
        for i in range(300)
    )
    spec = SPEC.replace('"rows.jsonl"', '"rows.jsonl"\n  group = who')
    data = desk.compiled(spec, {"rows.jsonl": rows}).data["dataset.rows"]
    owners = [{row.values["who"] for row in data.rows[role]} for role in Role]
    assert sum(map(len, owners)) == 60


def test_texts_that_differ_in_case_and_space_alone_have_one_role(desk: Desk) -> None:
    rows = lines(0, 200) + lines(0, 200).replace('"text ', '"TEXT   ')
    data = desk.compiled(SPEC, {"rows.jsonl": rows}).data["dataset.rows"]
    seen: dict[str, Role] = {}
    for role in Role:
        for row in data.rows[role]:
            text = " ".join(str(row.values["text"]).lower().split())
            assert seen.setdefault(text, role) is role


def test_a_corpus_and_a_training_set_mean_the_train_rows(desk: Desk) -> None:
    spec = with_corpus("").replace("dataset.other", "dataset.rows")
    compiled = desk.compiled(spec, {"rows.jsonl": lines(0, 200)})
    for candidate in expand(compiled.program, compiled.query):
        assert corpus_of(compiled.program, candidate) == "dataset.rows"
    assert desk.codes(spec) == []


FILES = {
    "rows.jsonl": lines(0, 200),
    "same.jsonl": lines(0, 200),
    "spaced.jsonl": lines(0, 200).replace('"text ', '"Text   '),
    "wide.jsonl": lines(0, 200).replace("text ", "\uff54ext "),
    "longer.jsonl": lines(0, 200, note="kept elsewhere"),
    "far.jsonl": lines(1_000, 1_200),
}


@pytest.mark.parametrize(
    ("file", "leaks"),
    [
        ("rows.jsonl", True),
        ("same.jsonl", True),
        ("spaced.jsonl", True),
        ("wide.jsonl", True),
        ("longer.jsonl", True),
        ("far.jsonl", False),
    ],
)
def test_no_judged_row_stands_in_a_corpus(desk: Desk, file: str, leaks: bool) -> None:
    """The same file under another name, a copy of it, and rows that are equal once normalised."""
    spec = with_corpus(f'dataset other using jsonl {{\n  source = "{file}"\n{ALL_TRAIN}}}\n')
    assert set(desk.codes(spec, FILES)) == ({"E0404"} if leaks else set())


def test_one_shared_row_is_enough(desk: Desk) -> None:
    rows = desk.compiled(SPEC, FILES).data["dataset.rows"].rows
    spec = with_corpus(f'dataset other using jsonl {{\n  source = "far.jsonl"\n{ALL_TRAIN}}}\n')
    for role, leaks in (
        (Role.TEST, 1),
        (Role.CALIBRATION, 1),
        (Role.VALIDATION, 1),
        (Role.TRAIN, 0),
    ):
        row = json.dumps(dict(rows[role][0].values)) + "\n"
        found = desk.found(spec, FILES | {"far.jsonl": FILES["far.jsonl"] + row})
        assert [item.code for item in found] == ["E0404"] * leaks
        assert not leaks or f"({role})" in found[0].notes[0]


@pytest.mark.parametrize("other", ["validation", "calibration", "test"])
def test_given_roles_that_share_a_row_leak(desk: Desk, other: str) -> None:
    spec = SPEC.replace(
        'source = "rows.jsonl"', f'train = "train.jsonl"\n  {other} = "other.jsonl"'
    )
    files = {"train.jsonl": lines(0, 200), "other.jsonl": lines(500, 540)}
    assert desk.codes(spec, files) == []
    leak = files | {"other.jsonl": files["other.jsonl"] + '{"text": "TEXT 7", "label": "b"}\n'}
    assert desk.codes(spec, leak) == ["E0404"]


def test_a_role_column_that_splits_a_group_leaks(desk: Desk) -> None:
    spec = SPEC.replace(
        '"rows.jsonl"', '"rows.jsonl"\n  group = who\n\n  roles {\n    column = part\n  }'
    )
    roles = ("train", "validation", "calibration", "test")

    def rows(split: bool) -> str:
        return "".join(
            json.dumps(
                {
                    "text": f"text {i}",
                    "label": "ab"[i // 4 % 2],
                    "who": i // 2 if split else i,
                    "part": roles[i % 4],
                }
            )
            + "\n"
            for i in range(80)
        )

    assert desk.codes(spec, {"rows.jsonl": rows(split=False)}) == []
    assert set(desk.codes(spec, {"rows.jsonl": rows(split=True)})) == {"E0404"}


def test_leaks_stop_every_stage_that_would_use_the_rows(desk: Desk) -> None:
    from cosmosql.diagnostics.diagnostic import InputError

    spec = with_corpus(f'dataset other using jsonl {{\n  source = "same.jsonl"\n{ALL_TRAIN}}}\n')
    program = desk.program(spec, FILES)
    with pytest.raises(InputError) as caught:
        load_data(program, program.queries["query.pick"])
    assert {item.code for item in caught.value.diagnostics} == {"E0404"}


PRIVATE = SPEC.replace('"rows.jsonl"', '"rows.jsonl"\n  stays = local')


def elsewhere(program: Program, *models: str) -> Program:
    """The program with some of its models run on somebody else's machine."""
    found = {
        name: replace(model, local=model.local and name not in models)
        for name, model in program.models.items()
    }
    return replace(program, models=found)


def egress(desk: Desk, text: str, files: Mapping[str, str] | None = None) -> list[str]:
    program = desk.program(text, files)
    found = check(elsewhere(program, *(name for name in program.models if "small" in name)))
    assert {item.code for item in found} <= {"E0405"}
    return [item.labels[0].span.text for item in found]


def test_private_rows_reach_local_models_alone(desk: Desk) -> None:
    assert egress(desk, SPEC) == []
    assert egress(desk, PRIVATE) == ["few", "tuned"]
    assert egress(desk, PRIVATE.replace("tiny.small", "tiny.large")) == []


def test_the_message_shows_rows_model_and_strategy(desk: Desk) -> None:
    found, _ = check(elsewhere(desk.program(PRIVATE), "tiny.model.small"))
    assert [label.span.text for label in found.labels] == ["few", "rows", "small"]


def test_one_remote_model_of_a_sweep_is_enough(desk: Desk) -> None:
    text = PRIVATE.replace(
        "model = tiny.small\n  shots", "model = sweep(tiny.large, tiny.small)\n  shots"
    )
    text = text.replace("using lora {\n  model = tiny.small", "using lora {\n  model = tiny.large")
    assert egress(desk, text) == ["few"]


def test_a_private_corpus_counts_as_the_rows_themselves(desk: Desk) -> None:
    """Its demonstrations stand in the prompt, whatever compares them."""
    text = with_corpus('dataset other using jsonl {\n  source = "far.jsonl"\n  stays = local\n}\n')
    assert egress(desk, text) == ["few"]
    assert egress(desk, text.replace("using bm25", "using dense")) == ["few"]


def test_policies_and_what_only_they_name_are_looked_at(desk: Desk) -> None:
    text = PRIVATE.replace("among strategy.*", "among policy.tiers") + (
        "\npolicy tiers using auto {\n  over = [strategy.few, strategy.tuned]\n}\n"
    )
    assert egress(desk, text) == ["few", "tuned"]


def test_what_extends_a_private_dataset_is_private(desk: Desk) -> None:
    base = {"base.cosmos": PRIVATE}
    text = 'import "./base.cosmos" as base\n' + SPEC.replace(
        'dataset rows using jsonl {\n  source = "rows.jsonl"\n}',
        'dataset rows extends base.dataset.rows {\n  source = "mine.jsonl"\n}',
    )
    assert egress(desk, text, base) == ["few", "tuned"]
    task = 'import "./base.cosmos" as base\n' + SPEC.replace(
        "task words using classify {\n  data = dataset.rows\n",
        "task words extends base.task.words {\n",
    )
    assert egress(desk, task, base) == ["few", "tuned"]


def test_another_name_for_a_private_file_makes_it_no_less_private(desk: Desk) -> None:
    text = SPEC + '\ndataset vault using jsonl {\n  source = ["rows.jsonl"]\n  stays = local\n}\n'
    assert egress(desk, text) == ["few", "tuned"]
    moved = {"base/base.cosmos": PRIVATE.replace('"rows.jsonl"', '"../rows.jsonl"')}
    text = 'import "./base/base.cosmos" as base\n' + SPEC
    assert egress(desk, text, moved) == ["few", "tuned"]
    assert egress(desk, text.replace('"rows.jsonl"', '"far.jsonl"'), moved) == []
