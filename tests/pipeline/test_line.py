"""The whole line on a small spec: measured once, replayed to the same bytes, paid for never twice.

The profile is the one thing that a machine times; it is taken over wherever bytes are compared.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cosmosql.artifact.storage import read_plan
from cosmosql.diagnostics.diagnostic import InputError
from cosmosql.pipeline import run
from tests.run_without import HF_EXTRA

from .conftest import PICK, SPEC, TUNE

ARTIFACTS = ("plan.json", "evidence.jsonl.gz", "report.html", "report.md")


def artifacts(spec: Path, name: str = "colours") -> dict[str, bytes]:
    return {suffix: (spec.parent / f"{name}.{suffix}").read_bytes() for suffix in ARTIFACTS}


def forget(spec: Path) -> None:
    """Removes the ledger: only the evidence file is left."""
    shutil.rmtree(spec.parent / ".cosmosql")


def test_a_second_run_measures_nothing_and_writes_the_same_bytes(project: Path) -> None:
    before = artifacts(project)
    again = run(project)
    assert again.measured == 0
    assert again.reused == len(again.plan.probing.first) + len(again.plan.probing.rounds)
    assert artifacts(project) == before
    for suffix in ARTIFACTS:
        if suffix != "evidence.jsonl.gz":
            (project.parent / f"colours.{suffix}").unlink()
    assert run(project).measured == 0
    assert artifacts(project) == before


def test_the_evidence_file_alone_gives_the_same_bytes(project: Path) -> None:
    before = artifacts(project)
    forget(project)
    replay = run(project, offline=True)
    assert replay.measured == 0
    assert artifacts(project) == before
    assert not (project.parent / ".cosmosql").exists()


def test_a_replay_needs_neither_weights_nor_the_hf_extra(project: Path) -> None:
    before = artifacts(project)
    forget(project)
    shutil.rmtree(project.parent / "model")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tests.run_without",
            ",".join(HF_EXTRA),
            "run",
            "--offline",
            project,
        ],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 3), done.stderr
    assert artifacts(project) == before


def test_the_evidence_file_pays_for_a_run_in_a_fresh_clone(project: Path) -> None:
    before = artifacts(project)
    forget(project)
    assert run(project).measured == 0
    assert artifacts(project) == before


def test_missing_evidence_is_named_and_nothing_is_written(project: Path) -> None:
    forget(project)
    (project.parent / "colours.evidence.jsonl.gz").unlink()
    plan = (project.parent / "colours.plan.json").read_bytes()
    with pytest.raises(InputError) as refused:
        run(project, offline=True)
    assert {one.code for one in refused.value.diagnostics} == {"E0802"}
    assert (project.parent / "colours.plan.json").read_bytes() == plan


def test_a_new_name_measures_nothing(project: Path) -> None:
    text = project.read_text(encoding="utf-8")
    project.write_text(
        text.replace("strategy near ", "strategy similar ").replace(
            "strategy.near", "strategy.similar"
        ),
        encoding="utf-8",
    )
    renamed = run(project)
    assert renamed.measured == 0
    names = {one.name for one in renamed.plan.candidates}
    assert "strategy.similar[shots=2]" in names
    assert not any("near" in name for name in names)


def test_a_question_that_two_candidates_ask_is_counted_once(project: Path) -> None:
    bare = SPEC + PICK.replace("strategy.*, policy.tiers", "strategy.bare")
    project.write_text(bare, encoding="utf-8")
    alone = run(project).plan
    twin = (
        'model twin using hf {\n  id = "./model"\n}\n\n'
        "strategy again using prompt {\n  model = model.twin\n  on = hardware.here\n}\n"
    )
    project.write_text(
        bare.replace("strategy.bare\n", "strategy.bare, strategy.again\n") + twin, encoding="utf-8"
    )
    both = run(project)
    assert [one.name for one in both.plan.candidates] == ["strategy.bare", "strategy.again"]
    assert (both.measured, both.reused) == (0, 2)
    assert both.plan.budget.spent == alone.budget.spent
    assert both.plan.evidence == alone.evidence


def test_other_rows_are_measured_again(project: Path) -> None:
    rows = project.parent / "rows.jsonl"
    first, _, rest = rows.read_text(encoding="utf-8").partition("\n")
    rows.write_text(first.replace("the ", "what ", 1) + "\n" + rest, encoding="utf-8")
    before = read_plan(project.parent / "colours.plan.json").locked
    changed = run(project)
    assert 0 < changed.measured < 12
    assert changed.plan.locked.datasets != before.datasets
    assert changed.plan.locked.models == before.models


def test_every_kind_of_strategy_is_in_the_plan(project: Path) -> None:
    """Each with a number or the reason for its lack."""
    plan = run(project).plan
    kinds = {one.kind: one.metric.basis for one in plan.candidates}
    assert kinds == {
        "baseline": "measured",
        "prompt": "measured",
        "icl": kinds["icl"],
        "lora": "predicted",
    }
    assert kinds["icl"] in ("measured", "predicted")
    assert plan.policies
    for candidate in plan.candidates:
        assert candidate.metric.value is not None or candidate.metric.reason
    assert plan.evidence.test_reads == 0


def test_several_queries_have_a_plan_each(project: Path) -> None:
    project.write_text(SPEC + PICK + TUNE, encoding="utf-8")
    with pytest.raises(InputError) as unsaid:
        run(project)
    assert [one.code for one in unsaid.value.diagnostics] == ["E0413"]
    with pytest.raises(InputError) as unknown:
        run(project, query="tun")
    assert [one.code for one in unknown.value.diagnostics] == ["E0412"]
    assert unknown.value.diagnostics[0].help == "did you mean `--query tune`?"

    tuned = run(project, query="tune")
    assert tuned.reused > tuned.measured, "what the other query paid for is there"
    assert tuned.plan_path.name == "colours.tune.plan.json"
    assert tuned.plan.query == "tune"
    assert {one.kind for one in tuned.plan.candidates} == {"lora"}
    assert artifacts(project, "colours.tune")
