"""`param` and `let`: constants, and what may replace them from outside."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from cosmosql.cli.main import main
from cosmosql.compiler import compile_spec
from cosmosql.diagnostics.diagnostic import InputError
from cosmosql.model.settings import read_params

Desk = Any

PARAMS = """
## The least that is good enough.
param floor = 82%

param traffic = 1_000 requests/month
param shots = sweep(2, 4)
param metric_name = "macro"
param private = true
param place = hw.cpu
param columns = [text, title]

let half = floor / 2
let rent = 2 GPU-hours * hw.hardware.cpu.price

strategy few using icl {
  model = tiny.small
  shots = shots
  on = place
}

query pick {
  for tiny.task.desk
  among strategy.*
  measure within 1 USD
  maximize accuracy
  require accuracy >= floor
  require traffic * serve_cost <= 5 USD/month
}
"""


@pytest.fixture
def spec(desk: Desk) -> str:
    return desk.head + PARAMS


def test_defaults_hold_where_nothing_is_set(desk: Desk, spec: str) -> None:
    assert desk.program(spec).parameters == {
        "floor": "82%",
        "traffic": "1000 requests/month",
        "shots": "sweep(2, 4)",
        "metric_name": '"macro"',
        "private": "true",
        "place": "hw.hardware.cpu",
        "columns": "[text, title]",
    }


@pytest.mark.parametrize(
    ("name", "text", "canonical"),
    [
        ("floor", "75%", "75%"),
        ("floor", "0.75", "0.75"),
        ("floor", "half + 2 pp", "43%"),
        ("traffic", "24 requests/day", "24 requests/day"),
        ("shots", "sweep(1, 8)", "sweep(1, 8)"),
        ("metric_name", '"micro"', '"micro"'),
        ("private", "false", "false"),
        ("place", "hw.l4", "hw.hardware.l4"),
        ("columns", "[text]", "[text]"),
    ],
)
def test_a_setting_takes_the_place_of_the_default(
    desk: Desk, spec: str, name: str, text: str, canonical: str
) -> None:
    if name == "floor" and "half" in text:
        spec = spec.replace("let half = floor / 2", "let half = 41%")
    assert desk.program(spec, settings={name: text}).parameters[name] == canonical


@pytest.mark.parametrize(
    ("name", "text", "code", "given"),
    [
        ("floor", "75 USD", "E0301", "75 USD"),
        ("floor", "75 pp", "E0301", "75 pp"),
        ("floor", '"high"', "E0302", '"high"'),
        ("floor", "[1, 2]", "E0302", "[1, 2]"),
        ("floor", "true", "E0302", "true"),
        ("traffic", "5 requests", "E0301", "5 requests"),
        ("shots", "4", "E0302", "4"),
        ("shots", "sweep(1 USD, 2 USD)", "E0301", "1 USD"),
        ("shots", "sweep(1, 1)", "E0303", "1"),
        ("private", "maybe", "E0302", "maybe"),
        ("place", "tiny.small", "E0302", "tiny.small"),
        ("columns", "[1]", "E0302", "1"),
    ],
)
def test_the_type_follows_the_default_and_both_places_are_shown(
    desk: Desk, spec: str, name: str, text: str, code: str, given: str
) -> None:
    found = desk.found(spec, settings={name: text})
    assert [item.code for item in found] == [code]
    place = found[0].labels[0].span
    assert (place.source.name, place.text) == (f"--set {name}", given)
    if code != "E0303":
        assert found[0].labels[1].span.source.name.endswith("spec.cosmos")


@pytest.mark.parametrize("text", ["", "1 2", "82 %%", "1\nlet x = 2", "import", ")", "# nothing"])
def test_what_is_no_value_is_refused(desk: Desk, spec: str, text: str) -> None:
    codes = desk.codes(spec, settings={"floor": text})
    assert codes
    assert all(code < "E0200" or code == "E0302" for code in codes)


def test_unknown_parameters_are_told_with_the_nearest(desk: Desk, spec: str) -> None:
    (found,) = desk.found(spec, settings={"flor": "80%"})
    assert (found.code, found.help) == ("E0201", "did you mean `floor`?")
    assert found.labels[0].span.text == "flor"
    assert desk.codes(spec, settings={"half": "80%"}) == ["E0201"]
    assert desk.codes(spec, settings={"strategy.few": "1"}) == ["E0201"]


def test_parameters_of_imported_files_are_set_by_their_dotted_name(desk: Desk, spec: str) -> None:
    files = {"base.cosmos": spec, "middle.cosmos": 'import "./base.cosmos" as base\n'}
    text = 'import "./middle.cosmos" as middle\n'
    program = desk.program(text, files, {"middle.base.floor": "70%"})
    assert program.parameters["middle.base.floor"] == "70%"
    assert desk.codes(text, files, {"floor": "70%"}) == ["E0201"]


def test_files_set_several_at_once(desk: Desk, spec: str, tmp_path: Path) -> None:
    first = tmp_path / "first.cosmos"
    second = tmp_path / "second.cosmos"
    first.write_text(
        "language 1\n\n## Agreed with the team.\nparam floor = 70%\n\n"
        "# Of last month.\nparam traffic = 9 requests/day\n"
    )
    second.write_text("param floor = 60%\n")
    settings = read_params([first, second])
    parameters = desk.program(spec, settings=settings).parameters
    assert (parameters["floor"], parameters["traffic"]) == ("60%", "9 requests/day")
    parameters = desk.program(spec, settings={**settings, "floor": "50%"}).parameters
    assert (parameters["floor"], parameters["traffic"]) == ("50%", "9 requests/day")


def test_mistakes_in_a_file_are_told_at_their_place(desk: Desk, spec: str, tmp_path: Path) -> None:
    path = tmp_path / "team.cosmos"
    path.write_text("param floor = 70 USD\nparam traffc = 1 request\n")
    found = desk.found(spec, settings=read_params([path]))
    assert sorted(item.code for item in found) == ["E0201", "E0301"]
    assert {item.labels[0].span.source.name for item in found} == {path.as_posix()}


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("param floor = 1\nparam floor = 2\n", ["E0207"]),
        ("let floor = 1\n", ["E0214"]),
        ("import std.tiny as tiny\n\nhardware h {\n}\n", ["E0214", "E0214"]),
        ("param floor =\n", ["E0102"]),
        ("param base.floor = 1\n", ["E0102"]),
        ("language 9\n", ["E0110"]),
    ],
)
def test_a_file_holds_parameters_alone(tmp_path: Path, text: str, codes: list[str]) -> None:
    path = tmp_path / "team.cosmos"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_params([path])
    assert [item.code for item in caught.value.diagnostics] == codes


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_params([tmp_path / "none.cosmos", tmp_path])
    assert [item.code for item in caught.value.diagnostics] == ["E0109", "E0109"]


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["--params", "team.cosmos"], 0, "70%"),
        (["--params", "team.cosmos", "--set", "floor=65%"], 0, "65%"),
        (["--set", "floor=65%", "--params", "team.cosmos"], 0, "65%"),
        (["--params", "team.cosmos", "--params", "last.cosmos"], 0, "55%"),
        (["--params", "wrong.cosmos"], 1, "E0214"),
        (["--params", "none.cosmos"], 1, "E0109"),
    ],
)
def test_the_command_line_lets_set_win_over_files(
    desk: Desk,
    spec: str,
    arguments: list[str],
    code: int,
    expected: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    files = {
        "team.cosmos": "param floor = 70%\n",
        "last.cosmos": "param floor = 55%\n",
        "wrong.cosmos": "let floor = 55%\n",
    }
    desk.write(spec, files)
    monkeypatch.chdir(desk.directory)
    command = ["show", "spec.cosmos", "--stage", "program", "--format", "json", *arguments]
    monkeypatch.setattr(sys, "argv", ["cosmosql", *command])
    with pytest.raises(SystemExit) as ended:
        main()
    captured = capsys.readouterr()
    assert ended.value.code == code
    assert expected in (captured.out if code == 0 else captured.err)


def test_the_plan_keeps_what_was_set_so_that_apply_can_set_it_again(desk: Desk, spec: str) -> None:
    first = desk.program(spec, settings={"floor": "70%", "shots": "sweep(1, 2)"})
    again = desk.program(spec, settings=first.parameters)
    assert again == first


def test_constants_stand_on_one_another_in_any_order(desk: Desk) -> None:
    text = "let a = b + c\nlet b = 2 * c\nparam c = 3 USD\n\n"
    text += "budget x {\n  probing {\n    money = a\n  }\n}\n"
    assert str(desk.program(text).budgets["budget.x"].probing["money"]) == "9 USD"
    assert str(
        desk.program(text, settings={"c": "1 USD"}).budgets["budget.x"].probing["money"]
    ) == ("3 USD")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("let a = a\n", 1),
        ("let a = b\nlet b = a\n", 1),
        ("let a = b\nlet b = c + 1\nlet c = -a\n", 1),
        ("param a = [a]\n", 1),
        ("let a = sweep(a, 1)\n", 1),
        ("let m = hardware.h.memory\n\nhardware h {\n  memory = m\n}\n", 1),
        (
            "hardware h {\n  memory = hardware.i.memory\n}\n\n"
            "hardware i {\n  memory = hardware.h.memory\n}\n",
            1,
        ),
    ],
)
def test_circles_are_told_once(desk: Desk, text: str, count: int) -> None:
    assert desk.codes(text) == ["E0210"] * count


def test_definitions_are_at_most_a_hundred_deep(desk: Desk) -> None:
    def chain(length: int, *, forward: bool) -> str:
        lines = ["let a0 = 1\n"] + [f"let a{i} = a{i - 1}\n" for i in range(1, length)]
        return "".join(reversed(lines) if forward else lines)

    assert desk.codes(chain(60, forward=True)) == []
    assert set(desk.codes(chain(5_000, forward=True))) == {"E0304"}
    assert desk.codes(chain(5_000, forward=False)) == []
    nested = "let a = " + "(1 + " * 20 + "1" + ")" * 20 + "\n"
    assert desk.codes(nested) == []


@pytest.mark.parametrize("word", ["param", "let"])
@pytest.mark.parametrize(
    "name", ["accuracy", "macro_f1", "serve_cost", "latency", "labels", "task", "model"]
)
def test_a_constant_shadows_no_name_of_the_language(desk: Desk, word: str, name: str) -> None:
    assert desk.codes(f"{word} {name} = 1\n") == ["E0204"]


def test_each_name_is_given_once(desk: Desk) -> None:
    assert desk.codes("let a = 1\nparam a = 2\n") == ["E0207"]
    assert desk.codes("hardware a {\n}\n\nhardware a {\n}\n") == ["E0207"]
    assert desk.codes("hardware a {\n}\n\nprobe a {\n}\n") == []


def test_a_constant_that_nothing_uses_is_checked_too(desk: Desk) -> None:
    assert desk.codes("let a = 1 USD + 1 s\n") == ["E0301"]


def test_compile_spec_takes_the_settings(desk: Desk, spec: str) -> None:
    path = desk.write(spec)
    compiled = compile_spec(path, settings={"shots": "sweep(1, 3)"})
    names = [item.name for item in compiled.graph.candidates]
    assert names == ["strategy.few[shots=1]", "strategy.few[shots=3]"]
