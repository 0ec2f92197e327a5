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
MODELS = ("torch", "transformers", "peft")

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


def loaded_by(arguments: list[str], names: tuple[str, ...]) -> list[str]:
    """Which of the modules a command loads; it must end well."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps(["cosmosql", *arguments])],
        cwd=ROOT,
        input=json.dumps(names),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    words = done.stderr.splitlines()[-1].split()
    assert words[0] == "loaded:"
    return words[1:]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["explain", "E0801"],
        ["show", str(SAMPLE)],
        ["why", str(SAMPLE)],
        ["schema", "plan"],
        ["check", str(STARTER)],
    ],
    ids=lambda arguments: str(arguments[0]),
)
def test_no_heavy_library_is_loaded(arguments: list[str]) -> None:
    assert loaded_by(arguments, HEAVY) == []


def test_the_graph_is_drawn_without_a_model_library() -> None:
    assert loaded_by(["graph", str(STARTER)], MODELS) == []


def test_reading_a_plan_loads_neither_plug_ins_nor_the_drawing_library() -> None:
    unwanted = ("matplotlib", "scipy", "lark", "cosmosql.pipeline", "cosmosql.probes.run")
    assert loaded_by(["show", str(SAMPLE)], unwanted) == []


def test_checking_loads_what_it_needs() -> None:
    """What costs a tenth of a second, or belongs to other commands."""
    unwanted = (
        "importlib.metadata",
        "lark",
        "numpy",
        "pydantic",
        "rich",
        "sqlite3",
        "cosmosql.cli.run",
        "cosmosql.plan.build",
        "cosmosql.syntax.tables",
    )
    assert loaded_by(["check", str(STARTER)], unwanted) == []
