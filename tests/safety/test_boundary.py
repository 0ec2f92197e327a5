"""What a spec may read: its own directory tree, the standard library, and what the user trusts."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cosmosql.model.bind import bind
from cosmosql.model.boundary import MOST_ENTRIES, NOTHING, Boundary, Trusted

ROWS = 'dataset rows using jsonl {\n  source = "%s"\n}\n'
MODEL = 'model own using hf {\n  id = "%s"\n}\n'
HUB_ROWS = 'dataset rows using hf {\n  source = "%s"\n}\n'
SECRET = "the secret of somebody else"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory for specs, and beside it one that is none of their business."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "rows.jsonl").write_text(f"{SECRET}\n", encoding="utf-8")
    (outside / "more.cosmos").write_text("let a = 1\n", encoding="utf-8")
    inside = tmp_path / "inside"
    (inside / "data").mkdir(parents=True)
    (inside / "data" / "rows.jsonl").write_text('{"a": "b"}\n', encoding="utf-8")
    return inside


def codes(place: Path, text: str, trusted: Trusted = NOTHING) -> list[str]:
    spec = place / "spec.cosmos"
    spec.write_text(text, encoding="utf-8")
    return [item.code for item in bind(spec, trusted=trusted)[1]]


@pytest.mark.parametrize("text", [ROWS, MODEL, HUB_ROWS], ids=["jsonl", "model", "hf"])
@pytest.mark.parametrize(
    "written",
    [
        "../outside",
        "../outside/rows.jsonl",
        "data/../../outside/rows.jsonl",
        "/etc/hosts",
        "/",
        "..",
    ],
)
def test_paths_outside_are_refused(place: Path, text: str, written: str) -> None:
    assert codes(place, text % written) == ["E0206"]


@pytest.mark.parametrize("text", [ROWS, MODEL, HUB_ROWS], ids=["jsonl", "model", "hf"])
@pytest.mark.parametrize("written", ["data/rows.jsonl", "./data", "data/../data/rows.jsonl", "."])
def test_paths_inside_are_taken(place: Path, text: str, written: str) -> None:
    assert codes(place, text % written) == []


def test_a_hub_id_is_no_path(place: Path) -> None:
    assert codes(place, MODEL % "Qwen/Qwen2.5-0.5B" + HUB_ROWS % "fancyzhx/ag_news") == []


def test_a_home_directory_is_outside(place: Path) -> None:
    assert codes(place, MODEL % "~/models/own") == ["E0206"]


def test_a_name_for_a_path_does_not_hide_it(place: Path) -> None:
    assert codes(place, 'let where = "../outside"\n' + MODEL.replace('"%s"', "where")) == ["E0206"]
    listed = ROWS.replace('"%s"', '["data/rows.jsonl", "../outside/rows.jsonl"]')
    assert codes(place, listed) == ["E0206"]


def test_the_files_of_roles_are_held_to_it_too(place: Path) -> None:
    text = 'dataset rows using csv {\n  train = "data/a.csv"\n  test = "../outside/b.csv"\n}\n'
    assert codes(place, text) == ["E0206"]


@pytest.mark.parametrize(
    "link",
    [
        lambda place: (place / "link.jsonl").symlink_to(place.parent / "outside" / "rows.jsonl"),
        lambda place: (place / "link.jsonl").symlink_to("/dev/zero"),
        lambda place: (place / "link.jsonl").symlink_to("../outside"),
    ],
    ids=["file", "device", "directory"],
)
@pytest.mark.parametrize("text", [ROWS, MODEL, HUB_ROWS], ids=["jsonl", "model", "hf"])
def test_links_that_lead_outside_are_refused(
    place: Path, text: str, link: Callable[[Path], None]
) -> None:
    link(place)
    assert codes(place, text % "link.jsonl") == ["E0206"]
    assert codes(place, text % "./link.jsonl") == ["E0206"]


def test_links_that_stay_inside_are_followed(place: Path) -> None:
    (place / "link.jsonl").symlink_to("data/rows.jsonl")
    (place / "deep").symlink_to("data")
    assert codes(place, ROWS % "link.jsonl") == []
    assert codes(place, ROWS % "deep/rows.jsonl") == []


def test_links_within_a_directory_count(place: Path) -> None:
    (place / "model" / "shards").mkdir(parents=True)
    assert codes(place, MODEL % "./model") == []
    (place / "model" / "shards" / "a").symlink_to("../../../outside/rows.jsonl")
    assert codes(place, MODEL % "./model") == ["E0206"]
    assert codes(place, HUB_ROWS % "./model") == ["E0206"]


def test_links_behind_a_link_within_a_directory_count(place: Path) -> None:
    (place / "model").mkdir()
    (place / "model" / "more").symlink_to("../data")
    assert codes(place, MODEL % "./model") == []
    (place / "data" / "a").symlink_to("../../outside/rows.jsonl")
    assert codes(place, MODEL % "./model") == ["E0206"]


def test_pipes_within_a_directory_count(place: Path) -> None:
    (place / "model").mkdir()
    os.mkfifo(place / "model" / "config.json")
    assert codes(place, MODEL % "./model") == ["E0206"]


def test_a_directory_is_looked_through_up_to_a_bound(place: Path) -> None:
    many = place / "model"
    many.mkdir()
    for number in range(MOST_ENTRIES + 1):
        (many / f"{number}").touch()
    assert codes(place, MODEL % "./model") == ["E0206"]
    assert codes(place, MODEL % "./model", Trusted.of([many])) == []


def test_loops_of_links_end(place: Path) -> None:
    (place / "a").symlink_to("b")
    (place / "b").symlink_to("a")
    (place / "data" / "up").symlink_to("..")
    assert codes(place, MODEL % "./data") == []
    for text in (ROWS % "a", MODEL % "./a", 'import "./a" as other\n'):
        assert codes(place, text) in (["E0205"], [])
    (place / "loop.cosmos").symlink_to("loop.cosmos")
    assert [item.code for item in bind(place / "loop.cosmos")[1]] == ["E0109"]


def test_a_spec_that_is_a_link_shows_nothing_of_its_target(place: Path) -> None:
    (place / "leak.cosmos").symlink_to("../outside/rows.jsonl")
    program, found = bind(place / "leak.cosmos")
    assert program is None
    assert [item.code for item in found] == ["E0206"]
    assert SECRET not in repr(found)
    trusted = Trusted.of([place.parent])
    assert "E0206" not in [item.code for item in bind(place / "leak.cosmos", trusted=trusted)[1]]


def test_an_imported_file_reads_what_the_spec_may(place: Path) -> None:
    """The tree is the spec's, not the imported file's."""
    (place / "lib").mkdir()
    (place / "lib" / "more.cosmos").write_text(ROWS % "../data/rows.jsonl", encoding="utf-8")
    assert codes(place, 'import "./lib/more.cosmos" as more\n') == []
    (place / "lib" / "more.cosmos").write_text(ROWS % "../../outside/rows.jsonl", encoding="utf-8")
    assert codes(place, 'import "./lib/more.cosmos" as more\n') == ["E0206"]


def test_trusted_trees(place: Path) -> None:
    trusted = Trusted.of([place.parent / "outside"])
    for text in (ROWS, MODEL, HUB_ROWS):
        assert codes(place, text % "../outside/rows.jsonl", trusted) == []
        assert codes(place, text % "../elsewhere", trusted) == ["E0206"]
    assert codes(place, 'import "../outside/more.cosmos" as more\n', trusted) == []
    spec = place / "spec.cosmos"
    program, _ = bind(spec, trusted=trusted)
    assert program is not None
    assert "../outside/more.cosmos" in [module.path for module in program.modules]


def test_a_path_that_the_user_writes_is_the_users_own(place: Path) -> None:
    """Values of `--set` come from whoever runs the command, the spec's own text does not."""
    (place / "spec.cosmos").write_text(
        'param where = "data"\n' + MODEL.replace('"%s"', "where"), encoding="utf-8"
    )
    own = run(place, "check", "--set", 'where="../outside"', "spec.cosmos")
    assert own.returncode == 0, own.stderr
    (place / "spec.cosmos").write_text(
        'param where = "../outside"\n' + MODEL.replace('"%s"', "where"), encoding="utf-8"
    )
    assert "E0206" in run(place, "check", "spec.cosmos").stderr


def test_a_link_is_no_way_into_a_trusted_name(place: Path) -> None:
    """Trust belongs to the real tree: `outside-2` is not below `outside`."""
    (place.parent / "outside-2").mkdir()
    trusted = Trusted.of([place.parent / "outside"])
    assert codes(place, MODEL % "../outside-2", trusted) == ["E0206"]


def test_the_standard_library_may_be_named_by_its_path(place: Path) -> None:
    boundary = Boundary.around(place / "spec.cosmos")
    assert codes(place, MODEL % boundary.standard.joinpath("tiny").as_posix()) == []


def test_a_path_that_no_system_has_is_outside(place: Path) -> None:
    assert not Boundary.around(place / "spec.cosmos").holds(place / "a\0b")


def run(place: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cosmosql", *arguments],
        cwd=place,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", ["check", "graph", "quote", "show", "run", "backtest"])
def test_every_command_that_compiles_a_spec_takes_allow(place: Path, command: str) -> None:
    (place / "spec.cosmos").write_text(ROWS % "../outside/rows.jsonl", encoding="utf-8")
    refused = run(place, command, "spec.cosmos")
    assert refused.returncode == 1
    assert "E0206" in refused.stderr
    assert SECRET not in refused.stdout + refused.stderr
    for done in (
        run(place, command, "--allow", "../outside", "spec.cosmos"),
        run(
            place, command, "spec.cosmos", COSMOSQL_ALLOW=f"..{os.sep}nowhere{os.pathsep}../outside"
        ),
    ):
        assert "E0206" not in done.stderr
        assert "Traceback" not in done.stderr
        assert SECRET not in done.stdout + done.stderr
