"""Runs command lines under the audit hook of `audited.py`, and says what they did."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
AUDITED = Path(__file__).parent / "audited.py"


@dataclass(frozen=True)
class Event:
    command: int
    name: str
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class Audited:
    """What some command lines did, and the tree of files around them before and after."""

    events: tuple[Event, ...]
    output: str
    before: dict[str, bytes]
    after: dict[str, bytes]

    def named(self, *starts: str) -> list[Event]:
        return [event for event in self.events if event.name.startswith(starts)]

    @property
    def codes(self) -> list[int]:
        return [int(event.arguments[0]) for event in self.named("exit")]


def tree(directory: Path) -> dict[str, bytes]:
    """Every file below a directory with its content; links and pipes by name alone."""
    found = {}
    for path in sorted(directory.rglob("*")):
        plain = path.is_file() and not path.is_symlink()
        found[str(path.relative_to(directory))] = path.read_bytes() if plain else b""
    return found


STEERING = ("HF_", "TORCHINDUCTOR_")
"""How variables begin that move a library's files. torch sets some of its own where it is imported:
a test that did it before would pass them on."""

Audit = Callable[[Sequence[Sequence[str]]], Audited]


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """A directory with `spec` (where commands run), `outside`, and a home of its own."""
    for name in ("spec", "outside", "home", "temporary"):
        (tmp_path / "world" / name).mkdir(parents=True)
    return tmp_path / "world"


@pytest.fixture
def audit(tmp_path: Path, world: Path) -> Audit:
    """Runs command lines in `world/spec` and compares the whole world before and after."""

    def run(commands: Sequence[Sequence[str]]) -> Audited:
        log = tmp_path / "log.jsonl"
        log.unlink(missing_ok=True)
        before = tree(world)
        done = subprocess.run(
            [sys.executable, str(AUDITED), str(log), json.dumps([list(one) for one in commands])],
            cwd=world / "spec",
            env={
                **{key: value for key, value in os.environ.items() if not key.startswith(STEERING)},
                "PYTHONPATH": str(ROOT),
                "PYTHONDONTWRITEBYTECODE": "1",
                "OMP_NUM_THREADS": "1",
                "HOME": str(world / "home"),
                "TMPDIR": str(world / "temporary"),
                "AUDITED_WATCH": os.path.realpath(world),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
        return Audited(
            events=tuple(
                Event(line["command"], line["event"], tuple(line["with"])) for line in lines
            ),
            output=done.stdout + done.stderr,
            before=before,
            after=tree(world),
        )

    return run
