"""`kill -9` at any instant: nothing durable is measured again, and the bytes are equal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from cosmosql.evidence.ledger import Ledger

PLUGINS = Path(__file__).parent / "plugins"
ROOT = Path(__file__).parents[2]


def run(root: Path, **environment: str) -> int:
    """Measures the fake world in `root` in a process of its own; returns its exit status."""
    return subprocess.run(
        [sys.executable, str(PLUGINS / "measure_fakes.py"), str(root)],
        env={
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": os.pathsep.join([str(PLUGINS), str(ROOT)]),
            "FAKES_LOG": str(root / "log"),
            **environment,
        },
        check=False,
    ).returncode


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    root = tmp_path_factory.mktemp("undisturbed")
    assert run(root) == 0
    return (root / "fake.evidence.jsonl.gz").read_bytes()


@pytest.mark.parametrize("instant", ["load:1", "profile:1", "begin:1", "begin:5", "end:1", "end:6"])
def test_killed_and_run_again(tmp_path: Path, undisturbed: bytes, instant: str) -> None:
    assert run(tmp_path, FAKES_KILL=instant) == -signal.SIGKILL
    assert not (tmp_path / "fake.evidence.jsonl.gz").exists()
    with Ledger.read(tmp_path) as ledger:
        durable = {one.key for one in ledger.all() if one.kind != "resolve"}
        open_entries = [entry for entry in ledger.spending() if entry[3] is None]
    assert len(open_entries) == 1, "the step that was killed left its reservation"
    begun = Counter(_begun(tmp_path))
    assert run(tmp_path) == 0
    assert (tmp_path / "fake.evidence.jsonl.gz").read_bytes() == undisturbed
    with Ledger.read(tmp_path) as ledger:
        keys = [one.key for one in ledger.all() if one.kind != "resolve"]
        abandoned = [entry for entry in ledger.spending() if entry[3] is None]
    assert len(keys) == len(set(keys)) and durable < set(keys)
    assert abandoned == open_entries, "what was spent then is never forgotten"
    repeated = {name: count for name, count in Counter(_begun(tmp_path)).items() if count > 1}
    assert set(repeated) <= set(begun) and len(repeated) <= 1, "only the killed step ran twice"


def test_killed_again_and_again(tmp_path: Path, undisturbed: bytes) -> None:
    for instant in ("begin:2", "begin:5", "begin:8", "end:8"):
        assert run(tmp_path, FAKES_KILL=instant) == -signal.SIGKILL
    assert run(tmp_path) == 0
    assert (tmp_path / "fake.evidence.jsonl.gz").read_bytes() == undisturbed


def _begun(root: Path) -> list[str]:
    lines = (root / "log").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith("begin")]
