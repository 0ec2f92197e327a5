"""Values of attributes: what each type takes, sections, and what is said of the rest."""

from __future__ import annotations

from typing import Any

import pytest

Desk = Any

ROWS = 'dataset rows using jsonl {\n  source = "rows.jsonl"\n'
TASK = """task words using classify {
  data = dataset.rows
  input = "{text}"
  target = label
}
"""


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("max_tokens = 32", 32),
        ("max_tokens = 32 tokens", 32),
        ("max_tokens = 1_000", 1_000),
        ("max_tokens = 2 * 16", 32),
        ("max_tokens = 0.5 ktok", 500),
        ("max_tokens = 3.5", "E0302"),
        ("max_tokens = 32 USD", "E0302"),
        ("max_tokens = many", "E0302"),
        ("max_tokens = 0", "E0304"),
        ("max_tokens = 1e9", "E0304"),
        ("max_tokens = true", "E0302"),
        ("max_tokens = [1]", "E0302"),
    ],
)
def test_counts(desk: Desk, line: str, read: int | str) -> None:
    text = f"{ROWS}}}\n\n" + TASK.replace("target = label", f"target = label\n  {line}")
    if isinstance(read, str):
        assert desk.codes(text, {"rows.jsonl": ""})[:1] == [read]
    else:
        assert desk.program(text).tasks["task.words"].max_tokens == read


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("25%", 0.25),
        ("0.25", 0.25),
        ("1", 1.0),
        ("2 pp", "E0302"),
        ("0%", "E0304"),
        ("101%", "E0304"),
    ],
)
def test_ratios(desk: Desk, value: str, read: float | str) -> None:
    text = desk.whole.replace("using icl", "using lora").replace("shots = 4", f"share = {value}")
    if isinstance(read, str):
        assert desk.codes(text) == [read]
    else:
        assert desk.program(text).strategies["strategy.few"].sweeps["share"] == (read,)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("300 examples", 300),
        ("300 rows", 300),
        ("300", 300),
        ("15%", 0.15),
        ("0.5", 0.5),
        ("0 examples", 0),
        ("-1", "E0304"),
        ("3 USD", "E0302"),
        ("2 pp", "E0302"),
        ("some", "E0302"),
    ],
)
def test_amounts_of_a_role(desk: Desk, value: str, read: float | str) -> None:
    text = f"{ROWS}\n  roles {{\n    test = {value}\n  }}\n}}\n"
    if isinstance(read, str):
        assert desk.codes(text) == [read]
    else:
        assert desk.program(text).datasets["dataset.rows"].roles.amounts == {"test": read}


def test_shares_add_up_to_all_rows_at_most(desk: Desk) -> None:
    shares = "\n".join(f"    {role} = 30%" for role in ("train", "validation", "test"))
    assert desk.codes(f"{ROWS}\n  roles {{\n{shares}\n  }}\n}}\n") == []
    assert desk.codes(f"{ROWS}\n  roles {{\n{shares}\n    calibration = 11%\n  }}\n}}\n") == [
        "E0304"
    ]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("labels = [good, bad]", None),
        ("labels = good", None),
        ('labels = ["very good", 0, true]', None),
        ("labels = [good, good]", "E0207"),
        ("labels = [3 USD]", "E0302"),
        ("labels = [[good]]", "E0302"),
        ("metric = macro_f1", None),
        ("metric = macro", "E0501"),
        ("metric = [macro_f1]", "E0302"),
        ('instruction = "Pick one of {labels}."', None),
        ("instruction = pick", "E0302"),
        ("separator = 3", "E0302"),
        ("nothing = 3", "E0203"),
        ("choices = options", "E0203"),
    ],
)
def test_words_texts_and_lists(desk: Desk, line: str, code: str | None) -> None:
    text = f"{ROWS}}}\n\n" + TASK.replace("target = label", f"target = label\n  {line}")
    program = desk.analysis(text)
    errors = [item.code for item in program.diagnostics if item.code[0] == "E"]
    assert errors == ([] if code is None else [code])


def test_a_nearly_right_attribute_is_suggested(desk: Desk) -> None:
    (found,) = desk.found(desk.whole.replace("shots = 4", "shot = 4"))
    assert (found.code, found.help) == ("E0203", "did you mean `shots`?")


def test_a_choice_names_its_values(desk: Desk) -> None:
    (found,) = desk.found(f"{ROWS}  stays = here\n}}\n")
    assert (found.code, found.help) == ("E0304", "it takes anywhere, local")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("on = hw.cpu", None),
        ("on = hw.hardware.cpu", None),
        ("on = place", None),
        ("on = tiny.small", "E0302"),
        ("on = hw.cpu.price", "E0302"),
        ("on = hw.cpu.*", "E0302"),
        ('on = "hw.cpu"', "E0302"),
        ("on = hw.cpuu", "E0201"),
        ("on = hw", "E0302"),
        ("on = hardware", "E0201"),
    ],
)
def test_references(desk: Desk, line: str, code: str | None) -> None:
    text = desk.whole.replace("on = hw.cpu", line)
    text = text.replace("strategy few", "let place = hw.cpu\n\nstrategy few")
    assert desk.codes(text) == ([] if code is None else [code])


def test_a_short_name_is_decided_by_the_kind_that_is_wanted(desk: Desk) -> None:
    files = {
        "ours.cosmos": "import std.tiny as tiny\n\nmodel same extends tiny.small {\n}\n\n"
        "hardware same extends hw.cpu {\n}\n\nimport std.hardware as hw\n\nprobe same {\n}\n"
    }
    text = 'import "./ours.cosmos" as ours\n' + desk.whole.replace("tiny.small", "ours.same")
    text = text.replace("hw.cpu", "ours.same")
    few = desk.program(text, files).strategies["strategy.few"]
    assert (few.models, few.hardware) == (("ours.model.same",), "ours.hardware.same")
    (found,) = desk.found('import "./ours.cosmos" as ours\nlet which = ours.same\n', files)
    assert found.code == "E0211"


@pytest.mark.parametrize(
    ("block", "codes"),
    [
        ("dataset d using jsonl {\n  rules {\n  }\n}", ["E0203"]),
        ("dataset d using jsonl {\n  roles {\n    text = 3\n  }\n}", ["E0203"]),
        ("dataset d using jsonl {\n  roles {\n    test {\n    }\n  }\n}", ["E0203"]),
        (
            "dataset d using jsonl {\n  roles {\n    a {\n      b {\n      }\n    }\n  }\n}",
            ["E0203"],
        ),
        ("dataset d using jsonl {\n  roles {\n  }\n  roles {\n  }\n}", ["E0207"]),
        ("dataset d using jsonl {\n  roles {\n    test = 1\n    test = 2\n  }\n}", ["E0207"]),
        ("dataset d using jsonl {\n  roles = 3\n}", ["E0203"]),
        ("budget b {\n  probing {\n    for task.t\n  }\n}", ["E0203"]),
        ("budget b {\n  probing {\n    maximize accuracy\n  }\n}", ["E0203"]),
        ("budget b {\n  money = 3 USD\n}", ["E0203"]),
        ("budget b {\n  probing {\n    money = 3 USD\n    money = 4 USD\n  }\n}", ["E0207"]),
        ("budget b {\n  probing {\n    money = -3 USD\n  }\n}", ["E0304"]),
        ("budget b {\n  probing {\n    money = 3 s\n  }\n}", ["E0301"]),
        ("hardware h {\n  memory {\n  }\n}", ["E0203"]),
        ("hardware h {\n  escalate to strategy.s when margin < 1\n}", ["E0203"]),
        ("dataset d {\n}", ["E0212"]),
        ("dataset d using jsonll {\n}", ["E0501"]),
        ("probe p using ladder {\n}", ["E0212"]),
        ("datasets d {\n}", ["E0208"]),
    ],
)
def test_sections_and_clauses_stand_where_their_kind_has_them(
    desk: Desk, block: str, codes: list[str]
) -> None:
    assert [
        item.code for item in desk.analysis(block + "\n").diagnostics if item.code[0] == "E"
    ] == (codes)


def test_a_section_in_a_section_says_where_the_limit_is(desk: Desk) -> None:
    (found,) = desk.found(
        "budget b {\n  probing {\n    early {\n      money = 1 USD\n    }\n  }\n}\n"
    )
    assert found.labels[0].text == "`early` cannot stand in a section"


def test_whatever_is_wrong_beside_a_wrong_using_is_told_too(desk: Desk) -> None:
    text = "strategy s using loraa {\n  model = model.none\n  on = 3\n}\n"
    assert desk.codes(text) == ["E0501", "E0201", "E0302"]


def test_doc_comments_reach_every_declaration(desk: Desk) -> None:
    text = desk.head + (
        "\n## The floor.\nparam floor = 1\n\n## What runs.\n## On two lines.\n"
        + desk.few.lstrip()
        + "\n## The question.\n"
        + desk.pick.lstrip()
    )
    program = desk.program(text)
    assert program.strategies["strategy.few"].doc == "What runs.\nOn two lines."
    assert program.queries["query.pick"].doc == "The question."
    plain = desk.program(text.replace("##", "#"))
    assert plain.strategies["strategy.few"].doc is None


def test_language_1_changes_nothing(desk: Desk) -> None:
    first = desk.program("language 1\n" + desk.whole)
    second = desk.program(desk.whole)
    assert first.strategies.keys() == second.strategies.keys()
    assert desk.codes("language 2\n" + desk.whole) == ["E0110"]
    files = {"newer.cosmos": "language 7\n\nlet a = 1\n"}
    text = 'import "./newer.cosmos" as newer\nlet b = newer.a\n'
    assert desk.codes(text, files)[0] == "E0110"


@pytest.mark.parametrize("attribute", ["sizes", "shots", "steps", "seeds"])
@pytest.mark.parametrize(("value", "code"), [("4294967295", None), ("4294967296", "E0304")])
def test_a_seed_is_one_that_random_generators_take(
    desk: Desk, attribute: str, value: str, code: str | None
) -> None:
    text = f"probe p {{\n  {attribute} = [{value}]\n}}\n"
    assert desk.codes(text) == ([] if code is None else [code])
