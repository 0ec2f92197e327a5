"""Commands that only read, on specs of strangers: nothing is run, fetched or written, and nothing
that lies elsewhere is told. The interpreter itself is asked, through its audit hook."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from tests.safety.conftest import ROOT, Audit, Audited
from tests.safety.hostile import MARKER, PLAN, SECRET, SPECS, Build

SPEC = "task.cosmos"
COMMANDS = (
    ("check", SPEC),
    ("check", "--format", "sarif", SPEC),
    ("fmt", "--diff", SPEC),
    ("graph", SPEC),
    ("show", SPEC),
    ("quote", SPEC),
    ("show", SPEC, "--stage", "probes"),
    ("show", SPEC, "--stage", "forecast"),
    ("explain", "E0206"),
    ("schema", "plan"),
    ("doctor",),
)
RUNNING = ("subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "pty.")
CHANGING = (
    "os.chmod",
    "os.chown",
    "os.link",
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.symlink",
    "os.truncate",
    "os.utime",
    "open to write",
    "shutil.",
)
TALKING = ("socket.", "urllib.", "http.", "ftplib.", "smtplib.", "webbrowser.")
PROBE = re.compile(r"[a-z0-9_]{8}")
"""Names of files by which Python's `tempfile` tries a directory."""


def of_a_library(event_arguments: tuple[str, ...], world: Path) -> bool:
    """True for what importing torch and dill does: they try the temporary directory with an empty
    file that is gone at once, and make sure of a directory that is there already."""
    path = Path(event_arguments[0].strip("'\""))
    return path == Path("/") or (
        path.parent == world / "temporary" and PROBE.fullmatch(path.name) is not None
    )


def assert_nothing_was_done(done: Audited, world: Path) -> None:
    assert done.named(*RUNNING) == []
    assert done.named(*TALKING) == []
    assert [
        event for event in done.named(*CHANGING) if not of_a_library(event.arguments, world)
    ] == []
    assert done.named("pickle.find_class") == []
    inside = os.path.realpath(world)
    assert [event for event in done.named("exec") if event.arguments[0].startswith(inside)] == []
    assert [event for event in done.named("import") if inside in event.arguments[1]] == []
    assert [event for event in done.named("ctypes.dlopen") if inside in str(event)] == []
    assert all(
        "mode=ro" in event.arguments[0] or ":memory:" in event.arguments[0]
        for event in done.named("sqlite3.connect")
        if event.name == "sqlite3.connect"  # `sqlite3.connect/handle` names no file
    )
    assert done.after == done.before
    assert SECRET not in done.output


def test_the_hook_sees_what_it_is_for(world: Path, audit: Audit) -> None:
    """The test of the tests: code that does each of these things is told of."""
    naughty = """
import ctypes, os, pathlib, shutil, socket, sqlite3, subprocess, tempfile
subprocess.run(["true"])
os.system("true")
try:
    socket.create_connection(("127.0.0.1", 9), timeout=0.1)
except OSError:
    pass
pathlib.Path("made").mkdir()
pathlib.Path("made/file").write_text("x")
os.rename("made/file", "made/other")
shutil.rmtree("made")
sqlite3.connect("made.sqlite").execute("CREATE TABLE a (b)")
open("../outside/secret").read()
import sys
sys.path.insert(0, os.getcwd())
import evil
if os.fork() == 0:
    os._exit(0)
"""
    (world / "outside" / "secret").write_text(SECRET, encoding="utf-8")
    (world / "spec" / "evil.py").write_text(f"open({MARKER!r}, 'w').close()\n", encoding="utf-8")
    done = audit([["--python", naughty]])
    for name in ("subprocess.Popen", "os.system", "os.fork", "socket.", "os.mkdir", "os.rename"):
        assert done.named(name), name
    for name in ("os.remove", "shutil.rmtree", "open to write", "sqlite3.connect", "ctypes."):
        assert done.named(name) or name == "ctypes.", name
    assert any("secret" in event.arguments[0] for event in done.named("open to read"))
    assert any(event.arguments[0].endswith("evil.py") for event in done.named("exec"))
    assert set(done.after) - set(done.before) == {f"spec/{MARKER}", "spec/made.sqlite"}
    with pytest.raises(AssertionError):
        assert_nothing_was_done(done, world)


@pytest.mark.parametrize("build", SPECS, ids=lambda build: build.__name__)
def test_reading_a_spec_does_nothing(world: Path, audit: Audit, build: Build) -> None:
    build(world / "spec")
    done = audit(COMMANDS)
    assert_nothing_was_done(done, world)
    assert len(done.codes) == len(COMMANDS)
    assert set(done.codes) <= {0, 1}
    assert "Traceback" not in done.output
    outside = [
        event
        for event in done.named("open to read")
        if os.path.realpath(world / "spec" / event.arguments[0]).startswith(
            os.path.realpath(world / "outside")
        )
    ]
    assert outside == []
    if build.__name__ == "benign":
        assert done.codes[:4] == [0, 0, 0, 0]


@pytest.mark.parametrize("command", ["show", "why"])
def test_reading_a_plan_does_nothing(world: Path, audit: Audit, command: str) -> None:
    plan = json.loads(PLAN.read_text(encoding="utf-8"))
    name = plan["candidates"][0]["name"]
    (world / "outside" / "secret").write_text(SECRET, encoding="utf-8")
    for index, words in enumerate(("<script>", "\x1b]0;owned\x07", "\n::error::injected")):
        changed = json.loads(json.dumps(plan).replace(name, json.dumps(f"{name}{words}")[1:-1]))
        changed["spec"]["path"] = "../outside/secret"
        (world / "spec" / f"{index}.plan.json").write_text(json.dumps(changed), encoding="utf-8")
    done = audit([[command, f"{index}.plan.json"] for index in range(3)])
    assert_nothing_was_done(done, world)
    assert done.codes == [0, 1, 1]
    assert not any(line.lstrip().startswith("::") for line in done.output.splitlines())
    assert "\x1b" not in done.output


def test_a_starter_is_written_where_it_is_asked_for(world: Path, audit: Audit) -> None:
    done = audit([["init", "made"], ["check", "made/task.cosmos"]])
    assert done.codes == [0, 0]
    assert {name.partition("/made")[0] for name in set(done.after) - set(done.before)} == {"spec"}
    assert all(done.after[name] == content for name, content in done.before.items())
    assert done.named(*RUNNING, *TALKING) == []


def test_formatting_writes_the_spec_alone(world: Path, audit: Audit) -> None:
    spec = world / "spec" / SPEC
    spec.write_text("let   a=1\n", encoding="utf-8")
    (world / "outside" / "other.cosmos").write_text("let   a=1\n", encoding="utf-8")
    (world / "spec" / "link.cosmos").symlink_to("../outside/other.cosmos")
    done = audit([["fmt", SPEC], ["fmt", "link.cosmos"]])
    assert done.named(*RUNNING, *TALKING) == []
    changed = {name for name in done.after if done.after[name] != done.before.get(name)}
    assert changed == {f"spec/{SPEC}"}
    assert set(done.after) == set(done.before)
    assert done.codes == [0, 1]


def test_nothing_is_imported_from_where_the_spec_lies(world: Path, audit: Audit) -> None:
    """`python -m` would look there; the installed command must not."""
    (world / "spec" / "json.py").write_text(f"open({MARKER!r}, 'w')\n", encoding="utf-8")
    (world / "spec" / SPEC).write_text("let a = 1\n", encoding="utf-8")
    done = audit([["check", SPEC]])
    assert_nothing_was_done(done, world)
    imported = {event.arguments[0] for event in done.named("import")}
    assert "cosmosql.model.bind" in imported
    assert not imported & {"torch", "transformers", "peft", "datasets"}
    assert (ROOT / "cosmosql").is_dir()
