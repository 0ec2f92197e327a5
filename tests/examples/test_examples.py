"""Every shipped example runs, from its text to answers, as a user would run it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from peft import PeftModel
from transformers import AutoModelForCausalLM

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


def test_the_quickstart_runs_from_spec_to_answers(tmp_path: Path) -> None:
    shutil.copy(EXAMPLES / "quickstart.cosmos", tmp_path)
    ran = cosmosql(tmp_path, "run", "quickstart.cosmos", "--format", "json")
    assert ran.returncode == DECIDED, ran.stderr
    plan = json.loads(ran.stdout)
    assert len(plan["candidates"]) >= 20
    kinds = {candidate["kind"] for candidate in plan["candidates"]}
    assert kinds == {"baseline", "prompt", "icl", "lora"}
    assert {policy["kind"] for policy in plan["policies"]} >= {"mix", "cascade"}
    first = (tmp_path / "quickstart.plan.json").read_bytes()

    again = cosmosql(tmp_path, "run", "quickstart.cosmos")
    assert "measured 0 observations now" in again.stdout, again.stdout + again.stderr
    assert (tmp_path / "quickstart.plan.json").read_bytes() == first

    shutil.rmtree(tmp_path / ".cosmosql")
    (tmp_path / "quickstart.plan.json").unlink()
    replayed = cosmosql(tmp_path, "run", "--offline", "quickstart.cosmos")
    assert replayed.returncode == DECIDED, replayed.stderr
    assert (tmp_path / "quickstart.plan.json").read_bytes() == first

    applied = cosmosql(tmp_path, "apply", "quickstart.plan.json")
    assert applied.returncode in (DECIDED, MISSED), applied.stderr
    adapters = sorted((tmp_path / "quickstart.bundle").rglob("adapter_config.json"))
    assert adapters, "the quickstart chooses a fine-tuned candidate"
    member = json.loads((tmp_path / "quickstart.bundle" / "bundle.json").read_text())["members"][0]
    size = member["model"]["name"].rpartition(".")[2]
    base = AutoModelForCausalLM.from_pretrained(ROOT / "stdlib" / "tiny" / size)
    assert PeftModel.from_pretrained(base, adapters[0].parent).active_adapters

    row = json.dumps({"id": "a", "text": "hello , i need help with my card"})
    answered = cosmosql(tmp_path, "predict", "quickstart.bundle", stdin=f"{row}\n{row}\n")
    assert answered.returncode == DECIDED, answered.stderr
    answers = [json.loads(line) for line in answered.stdout.splitlines()]
    labels = json.loads((tmp_path / "quickstart.bundle" / "bundle.json").read_text())["task"]
    assert len(answers) == 2 and answers[0] == answers[1]
    assert answers[0]["answer"] in labels["labels"] and answers[0]["id"] == "a"


@pytest.mark.parametrize("architecture", ["llama", "gpt2"])
def test_rows_of_ones_own_with_a_checkpoint_of_ones_own(
    tmp_path: Path, checkpoint: Callable[[str], Path], architecture: str
) -> None:
    shutil.copytree(EXAMPLES / "byo" / "data", tmp_path / "data")
    shutil.copy(EXAMPLES / "byo" / "tickets.cosmos", tmp_path)
    setting = f'checkpoint="{checkpoint(architecture)}"'
    ran = cosmosql(tmp_path, "run", "tickets.cosmos", "--set", setting, "--format", "json")
    assert ran.returncode in (DECIDED, UNDECIDED), ran.stderr
    plan = json.loads(ran.stdout)
    assert plan["question"]["metric"] == "macro_f1"
    tuned = [one for one in plan["candidates"] if one["kind"] == "lora"]
    assert all(one["metric"]["value"] is not None for one in tuned)


@pytest.mark.slow
def test_a_cascade_of_adapted_models_runs_from_probes_to_answers(tmp_path: Path) -> None:
    """A fine-tuned small model, of which only a probe was measured, before a large one."""
    shutil.copy(EXAMPLES / "adapted_tiers.cosmos", tmp_path)
    ran = cosmosql(tmp_path, "run", "adapted_tiers.cosmos", "--format", "json")
    assert ran.returncode == DECIDED, ran.stderr
    plan = json.loads(ran.stdout)
    chosen = next(one for one in plan["policies"] if one["name"] == plan["decision"]["chosen"])
    assert chosen["kind"] == "cascade" and chosen["metric"]["basis"] == "predicted"
    assert chosen["members"] == ["strategy.small", "strategy.large"]
    alone = [one["metric"]["value"] for one in plan["candidates"]]
    assert chosen["metric"]["value"] > max(alone)

    applied = cosmosql(tmp_path, "apply", "adapted_tiers.plan.json")
    assert applied.returncode in (DECIDED, MISSED), applied.stderr
    bundle = json.loads((tmp_path / "adapted_tiers.bundle" / "bundle.json").read_text())
    assert [one["kind"] for one in bundle["members"]] == ["lora", "icl"]
    (threshold,) = bundle["policy"]["thresholds"]
    assert threshold != chosen["thresholds"][0], "it is set on the model's own answers"
    found = {one["name"]: one["measured"]["value"] for one in bundle["outcomes"]}
    assert found["accuracy"] > max(alone), "better than what either was held to be"

    words = ("the tracker shows nothing", "the panel is cracked", "i cannot find my ring")
    rows = "".join(json.dumps({"text": text}) + "\n" for text in words)
    answered = cosmosql(tmp_path, "predict", "adapted_tiers.bundle", stdin=rows)
    assert answered.returncode == DECIDED, answered.stderr
    answers = [json.loads(line) for line in answered.stdout.splitlines()]
    assert all(one["tier"] in (1, 2) for one in answers)
    assert all(one["answer"] in bundle["task"]["labels"] for one in answers)


def test_the_starter_runs_as_it_is(tmp_path: Path) -> None:
    made = cosmosql(tmp_path, "init", "mine")
    assert made.returncode == DECIDED, made.stderr
    ran = cosmosql(tmp_path, "run", "mine/task.cosmos", "--quiet")
    assert ran.returncode in (DECIDED, UNDECIDED), ran.stderr
    assert (tmp_path / "mine" / "task.report.html").exists()


def test_a_reviewer_gets_the_committed_plan_byte_for_byte(tmp_path: Path) -> None:
    """`examples/review` was made on another day and perhaps another machine."""
    for name in ("quickstart.cosmos", "quickstart.evidence.jsonl.gz"):
        shutil.copy(EXAMPLES / "review" / name, tmp_path)
    replayed = cosmosql(tmp_path, "run", "--offline", "quickstart.cosmos")
    assert replayed.returncode == DECIDED, replayed.stderr
    for name in ("quickstart.plan.json", "quickstart.report.md"):
        assert (tmp_path / name).read_bytes() == (EXAMPLES / "review" / name).read_bytes()


def test_the_reviewed_spec_is_the_quickstart() -> None:
    reviewed = EXAMPLES / "review" / "quickstart.cosmos"
    assert reviewed.read_bytes() == (EXAMPLES / "quickstart.cosmos").read_bytes()
