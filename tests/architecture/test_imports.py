"""What a reviewer runs on a stranger's spec or plan never loads a machine-learning library."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "tests" / "artifact" / "sample.plan.json"
STARTER = ROOT / "cosmosql" / "cli" / "starter" / "task.cosmos"
HEAVY = ("torch", "transformers", "peft", "vllm", "ray", "sklearn", "bm25s", "datasets")

PROGRAM = """
import json, sys
from cosmosql.cli.main import main
sys.argv = json.loads(sys.argv[1])
try:
    main()
finally:
    loaded = [name for name in json.loads(sys.stdin.read()) if name in sys.modules]
    print("loaded:", *loaded, file=sys.stderr)
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["explain", "E0801"],
        ["show", str(SAMPLE)],
        ["why", str(SAMPLE)],
        ["schema", "plan"],
        ["check", str(STARTER)],
        ["graph", str(STARTER)],
    ],
    ids=lambda arguments: str(arguments[0]),
)
def test_no_heavy_library_is_loaded(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(["cosmosql", *arguments])],
        cwd=ROOT,
        input=json.dumps(HEAVY),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == "loaded:"


def test_reading_a_plan_loads_neither_plug_ins_nor_the_drawing_library() -> None:
    unwanted = ("matplotlib", "scipy", "lark", "cosmosql.pipeline", "cosmosql.probes.run")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(["cosmosql", "show", str(SAMPLE)])],
        cwd=ROOT,
        input=json.dumps(unwanted),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == "loaded:"
