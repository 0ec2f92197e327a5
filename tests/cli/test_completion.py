"""What shells are told: the scripts, and the words for the one that is being typed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.shell_completion import CompletionItem, ShellComplete

from cosmosql.cli.completion import SHELLS, VARIABLE
from cosmosql.cli.main import COMMANDS, cosmosql

BASH = shutil.which("bash")


def offered(*words: str) -> list[CompletionItem[str]]:
    """What is offered for the last word."""
    *before, incomplete = words
    return ShellComplete(cosmosql, {}, "cosmosql", VARIABLE).get_completions(before, incomplete)


def values(*words: str) -> list[str]:
    return [item.value for item in offered(*words)]


def test_commands_come_with_their_summaries() -> None:
    found = {item.value: item.help for item in offered("")}
    assert found == {name: summary for name, _, summary in COMMANDS}
    assert values("b") == ["backtest"]
    assert "--version" in values("--")


def test_options_and_their_values() -> None:
    assert "--format" in values("check", "--f")
    assert values("check", "--format", "s") == ["sarif"]
    assert values("show", "--stage", "p") == ["program", "probes"]
    assert values("completion", "") == list(SHELLS)


def test_codes_come_with_their_titles() -> None:
    found = {item.value: item.help for item in offered("explain", "e030")}
    assert set(found) > {"E0301", "E0302"}
    assert all(code.startswith("E030") and title for code, title in found.items())


def test_specs_are_offered_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("task.cosmos", "other.cosmos", "rows.jsonl"):
        (tmp_path / name).touch()
    assert values("check", "") == ["other.cosmos", "task.cosmos"]
    assert values("run", "t") == ["task.cosmos"]
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "deep.cosmos").touch()
    assert [item.type for item in offered("run", "t")] == ["file"]
    assert values("run", "tasks/") == ["tasks/deep.cosmos"]
    assert [item.type for item in offered("run", "nowhere/")] == ["file"]


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_names_program_and_variable(
    shell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cosmosql(["completion", shell], prog_name="cosmosql")
    assert ended.value.code == 0
    script = capsys.readouterr().out
    assert VARIABLE in script
    assert f"{shell}_complete" in script


def test_another_shell_is_wrong_usage() -> None:
    with pytest.raises(click.BadParameter, match="tcsh"):
        cosmosql(["completion", "tcsh"], prog_name="cosmosql", standalone_mode=False)


@pytest.mark.skipif(BASH is None, reason="bash is not installed")
def test_bash_completes(tmp_path: Path) -> None:
    """The script in a real shell: it asks the program by its name and fills COMPREPLY."""
    program = tmp_path / "cosmosql"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cosmosql "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    asked = (
        'eval "$(cosmosql completion bash)"\n'
        "COMP_WORDS=(cosmosql explain E030); COMP_CWORD=2\n"
        "_cosmosql_completion cosmosql\n"
        'echo "${COMPREPLY[@]}"\n'
        "complete -p cosmosql\n"
    )
    done = subprocess.run(
        [str(BASH), "--norc", "-c", asked],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    words, registered = done.stdout.splitlines()
    assert {"E0301", "E0302"} < set(words.split())
    assert "-F _cosmosql_completion cosmosql" in registered
