"""The package without any extra, in an environment of its own: pre-commit builds and installs it as
it does for its users, runs the hooks, and then the commands are tried from there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLAN = ROOT / "tests" / "artifact" / "sample.plan.json"
REVIEW = ROOT / "examples" / "review"
EXTRAS = ("torch", "transformers", "peft", "datasets", "sklearn", "bm25s", "pygls", "yaml")
HOOKS = ("cosmosql-check", "cosmosql-fmt")


def git(place: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=place, capture_output=True, text=True, check=True
    )
    return done.stdout


def repository(place: Path) -> Path:
    """The sources as a repository of one commit."""
    for name in git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard").splitlines():
        if (ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place / name)
    git(place, "init", "--quiet")
    git(place, "add", "--all")
    git(place, "commit", "--quiet", "--message", "all")
    return place


def hooks() -> list[dict[str, object]]:
    from pre_commit.clientlib import load_manifest

    loaded: list[dict[str, object]] = load_manifest(str(ROOT / ".pre-commit-hooks.yaml"))
    return loaded


def test_the_manifest_is_one_that_pre_commit_reads() -> None:
    found = {hook["id"]: hook for hook in hooks()}
    assert tuple(sorted(map(str, found))) == HOOKS
    for hook in found.values():
        assert hook["language"] == "python"
        assert hook["files"] == r"\.cosmos$"
        assert hook["additional_dependencies"] == []


@pytest.mark.parametrize("hook", hooks(), ids=lambda hook: str(hook["id"]))
def test_an_entry_judges_the_files_it_is_given(tmp_path: Path, hook: dict[str, object]) -> None:
    (tmp_path / "right.cosmos").write_text("let a = 1\n", encoding="utf-8")
    (tmp_path / "wrong.cosmos").write_text("let a =\n", encoding="utf-8")
    name, *options = str(hook["entry"]).split()
    assert name == "cosmosql"
    for file, code in (("right.cosmos", 0), ("wrong.cosmos", 1)):
        done = subprocess.run(
            [sys.executable, "-m", "cosmosql", *options, file],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        assert bool(done.stdout + done.stderr) == bool(code)


class Fresh:
    def __init__(self, place: Path, command: Path, output: str) -> None:
        self.place = place
        self.command = command
        self.output = output
        """What the hooks said about a specs' repository."""

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.command), *map(str, arguments)],
            cwd=self.place,
            env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fresh]:
    """An environment that pre-commit made for the hooks; skips where no package index is there."""
    place = tmp_path_factory.mktemp("fresh")
    source, specs = place / "source", place / "specs"
    source.mkdir()
    specs.mkdir()
    repository(source)
    (specs / "loose.cosmos").write_text("let   a=1\n", encoding="utf-8")
    (specs / "wrong.cosmos").write_text("let a =\n", encoding="utf-8")
    listed = "".join(f"      - id: {name}\n" for name in HOOKS)
    (specs / ".pre-commit-config.yaml").write_text(
        f"repos:\n  - repo: {source.as_uri()}\n    rev: {git(source, 'rev-parse', 'HEAD')}"
        f"    hooks:\n{listed}",
        encoding="utf-8",
    )
    git(specs, "init", "--quiet")
    git(specs, "add", "--all")
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", "--all-files"],
        cwd=specs,
        env={**os.environ, "PRE_COMMIT_HOME": str(place / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    commands = sorted((place / "cache").glob("*/py_env-*/bin/cosmosql"))
    if not commands:
        offline = ("No matching distribution", "Could not find a version", "Connection")
        assert any(words in done.stdout for words in offline), done.stdout + done.stderr
        pytest.skip("no package index to install from")
    yield Fresh(place, commands[0], done.stdout)
    shutil.rmtree(place, ignore_errors=True)


@pytest.mark.slow
def test_the_hooks_check_and_format(fresh: Fresh) -> None:
    assert "E0102" in fresh.output
    assert "files were modified by this hook" in fresh.output
    assert (fresh.place / "specs" / "loose.cosmos").read_text() == "let a = 1\n"
    assert (fresh.place / "specs" / "wrong.cosmos").read_text() == "let a =\n"


@pytest.mark.slow
def test_nothing_of_an_extra_is_there(fresh: Fresh) -> None:
    python = fresh.command.with_name("python")
    for name in EXTRAS:
        done = subprocess.run(
            [str(python), "-c", f"import {name}"], capture_output=True, check=False
        )
        assert done.returncode == 1, name


@pytest.mark.slow
def test_the_core_reads_writes_and_replays(fresh: Fresh) -> None:
    for name in ("quickstart.cosmos", "quickstart.evidence.jsonl.gz"):
        shutil.copy(REVIEW / name, fresh.place)
    for arguments in (
        ("--version",),
        ("init", "new"),
        ("check", "new/task.cosmos"),
        ("fmt", "--check", "new/task.cosmos"),
        ("graph", "new/task.cosmos"),
        ("show", "new/task.cosmos"),
        ("explain", "E0301"),
        ("schema", "plan"),
        ("completion", "bash"),
        ("doctor",),
        ("show", PLAN),
        ("why", PLAN),
        ("quote", "new/task.cosmos"),
        ("quote", "quickstart.cosmos"),
        ("run", "--offline", "quickstart.cosmos"),
    ):
        done = fresh.run(*arguments)
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    replayed = (fresh.place / "quickstart.plan.json").read_bytes()
    assert replayed == (REVIEW / "quickstart.plan.json").read_bytes()


@pytest.mark.slow
def test_what_needs_an_extra_says_so(fresh: Fresh) -> None:
    assert fresh.run("init", "other").returncode == 0
    done = fresh.run("run", "other/task.cosmos")
    assert done.returncode == 1
    assert "pip install 'cosmosql[hf]'" in done.stderr
    assert "pip install 'cosmosql[hf]'" in fresh.run("doctor").stdout
