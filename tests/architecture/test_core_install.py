"""Without any extra a spec can be checked, formatted, drawn, quoted, shown, and a run replayed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.run_without import EXTRAS

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "tests" / "artifact" / "sample.plan.json"
REVIEWED = ROOT / "examples" / "review" / "quickstart.cosmos"
"""A spec with the evidence beside it, which knows the models whose files need the extra."""
STARTER = ROOT / "cosmosql" / "cli" / "starter" / "task.cosmos"


def core(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs a command line where nothing of an extra can be imported."""
    return subprocess.run(
        [sys.executable, "-m", "tests.run_without", ",".join(EXTRAS), *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", STARTER),
        ("graph", STARTER),
        ("fmt", "--check", STARTER),
        ("explain", "E0301"),
        ("doctor",),
        ("schema", "plan"),
        ("schema", "language"),
        ("completion", "bash"),
        ("check", REVIEWED),
        ("quote", REVIEWED),
        ("show", REVIEWED, "--stage", "decision"),
        ("show", SAMPLE),
        ("why", SAMPLE),
        ("quote", STARTER),
        ("show", STARTER),
        ("show", STARTER, "--stage", "graph"),
    ],
    ids=lambda arguments: " ".join(Path(part).name for part in arguments),
)
def test_reading_needs_no_extra(arguments: tuple[str | Path, ...]) -> None:
    done = core(*arguments)
    assert done.returncode == 0, done.stderr


def test_what_measures_says_what_to_install(tmp_path: Path) -> None:
    done = core("init", tmp_path / "new")
    assert done.returncode == 0, done.stderr
    done = core("run", tmp_path / "new" / "task.cosmos")
    assert done.returncode == 1
    assert "E0502" in done.stderr
    assert "pip install 'cosmosql[hf]'" in done.stderr
