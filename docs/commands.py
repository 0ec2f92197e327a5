"""Writes docs/commands.md from the commands' own help.

python docs/commands.py
"""

from __future__ import annotations

import importlib
from pathlib import Path

import click

from cosmosql.cli.exits import ExitCode
from cosmosql.cli.main import COMMANDS, cosmosql

PAGE = Path(__file__).resolve().parent / "commands.md"
WIDTH = 96

HEAD = """\
# Commands

This page is written from the commands' own help (`python docs/commands.py`); `--help` prints the
same. Results go to standard output, everything else to standard error; progress is shown on a
terminal alone, `NO_COLOR` is honoured, and nothing ever asks a question where there is no terminal.
"""

ENDS = {
    ExitCode.DONE: "done",
    ExitCode.WRONG_INPUT: "the input is wrong (diagnostics printed), or something would change",
    ExitCode.WRONG_USAGE: "wrong usage of the command",
    ExitCode.NOT_DECIDED: "undecided or infeasible; the plan is written all the same",
    ExitCode.RUN_FAILED: "a run failed; what was measured is kept",
    ExitCode.GATE_FAILED: "a forecast was missed",
    ExitCode.BUG: "a bug of ours",
    ExitCode.INTERRUPTED: "interrupted; running again continues",
}


def help_of(command: click.Command, path: str) -> str:
    context = click.Context(
        command, info_name=path, terminal_width=WIDTH, help_option_names=["-h", "--help"]
    )
    return "\n".join(line.rstrip() for line in command.get_help(context).splitlines())


def page() -> str:
    """The whole page."""
    parts = [HEAD, "| exit code | means |\n|--:|---|"]
    parts[-1] += "".join(f"\n| {int(code)} | {words} |" for code, words in ENDS.items()) + "\n"
    parts.append("| command | does |\n|---|---|")
    for name, _, summary in COMMANDS:
        parts[-1] += f"\n| [`{name}`](#cosmosql-{name}) | {summary} |"
    parts[-1] += "\n"
    for name, module, _ in COMMANDS:
        text = help_of(importlib.import_module(module).command, f"{cosmosql.name} {name}")
        parts.append(f"## cosmosql {name}\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
