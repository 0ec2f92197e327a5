"""The command line: help, exit codes, streams."""

from __future__ import annotations

import importlib
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from cosmosql.cli.main import COMMANDS, main
from cosmosql.cli.predict import _rows
from cosmosql.diagnostics.diagnostic import InputError

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "tests" / "artifact" / "sample.plan.json"


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture
def cosmosql(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command line in this process, as `cosmosql` would."""

    def run(*arguments: str | Path, stdin: str = "", columns: int | None = None) -> Done:
        monkeypatch.setattr(sys, "argv", ["cosmosql", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        monkeypatch.delenv("COLUMNS", raising=False)
        if columns is not None:
            monkeypatch.setenv("COLUMNS", str(columns))
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return Done(int(ended.value.code or 0), captured.out, captured.err)

    return run


def separate(
    program: str, *, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs a program in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, **(environment or {})},
    )


@pytest.fixture
def undecided(tmp_path: Path) -> Path:
    plan = json.loads(SAMPLE.read_text(encoding="utf-8"))
    plan["decision"] = {
        "status": "undecided",
        "chosen": None,
        "reasons": [],
        "next_evidence": "200 more rows of `strategy.tuned[model=large,share=100%]`",
    }
    path = tmp_path / "open.plan.json"
    path.write_text(json.dumps(plan), encoding="utf-8")
    return path


@pytest.mark.parametrize("command", [name for name, _, _ in COMMANDS])
def test_every_command_has_help_with_an_example(cosmosql: Run, command: str) -> None:
    done = cosmosql(command, "--help")
    assert done.returncode == 0
    assert f"Example:\n    cosmosql {command}" in done.stdout
    for option in ("--quiet", "--verbose", "-q", "-v"):
        assert option in done.stdout


def test_help_names_every_command(cosmosql: Run) -> None:
    done = cosmosql("--help")
    assert done.returncode == 0
    for name, _, _ in COMMANDS:
        assert f"\n  {name} " in done.stdout
    assert "..." not in done.stdout.split("Commands:")[1]


@pytest.mark.parametrize(("name", "module", "summary"), COMMANDS)
def test_the_table_says_what_the_command_says(name: str, module: str, summary: str) -> None:
    command = importlib.import_module(module).command
    assert (command.help or "").partition("\n")[0] == summary


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("nothing",),
        ("show",),
        ("show", SAMPLE, "--format", "xml"),
        ("explain", "E9999"),
        ("run", "spec.cosmos", "--set", "floor"),
        ("schema", "report"),
    ],
)
def test_wrong_usage_is_2(cosmosql: Run, arguments: tuple[str | Path, ...]) -> None:
    done = cosmosql(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_version(cosmosql: Run) -> None:
    done = cosmosql("--version")
    assert (done.returncode, done.stdout.split()[0]) == (0, "cosmosql")


def test_show_prints_every_candidate_and_the_decision(cosmosql: Run) -> None:
    done = cosmosql("show", SAMPLE)
    assert done.returncode == 0
    flat = " ".join(done.stdout.split())
    plan = json.loads(SAMPLE.read_text(encoding="utf-8"))
    for number in range(1, len(plan["candidates"]) + 1):
        assert f"{number} " in flat
    assert "Decided: policy.tiers[cascade:" in flat
    assert "84.4 % [80.8, 88.0]" in flat
    assert "exhaustive" in flat
    assert "\x1b" not in done.stdout


def test_show_as_json_is_the_file(cosmosql: Run) -> None:
    done = cosmosql("show", SAMPLE, "--format", "json")
    assert done.stdout == SAMPLE.read_text(encoding="utf-8")


def test_show_quietly_is_the_decision_alone(cosmosql: Run) -> None:
    done = cosmosql("show", SAMPLE, "--quiet")
    assert done.stdout.startswith("Decided: ")
    assert "exhaustive" not in done.stdout


def test_a_narrow_terminal_still_shows_metric_and_costs(cosmosql: Run) -> None:
    done = cosmosql("show", SAMPLE, columns=80)
    assert all(len(line.rstrip()) <= 80 for line in done.stdout.splitlines())
    assert "87.0 % [82.0, 92.0]" in done.stdout
    assert "280.00" in done.stdout


def test_control_characters_of_a_plan_do_not_reach_the_terminal(
    cosmosql: Run, tmp_path: Path
) -> None:
    plan = json.loads(SAMPLE.read_text(encoding="utf-8"))
    plan["candidates"][0]["name"] = "strategy.\x1b[2Jgone"
    plan["candidates"][0]["reason"] = "\x1b]0;title\x07 [bold]x[/bold]"
    path = tmp_path / "evil.plan.json"
    path.write_text(json.dumps(plan), encoding="utf-8")
    for command in ("show", "why"):
        done = cosmosql(command, path)
        assert done.returncode == 1
        assert "E0803" in done.stderr
        assert "\x1b" not in done.stdout + done.stderr
        assert "\x07" not in done.stdout + done.stderr


def test_markup_of_a_plan_is_text(cosmosql: Run, tmp_path: Path) -> None:
    plan = json.loads(SAMPLE.read_text(encoding="utf-8"))
    plan["candidates"][0]["reason"] = "[bold]x[/bold]"
    path = tmp_path / "marked.plan.json"
    path.write_text(json.dumps(plan), encoding="utf-8")
    assert "[bold]x[/bold]" in cosmosql("why", path).stdout


def test_an_ascii_terminal_gets_an_answer() -> None:
    program = (
        f"import sys; sys.argv = ['cosmosql', 'show', {str(SAMPLE)!r}]\n"
        "from cosmosql.cli.main import main; main()\n"
    )
    done = separate(program, environment={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0
    assert "87.0 %" in done.stdout


def test_why_tells_the_chosen_and_each_other_one(cosmosql: Run) -> None:
    text = cosmosql("why", SAMPLE).stdout
    assert text.startswith("Decided: ")
    assert text.count("one-off cost") == 28
    one = cosmosql("why", SAMPLE, "strategy.tuned[model=large, share=100%]")
    assert one.returncode == 0
    assert one.stdout.count("one-off cost") == 1
    assert cosmosql("why", SAMPLE, "tuned").stdout.count("one-off cost") == 6


def test_why_of_an_unknown_name_suggests(cosmosql: Run, undecided: Path) -> None:
    done = cosmosql("why", undecided, "strategy.tunde")
    assert done.returncode == 1
    assert done.stdout == ""
    assert "error[E0805]" in done.stderr
    assert "did you mean `strategy.tuned`?" in done.stderr


def test_an_undecided_plan_reads_as_one(cosmosql: Run, undecided: Path) -> None:
    text = cosmosql("show", undecided).stdout
    assert "Undecided: probing ended before the best one was settled" in text
    assert "cheapest next evidence: 200 more rows" in text


@pytest.mark.parametrize(
    ("content", "code"), [('{"format": 9}', "E0801"), ("no plan", "E0803"), (None, "E0803")]
)
def test_a_bad_plan_is_1_with_a_code(
    cosmosql: Run, tmp_path: Path, content: str | None, code: str
) -> None:
    path = tmp_path / "bad.plan.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    for command in ("show", "why"):
        done = cosmosql(command, path)
        assert done.returncode == 1
        assert f"error[{code}]" in done.stderr
        assert "Traceback" not in done.stderr


def test_explain_prints_the_page(cosmosql: Run) -> None:
    done = cosmosql("explain", "e0801")
    assert done.returncode == 0
    page = ROOT / "docs" / "errors" / "E0801.md"
    assert done.stdout == page.read_text(encoding="utf-8")


def test_explain_suggests_a_code(cosmosql: Run) -> None:
    assert "did you mean E0801?" in cosmosql("explain", "E08O1").stderr


def test_schema_is_json(cosmosql: Run) -> None:
    done = cosmosql("schema", "plan")
    assert json.loads(done.stdout)["title"] == "PlanDocument"


def test_a_reader_that_leaves_is_no_error() -> None:
    program = (
        "import subprocess, sys\n"
        "command = [sys.executable, '-m', 'cosmosql', 'show', '--format', 'json']\n"
        f"command += [{str(SAMPLE)!r}]\n"
        "run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)\n"
        "run.stdout.read(10); run.stdout.close()\n"
        "print(run.wait(), run.stderr.read().decode())\n"
    )
    done = separate(program)
    assert done.stdout.split() == ["0"]


def test_a_reader_of_a_table_that_leaves_is_no_error() -> None:
    program = (
        "import os\n"
        "out, inlet = os.pipe(); os.close(out); os.dup2(inlet, 1)\n"
        f"import sys; sys.argv = ['cosmosql', 'show', {str(SAMPLE)!r}]\n"
        "from cosmosql.cli.main import main; main()\n"
    )
    done = separate(program)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("closed", ["0", "1", "2"])
def test_a_closed_stream_is_no_error(closed: str) -> None:
    command = f'exec {closed}>&-; exec "$0" -m cosmosql show "$1"'
    done = subprocess.run(
        ["/bin/sh", "-c", command, sys.executable, str(SAMPLE)],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("line", [b'{"id": NaN}', b'{"id": "\\ud800"}', b"[1]", b'"\xff"', b"{"])
def test_a_line_that_is_no_row_is_refused(monkeypatch: pytest.MonkeyPatch, line: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(line + b"\n")))
    with pytest.raises(InputError, match="E0806"):
        list(_rows())


@pytest.mark.parametrize("command", [("quote",), ("graph",), ("run", "--offline")])
def test_reviewing_opens_no_socket(
    cosmosql: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: tuple[str, ...]
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    assert cosmosql(*command, tmp_path / "no.cosmos").returncode == 1
    assert os.environ["HF_HUB_OFFLINE"] == "1"


def test_predict_refuses_what_is_no_bundle(cosmosql: Run, tmp_path: Path) -> None:
    done = cosmosql("predict", tmp_path, stdin='{"text": "x"}\n')
    assert done.returncode == 1
    assert "error[E0803]" in done.stderr


def test_init_writes_once(cosmosql: Run, tmp_path: Path) -> None:
    done = cosmosql("init", tmp_path / "new" / "task")
    assert done.returncode == 0
    assert done.stdout == ""
    written = sorted(
        str(path.relative_to(tmp_path / "new" / "task"))
        for path in (tmp_path / "new" / "task").rglob("*")
        if path.is_file()
    )
    assert written == ["data/rows.jsonl", "task.cosmos"]
    again = cosmosql("init", tmp_path / "new" / "task")
    assert again.returncode == 1
    assert "error[E0807]" in again.stderr


def test_init_in_a_file_is_a_diagnostic(cosmosql: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = cosmosql("init", tmp_path / "file")
    assert done.returncode == 1
    assert "error[E0804]" in done.stderr


def test_the_starter_is_a_right_spec(cosmosql: Run, tmp_path: Path) -> None:
    assert cosmosql("init", tmp_path).returncode == 0
    done = cosmosql("check", tmp_path / "task.cosmos")
    assert (done.returncode, done.stdout) == (0, "")
    assert "no errors" in done.stderr


def test_check_reports_on_the_stream_that_the_format_asks_for(
    cosmosql: Run, tmp_path: Path
) -> None:
    spec = tmp_path / "wrong.cosmos"
    spec.write_text("param floor: 82%\n", encoding="utf-8")
    text = cosmosql("check", spec)
    assert text.returncode == 1
    assert "error[E0102]" in text.stderr
    for form in ("json", "sarif"):
        done = cosmosql("check", "--format", form, spec)
        assert done.returncode == 1
        assert "E0102" in json.dumps(json.loads(done.stdout))
    assert cosmosql("check", "--format", "github", spec).stdout.startswith("::error")


def test_graph_prints_three_forms(cosmosql: Run, tmp_path: Path) -> None:
    assert cosmosql("init", tmp_path).returncode == 0
    mermaid = cosmosql("graph", tmp_path / "task.cosmos")
    assert mermaid.returncode == 0, mermaid.stderr
    assert mermaid.stdout.startswith("flowchart")
    assert "digraph" in cosmosql("graph", "--format", "dot", tmp_path / "task.cosmos").stdout
    assert json.loads(cosmosql("graph", "--format", "json", tmp_path / "task.cosmos").stdout)


def test_an_interrupt_is_130_and_resumable() -> None:
    program = (
        "import signal\n"
        # A job in the background starts with interrupts ignored.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from cosmosql.cli import main, show\n"
        "import cosmosql.artifact.storage as storage\n"
        "storage.read_plan = lambda path: signal.raise_signal(signal.SIGINT)\n"
        f"import sys; sys.argv = ['cosmosql', 'show', {str(SAMPLE)!r}]\n"
        "main.main()\n"
    )
    done = separate(program)
    assert done.returncode == 128 + signal.SIGINT
    assert "resumable: run the same command again" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_a_full_disk_is_no_traceback(argument: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "cosmosql", argument],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 4
    assert "the run failed" in done.stderr and "Traceback" not in done.stderr


def test_a_terminal_of_no_columns_is_one_of_unknown_width(cosmosql: Run) -> None:
    plan = ROOT / "examples" / "review" / "quickstart.plan.json"
    assert cosmosql("why", plan, columns=0).stdout == cosmosql("why", plan).stdout != ""
