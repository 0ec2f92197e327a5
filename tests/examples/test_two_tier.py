"""examples/two_tier.cosmos: any recorded pair, and the shipped one as it was recorded."""

from __future__ import annotations

import gzip
import json
import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
DECIDED, UNDECIDED, MISSED = 0, 3, 5


def cosmosql(
    folder: Path, *arguments: str, stdin: str | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cosmosql", *arguments],
        cwd=folder,
        input=stdin,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def logged(name: str) -> list[dict[str, Any]]:
    packed = (EXAMPLES / "two_tier" / f"{name}.jsonl.gz").read_bytes()
    return [json.loads(line) for line in gzip.decompress(packed).splitlines()]


def test_the_shipped_pair_is_planned_from_the_command_line(tmp_path: Path) -> None:
    shutil.copy(EXAMPLES / "two_tier.cosmos", tmp_path)
    shutil.copytree(EXAMPLES / "two_tier", tmp_path / "elsewhere")
    sets = [f"--set={name}=elsewhere/{name}.jsonl.gz" for name in ("questions", "small", "large")]
    ran = cosmosql(tmp_path, "run", "two_tier.cosmos", "--format", "json", *sets)
    assert ran.returncode == DECIDED, ran.stderr
    plan = json.loads(ran.stdout)
    small, large = plan["candidates"]
    assert large["metric"]["value"] > small["metric"]["value"] + 0.15
    assert (small["serve_cost"]["value"], large["serve_cost"]["value"]) == ("1", "4")
    # The spec asks for at most 60 % of what the large model costs: only a policy is better than the
    # small one alone, and no coin is tossed where the question or the margin tells more.
    chosen = next(one for one in plan["policies"] if one["name"] == plan["decision"]["chosen"])
    assert chosen["kind"] in ("cascade", "route", "cascade_route")
    assert float(chosen["serve_cost"]["value"]) <= 0.6 * 4
    assert chosen["metric"]["value"] > small["metric"]["value"] + 0.1

    applied = cosmosql(tmp_path, "apply", "two_tier.plan.json")
    assert applied.returncode in (DECIDED, MISSED), applied.stderr
    asked = "".join(json.dumps(row) + "\n" for row in logged("questions")[:20])
    answered = cosmosql(tmp_path, "predict", "two_tier.bundle", stdin=asked)
    assert answered.returncode == DECIDED, answered.stderr
    said = {name: [one["output"] for one in logged(name)[:20]] for name in ("small", "large")}
    for place, line in enumerate(answered.stdout.splitlines()):
        found = json.loads(line)
        assert found["answer"] == said[found["member"].removeprefix("strategy.")][place]


def test_recorded_costs_count_where_they_are_asked_for(tmp_path: Path) -> None:
    shutil.copy(EXAMPLES / "two_tier.cosmos", tmp_path)
    shutil.copytree(EXAMPLES / "two_tier", tmp_path / "two_tier")
    shown = cosmosql(
        tmp_path, "run", "two_tier.cosmos", "--set", "costs=recorded", "--format", "json"
    )
    assert shown.returncode in (DECIDED, UNDECIDED), shown.stderr
    for found in json.loads(shown.stdout)["candidates"]:
        log = logged(found["name"].removeprefix("strategy."))
        mean = sum(one["cost_usd"] for one in log) / len(log)
        assert float(found["serve_cost"]["low"]) < mean < float(found["serve_cost"]["high"])
        assert found["serve_cost"]["unit"] == "USD/request"


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(EXAMPLES / "two_tier" / "record.py"))


def test_the_questions_are_those_that_the_script_asks(script: dict[str, Any]) -> None:
    questions, solved = script["questions_and_solved"]()
    assert questions == logged("questions")
    asked = {question["question"] for question in questions}
    assert not asked & {example.input for example in solved}


@pytest.mark.parametrize("size", ["small", "large"])
def test_the_answers_are_what_the_models_say(script: dict[str, Any], size: str) -> None:
    """Logits differ in the last digits from machine to machine."""
    questions, solved = script["questions_and_solved"]()
    again = script["answers"](size, questions[:12], solved)
    for said, shipped in zip(again, logged(size)[:12], strict=True):
        assert said["logits"] == pytest.approx(shipped["logits"], abs=0.01)
        assert {**said, "logits": None} == {**shipped, "logits": None}


def test_the_same_answers_are_the_same_bytes(script: dict[str, Any], tmp_path: Path) -> None:
    script["write"](tmp_path / "a.gz", logged("questions"))
    shipped = EXAMPLES / "two_tier" / "questions.jsonl.gz"
    assert gzip.decompress((tmp_path / "a.gz").read_bytes()) == gzip.decompress(
        shipped.read_bytes()
    )
    first = (tmp_path / "a.gz").read_bytes()
    script["write"](tmp_path / "a.gz", logged("questions"))
    assert (tmp_path / "a.gz").read_bytes() == first
