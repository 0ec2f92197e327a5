"""`cosmosql fmt`: what it writes, where, and when it does not."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cosmosql.cli import fmt
from cosmosql.cli.main import cosmosql

ROOT = Path(__file__).parents[2]
UGLY = "let a=1 # why\nlet b=[1,\n2]\n"
NICE = "let a = 1  # why\nlet b = [1, 2]\n"
BROKEN = "let a=\n"


def run(*arguments: str | Path, stdin: bytes = b"") -> Result:
    return CliRunner().invoke(cosmosql, ["fmt", *map(str, arguments)], input=stdin)


@pytest.fixture
def ugly(tmp_path: Path) -> Path:
    path = tmp_path / "a.cosmos"
    path.write_text(UGLY, encoding="utf-8")
    return path


def test_a_file_is_rewritten_once(ugly: Path) -> None:
    done = run(ugly)
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == f"{ugly}: formatted\n1 file formatted, 0 unchanged\n"
    assert ugly.read_bytes() == NICE.encode()
    before = ugly.stat()
    assert run(ugly).stderr == "0 files formatted, 1 unchanged\n"
    assert (ugly.stat().st_ino, ugly.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert [path.name for path in ugly.parent.iterdir()] == ["a.cosmos"]


def test_check_lists_and_writes_nothing(ugly: Path) -> None:
    nice = ugly.with_name("b.cosmos")
    nice.write_text(NICE, encoding="utf-8")
    done = run("--check", ugly, nice)
    assert (done.exit_code, done.stdout) == (1, f"{ugly}\n")
    assert done.stderr == "1 file would change, 1 unchanged\n"
    assert ugly.read_text(encoding="utf-8") == UGLY
    assert run("--check", "--quiet", nice).output == ""
    assert run("--check", nice).exit_code == 0


def test_diff_is_one_that_patch_reads(ugly: Path) -> None:
    done = run("--diff", ugly)
    assert done.exit_code == 0
    assert done.stdout.splitlines()[:2] == [f"--- {ugly}", f"+++ {ugly}"]
    assert "-let a=1 # why\n" in done.stdout and "+let a = 1  # why\n" in done.stdout
    assert "\x1b" not in done.stdout
    assert ugly.read_text(encoding="utf-8") == UGLY
    both = run("--diff", "--check", ugly)
    assert (both.exit_code, both.stdout) == (1, done.stdout)


def test_a_missing_last_line_end_shows_in_the_diff(ugly: Path) -> None:
    ugly.write_text("let a = 1", encoding="utf-8")
    assert "-let a = 1\n\\ No newline at end of file\n+let a = 1\n" in run("--diff", ugly).stdout


def test_a_terminal_gets_colours_unless_it_wants_none(
    ugly: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    for wanted in (True, False):
        monkeypatch.setattr(sys, "stdout", Terminal())
        fmt.command.main([str(ugly), "--diff"], standalone_mode=False)
        assert isinstance(sys.stdout, Terminal)
        assert ("\x1b[32m+let a = 1" in sys.stdout.getvalue()) == wanted
        monkeypatch.setenv("NO_COLOR", "1")


def test_standard_input_is_filtered() -> None:
    done = run("-", stdin=b'\xef\xbb\xbflet  a="\xc3\xa9"\r\n')
    assert (done.exit_code, done.stdout_bytes, done.stderr) == (0, 'let a = "é"\n'.encode(), "")
    checked = run("-", "--check", stdin=UGLY.encode())
    assert (checked.exit_code, checked.stdout) == (1, "<stdin>\n")
    assert run("-", "a.cosmos").exit_code == 2


def test_files_with_mistakes_are_left_alone(ugly: Path) -> None:
    broken = ugly.with_name("0.cosmos")
    broken.write_text(BROKEN, encoding="utf-8")
    missing = ugly.with_name("missing.cosmos")
    latin = ugly.with_name("latin.cosmos")
    latin.write_bytes(b"# \xe9\n")
    done = run(broken, missing, latin, ugly)
    assert done.exit_code == 1
    assert [code in done.stderr for code in ("E0102", "E0109", "E0101")] == [True] * 3
    assert "1 file formatted, 0 unchanged, 3 with errors\n" in done.stderr
    assert broken.read_text(encoding="utf-8") == BROKEN
    assert ugly.read_text(encoding="utf-8") == NICE
    assert run("-", stdin=BROKEN.encode()).exit_code == 1


def test_directories_are_searched_for_specs(tmp_path: Path) -> None:
    names = ("a.cosmos", "deep/er/b.cosmos", ".hidden/c.cosmos", ".d.cosmos", "e.txt")
    for name in names:
        path = tmp_path / "specs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(UGLY, encoding="utf-8")
    outside = tmp_path / "outside.cosmos"
    outside.write_text(UGLY, encoding="utf-8")
    os.mkfifo(tmp_path / "specs" / "pipe.cosmos")
    (tmp_path / "specs" / "link.cosmos").symlink_to(outside)
    (tmp_path / "specs" / "folder").symlink_to(tmp_path)
    done = run(tmp_path / "specs")
    assert done.exit_code == 0
    changed = [path for path in tmp_path.rglob("*") if path.is_file() and not path.is_symlink()]
    formatted = {path.name for path in changed if path.read_text(encoding="utf-8") == NICE}
    assert formatted == {"a.cosmos", "b.cosmos"}
    empty = tmp_path / "empty"
    empty.mkdir()
    assert run(empty).stderr == "no .cosmos file there\n"


def test_a_name_reaches_the_terminal_without_its_control_characters(tmp_path: Path) -> None:
    (tmp_path / "a\x1b[2J.cosmos").write_text(UGLY, encoding="utf-8")
    for option in ("--check", "--diff", "--verbose"):
        done = run(option, tmp_path)
        assert "\x1b" not in done.output
        assert "[2J.cosmos" in done.output


def test_mode_and_link_are_kept(ugly: Path) -> None:
    ugly.chmod(0o640)
    link = ugly.with_name("link.cosmos")
    link.symlink_to(ugly.name)
    assert run(link).exit_code == 0
    assert link.is_symlink()
    assert ugly.read_text(encoding="utf-8") == NICE
    assert ugly.stat().st_mode & 0o777 == 0o640


def test_names_begin_no_command_of_a_ci_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("::error::a.cosmos", "a\n::error::b.cosmos", " ::error::\udcff.cosmos"):
        Path(name).write_text(UGLY, encoding="utf-8")
        Path(f"broken{name}").write_text(BROKEN, encoding="utf-8")
    for option in ("--check", "--diff", "--verbose"):
        done = run(option, ".")
        assert "error::" in done.output
        assert not any(line.lstrip().startswith("::") for line in done.output.splitlines())
    assert Path("./::error::a.cosmos").read_text(encoding="utf-8") == NICE


def test_a_name_that_no_file_can_have_is_told(tmp_path: Path) -> None:
    done = run(tmp_path / ("a" * 300))
    assert done.exit_code == 1
    assert "E0109" in done.stderr


def test_what_somebody_saves_meanwhile_is_kept(ugly: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = b"let c = 3\n"
    monkeypatch.setattr(os, "fsync", lambda _: ugly.write_bytes(saved))
    done = run(ugly)
    assert done.exit_code == 1
    assert "E0111" in done.stderr and "changed meanwhile" in done.stderr
    assert ugly.read_bytes() == saved
    assert [path.name for path in ugly.parent.iterdir()] == [ugly.name]


def test_a_read_only_file_is_told(ugly: Path) -> None:
    ugly.chmod(0o444)
    done = run(ugly)
    assert done.exit_code == 1
    assert "E0111" in done.stderr and "the file is read-only" in done.stderr
    assert ugly.read_text(encoding="utf-8") == UGLY
    assert run("--check", ugly).exit_code == 1


def test_a_failing_write_leaves_the_file_and_nothing_else(
    ugly: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    done = run(ugly)
    assert done.exit_code == 1
    assert "no space left on device" in done.stderr
    assert [path.name for path in ugly.parent.iterdir()] == ["a.cosmos"]
    assert ugly.read_text(encoding="utf-8") == UGLY


def test_a_planted_file_is_not_written_through(ugly: Path) -> None:
    """A link of the temporary file's name would otherwise lead the write elsewhere."""
    victim = ugly.with_name("victim")
    victim.write_text("mine", encoding="utf-8")
    planted = ugly.with_name(f".a.cosmos.{os.getpid()}.partial")
    planted.symlink_to(victim)
    assert run(ugly).exit_code == 1
    assert victim.read_text(encoding="utf-8") == "mine"
    assert planted.is_symlink()


def test_formatting_is_light() -> None:
    program = (
        "import sys; from cosmosql.cli.main import main\n"
        "sys.argv = ['cosmosql', 'fmt', '--check', 'examples']\n"
        "try: main()\n"
        "finally: print(sorted({'torch', 'pydantic', 'networkx', 'numpy', 'rich', 'lark'}"
        " & sys.modules.keys()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


def test_what_was_silenced_stays_silenced(tmp_path: Path) -> None:
    spec = tmp_path / "a.cosmos"
    spec.write_text(
        """import std.hardware as hw
import std.tiny as tiny
## Documented.
# allow W0415: one
model one using hf{id="a/b"}
model two using hf { id = "a/b" } # allow W0415: two
model three using hf { # allow W0415: three
id = "a/b"
}
  # allow W0415: four
## Documented.
  model four using hf {

id = "a/b" }
strategy ask using prompt {
  model = sweep(model.one, model.two, model.three, model.four)
  on = hw.cpu
}
query pick {
  maximize accuracy
  for tiny.task.intent
  among strategy.*
}
""",
        encoding="utf-8",
    )

    def silenced() -> list[str]:
        done = CliRunner().invoke(cosmosql, ["check", "--format", "json", str(spec)])
        found = json.loads(done.stdout)["silenced"]
        return sorted(item["reason"] for item in found)

    before = silenced()
    assert before == ["four", "one", "three", "two"]
    assert run(spec).exit_code == 0
    assert silenced() == before
