"""Modules: what an import brings, what it never does, and what is said when it fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

Desk = Any

SHARED = """## Ours.
param floor = 80%

let half = 50%

hardware rack {
  price = 2 USD/GPU-hour
  source = "our contract"
  as_of = "2026-01-31"
}
"""


def importing(*lines: str) -> str:
    return "".join(f"{line}\n" for line in lines)


def test_names_of_a_module_are_always_qualified(desk: Desk) -> None:
    text = importing('import "./shared.cosmos" as shared') + desk.whole
    used = text.replace("on = hw.cpu", "on = shared.hardware.rack")
    program = desk.program(used, {"shared.cosmos": SHARED})
    assert program.strategies["strategy.few"].hardware == "shared.hardware.rack"
    bare = text.replace("on = hw.cpu", "on = hardware.rack")
    assert desk.codes(bare, {"shared.cosmos": SHARED}) == ["E0201"]


def test_there_is_no_wildcard_import(desk: Desk) -> None:
    assert desk.codes("import std.tiny.* as tiny\n") == ["E0205"]
    assert desk.codes("import std.tiny\n")[0] < "E0200"


def test_constants_and_attributes_are_reached_through_the_alias(desk: Desk) -> None:
    text = (
        importing('import "./shared.cosmos" as shared')
        + desk.head
        + desk.few
        + desk.pick.replace(
            "accuracy\n}",
            "accuracy\n  require accuracy >= shared.floor * shared.half\n"
            "  require adapt_cost <= 2 GPU-hours * shared.hardware.rack.price\n}",
        )
    )
    first, second = desk.query(text, {"shared.cosmos": SHARED}).requirements
    assert str(first.right.quantity) == "40%"  # type: ignore[union-attr]
    assert str(second.right.quantity) == "4 USD"  # type: ignore[union-attr]


def test_a_name_goes_through_several_modules(desk: Desk) -> None:
    files = {
        "parts/shared.cosmos": SHARED,
        "parts/base.cosmos": 'import "./shared.cosmos" as prices\n',
    }
    text = importing('import "./parts/base.cosmos" as base') + desk.whole.replace(
        "on = hw.cpu", "on = base.prices.rack"
    )
    assert desk.program(text, files).strategies["strategy.few"].hardware == (
        "base.prices.hardware.rack"
    )


def test_a_diamond_is_one_module_under_its_shortest_alias(desk: Desk) -> None:
    files = {
        "left.cosmos": 'import "./shared.cosmos" as prices\n',
        "right.cosmos": 'import "./left.cosmos" as left\nimport "./shared.cosmos" as shared\n',
        "shared.cosmos": SHARED,
    }
    long = 'import "./right.cosmos" as right\nimport "./left.cosmos" as left\n'
    program = desk.program(long, files)
    assert set(program.parameters) == {"right.shared.floor"}
    assert [name for name in program.hardware if name.endswith("rack")] == [
        "right.shared.hardware.rack"
    ]
    short = desk.program(long + 'import "./shared.cosmos" as own\n', files)
    assert set(short.parameters) == {"own.floor"}


@pytest.mark.parametrize(
    ("files", "spec", "chain"),
    [
        ({}, 'import "./spec.cosmos" as self\n', "spec.cosmos imports spec.cosmos"),
        (
            {"a.cosmos": 'import "./spec.cosmos" as back\n'},
            'import "./a.cosmos" as a\n',
            "spec.cosmos imports a.cosmos imports spec.cosmos",
        ),
        (
            {
                "a.cosmos": 'import "./b.cosmos" as b\n',
                "b.cosmos": 'import "./a.cosmos" as a\n',
            },
            'import "./a.cosmos" as a\n',
            "a.cosmos imports b.cosmos imports a.cosmos",
        ),
    ],
)
def test_a_cycle_is_told_once_with_its_way(
    desk: Desk, files: dict[str, str], spec: str, chain: str
) -> None:
    (found,) = desk.found(spec, files)
    assert found.code == "E0202"
    assert found.notes == (chain,)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ('import "./none.cosmos" as other', "E0205"),
        ('import "./parts" as other', "E0205"),
        ('import "./parts.cosmos" as other', "E0205"),
        ('import "" as other', "E0205"),
        ('import "./notes.txt" as other', "E0205"),
        ('import "./Shared.cosmos" as other', "E0205"),
        ('import "./rows.jsonl" as other', "E0205"),
        ('import "../outside.cosmos" as other', "E0206"),
        ("import std.none as other", "E0205"),
        ("import std.Tiny as other", "E0205"),
        ("import std as other", "E0205"),
        ("import ours.tiny as other", "E0205"),
    ],
)
def test_what_cannot_be_imported_is_told_once(desk: Desk, line: str, code: str) -> None:
    desk.write("", {"parts/one.cosmos": "", "notes.txt": "secret = 1\n", "shared.cosmos": SHARED})
    desk.write("", {"parts.cosmos/one.cosmos": "", "rows.jsonl": "{}\n"})
    uses = f"{line}\n{desk.head}{desk.few}{desk.pick}".replace("hw.cpu", "other.hardware.rack")
    uses = uses.replace("accuracy\n}", "accuracy\n  require accuracy >= other.floor\n}")
    uses += "\nstrategy more extends other.strategy.few {\n}\n\npolicy any using auto {\n"
    uses += "  over = other.strategy.*\n}\n"
    (found,) = desk.found(uses)
    assert found.code == code
    assert "secret" not in str(found)


def test_a_module_that_is_nearly_right_is_suggested(desk: Desk) -> None:
    (file,) = desk.found('import "./shred.cosmos" as shared\n', {"shared.cosmos": SHARED})
    assert file.help == "did you mean `./shared.cosmos`?"
    (standard,) = desk.found("import std.tinny as tiny\n")
    assert standard.help == "did you mean `std.tiny`?"


@pytest.mark.parametrize(
    ("second", "code"),
    [
        ("import std.hardware as tiny", "E0207"),
        ("param tiny = 1", "E0207"),
        ("let tiny = 1", "E0207"),
        ("import std.hardware as accuracy", "E0204"),
        ("import std.hardware as serve_cost", "E0204"),
        ("import std.hardware as strategy", "E0204"),
    ],
)
def test_an_alias_is_a_name_like_any_other(desk: Desk, second: str, code: str) -> None:
    assert desk.codes(f"import std.tiny as tiny\n{second}\n") == [code]


def test_an_alias_of_a_failed_import_is_taken_too(desk: Desk) -> None:
    text = "import std.none as tiny\nimport std.tiny as tiny\n"
    assert desk.codes(text) == ["E0205", "E0207"]


def test_case_tells_aliases_apart(desk: Desk) -> None:
    files = {"shared.cosmos": SHARED}
    text = 'import std.hardware as Shared\nimport "./shared.cosmos" as shared\n'
    assert set(desk.program(text, files).parameters) == {"shared.floor"}
    assert desk.codes(text + "let rent = Shared.hardware.rack.price\n", files) == ["E0201"]


def test_mistakes_of_a_module_are_told_once_and_at_their_place(desk: Desk) -> None:
    files = {
        "parts/bad.cosmos": "let a = 1 USD + 1 s\nlet b = nothing.at_all\n",
        "left.cosmos": 'import "./parts/bad.cosmos" as bad\n',
    }
    text = 'import "./left.cosmos" as left\nimport "./parts/bad.cosmos" as bad\n'
    found = desk.found(text, files)
    assert [item.code for item in found] == ["E0301", "E0201"]
    names = {Path(item.labels[0].span.source.name) for item in found}
    assert names == {desk.directory / "parts/bad.cosmos"}


def test_a_module_with_a_syntax_error_costs_what_it_lost_and_no_more(desk: Desk) -> None:
    files = {"shared.cosmos": SHARED.replace("2 USD/GPU-hour", "= 2")}
    text = importing('import "./shared.cosmos" as shared') + desk.whole.replace(
        "on = hw.cpu", "on = shared.hardware.rack"
    )
    found = desk.found(text, files)
    assert [item.code[:3] for item in found] == ["E01"]


def test_only_the_spec_asks(desk: Desk) -> None:
    files = {"base.cosmos": desk.whole}
    assert desk.program('import "./base.cosmos" as base\n', files).queries == {}


def test_std_is_written_in_the_language_and_imports_itself_only(desk: Desk) -> None:
    program = desk.program("import std.tiny as tiny\n")
    assert {module.path for module in program.modules} >= {"std.tiny", "std.probes"}
    assert all(module.path.startswith("std.") for module in program.modules)
