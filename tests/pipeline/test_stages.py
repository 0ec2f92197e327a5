"""`cosmosql show SPEC --stage …`: every stage's value, with nothing measured or written."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cosmosql.cli.main import main
from cosmosql.cli.presentation import folded, presented
from cosmosql.cli.show import Stage
from cosmosql.contracts.predictor import CurvePoint
from cosmosql.diagnostics.diagnostic import InputError
from cosmosql.pipeline import stage

Show = Callable[..., tuple[int, str, str]]


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Show:
    """Runs `cosmosql show`; returns the exit code, standard output and standard error."""

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["cosmosql", "show", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return int(ended.value.code or 0), captured.out, captured.err

    return run


def files(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def test_every_stage_is_json_and_its_text_is_the_same_json(project: Path, show: Show) -> None:
    before = files(project.parent)
    found: dict[str, Any] = {}
    for name in Stage:
        code, text, _ = show(project, "--stage", name)
        assert code == 0
        code, data, _ = show(project, "--stage", name, "--format", "json")
        assert code == 0
        found[name] = json.loads(data)
        assert json.loads(text) == found[name]
        assert len(text.splitlines()) < len(data.splitlines())
    assert files(project.parent) == before

    assert found["program"]["queries"]["query.pick"]["task"] == "task.colours"
    line = project.read_text(encoding="utf-8").partition("task colours")[0].count("\n") + 1
    assert found["program"]["tasks"]["task.colours"]["span"].endswith(f"colours.cosmos:{line}:6")
    assert found["graph"]["query"]["name"] == "query.pick"
    names = [one["name"] for one in found["graph"]["candidates"]]
    assert len(names) == 8
    assert {run["node"] for run in found["probes"]} == set(found["graph"]["measurements"])
    kinds = {one["kind"] for one in found["evidence"]}
    assert kinds == {"resolve", "profile", "proxy", "evaluate", "choice", "fit"}
    assert [one["candidate"]["name"] for one in found["forecast"]] == names
    draws = found["forecast"][0]["metric"]["draws"]
    assert draws["low"] <= draws["median"] <= draws["high"]
    plan = json.loads((project.parent / "colours.plan.json").read_text(encoding="utf-8"))
    assert found["decision"]["status"] == plan["decision"]["status"]
    assert found["decision"]["chosen"] == plan["decision"]["chosen"]


def test_the_program_is_what_a_spec_shows_by_itself(project: Path, show: Show) -> None:
    assert show(project) == show(project, "--stage", "program")


def test_what_needs_evidence_says_that_it_is_missing(project: Path, show: Show) -> None:
    for name in (".cosmosql/ledger.sqlite", "colours.evidence.jsonl.gz"):
        (project.parent / name).unlink()
    for name in (Stage.EVIDENCE, Stage.FORECAST, Stage.DECISION):
        with pytest.raises(InputError) as refused:
            stage(project, name)
        assert {one.code for one in refused.value.diagnostics} == {"E0802"}
    code, out, err = show(project, "--stage", "decision")
    assert (code, out) == (1, "")
    assert "E0802" in err
    for name in (Stage.PROGRAM, Stage.GRAPH, Stage.PROBES):
        assert show(project, "--stage", name)[0] == 0


def test_a_plan_has_no_stages(project: Path, show: Show) -> None:
    plan = project.parent / "colours.plan.json"
    assert show(plan)[0] == 0
    for option in (("--stage", "program"), ("--query", "pick"), ("--set", "floor=1")):
        assert show(plan, *option)[0] == 2
    assert show(project, "--query", "nothing")[0] == 1


def test_draws_are_three_numbers_and_nothing_is_nan() -> None:
    shown = presented(
        CurvePoint(
            size=1.0, value=float("inf"), draws=np.array([0.0, 0.5, 1.0, np.nan]), n=3, seed=0
        )
    )
    assert shown == {
        "size": 1.0,
        "value": None,
        "draws": {"median": 0.5, "low": 0.05, "high": 0.95},
        "n": 3,
        "seed": 0,
        "examples": 0.0,
    }
    assert "\x1b" not in folded({"a\x1b[31m": "b\x1b[0m"})


def test_what_has_no_form_is_refused() -> None:
    with pytest.raises(TypeError):
        presented({"a", "b"})
