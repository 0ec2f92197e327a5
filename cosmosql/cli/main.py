"""The command line: which commands there are. Each lives in a module of its own, which is
imported only when it is called."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cosmosql import __version__
from cosmosql.cli.guard import failed, guarded

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COMMANDS = (
    (
        "init",
        "cosmosql.cli.init",
        "A starter spec with data that runs as it is, on the small models that come along.",
    ),
    (
        "check",
        "cosmosql.cli.check",
        "Parse, resolve, type- and unit-check, and look at real rows. Nothing is run.",
    ),
    (
        "fmt",
        "cosmosql.cli.fmt",
        "Rewrite specs in their one canonical form, comments kept; or tell what would change.",
    ),
    (
        "explain",
        "cosmosql.cli.explain",
        "The long text behind a diagnostic's code, with a wrong and a right example.",
    ),
    (
        "graph",
        "cosmosql.cli.graph",
        "The plan graph of a query: every step that a run would take.",
    ),
    (
        "quote",
        "cosmosql.cli.quote",
        "What a run would probe first, what may follow, the most each can take, "
        "and what is paid for.",
    ),
    (
        "run",
        "cosmosql.cli.run",
        "Probe, forecast, decide; write plan, evidence file and report beside the spec.",
    ),
    (
        "show",
        "cosmosql.cli.show",
        "A plan, readable; or the value of any stage of a spec. Nothing is measured or written.",
    ),
    (
        "why",
        "cosmosql.cli.why",
        "Why this one was chosen, and why not that one.",
    ),
    (
        "apply",
        "cosmosql.cli.apply",
        "Execute a plan on the full data: train, index, calibrate, evaluate; write the bundle.",
    ),
    (
        "predict",
        "cosmosql.cli.predict",
        "Answer rows: one JSON object a line in, one a line out, with who answered and how surely.",
    ),
    (
        "backtest",
        "cosmosql.cli.backtest",
        "Run every candidate in full as well, and score the forecasts against what it measured.",
    ),
    (
        "scoreboard",
        "cosmosql.cli.scoreboard",
        "All past forecasts beside what apply or backtest measured of them, misses included.",
    ),
    (
        "doctor",
        "cosmosql.cli.doctor",
        "Versions, devices, and what is missing for which feature. Opens no connection.",
    ),
    (
        "schema",
        "cosmosql.cli.schema",
        "The JSON schema of what is written or printed; or `language`: the whole language as data.",
    ),
    (
        "import",
        "cosmosql.cli.import_spec",
        "A spec from another tool's configuration: axolotl, promptfoo, lm-eval.",
    ),
    (
        "lsp",
        "cosmosql.cli.lsp",
        "Answer an editor on standard input and output: the language server.",
    ),
    (
        "completion",
        "cosmosql.cli.completion",
        "The script that teaches a shell to complete commands, options, specs and codes.",
    ),
)
"""Name, module and the first line of the help of every command, in the order of `--help`."""


class Commands(click.Group):
    """Knows every command by its line of the table, and guards the one that is called, so that
    it ends in a code of the contract."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name, _, _ in COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        for name, module, _ in COMMANDS:
            if name == cmd_name:
                command: click.Command = importlib.import_module(module).command
                return command
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        known = self.list_commands(ctx)
        if args[0] not in known and not args[0].startswith("-"):
            raise click.exceptions.NoSuchCommand(args[0], possibilities=known, ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, _, summary in COMMANDS])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        names = [
            CompletionItem(name, help=summary)
            for name, _, summary in COMMANDS
            if name.startswith(incomplete)
        ]
        return names + click.Command.shell_complete(self, ctx, incomplete)

    def invoke(self, ctx: click.Context) -> Any:
        return guarded(super().invoke)(ctx)


@click.group(
    cls=Commands,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="cosmosql %(version)s", help="Print the version.")
def cosmosql() -> None:
    """Plan an LLM adaptation before you pay for it.

    Write models, data, budget and candidate strategies in a .cosmos file; get a forecast of
    accuracy and cost for every candidate, with intervals; take the best one under the budget as
    a plan that can be reviewed, executed and held to its forecast.

    \b
    Example:
      cosmosql init my-task
      cosmosql run my-task/task.cosmos

    \b
    Exit codes: 0 done, 1 wrong input, 2 wrong usage, 3 undecided or infeasible, 4 a run failed,
    5 a forecast was missed, 70 a bug of ours, 130 interrupted (resumable).
    """


def _open_closed_streams() -> None:
    """Gives a stream that the caller closed (`>&-`) to nobody: otherwise the next file that is
    opened, such as the ledger, would take its place and get what is printed."""
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            try:
                os.fstat(number)
            except OSError:
                os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115


def main() -> None:
    """Runs the command line and exits with a code of the contract."""
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    try:
        cosmosql(prog_name="cosmosql")
    except OSError as error:  # of `--help` and `--version`, which are printed before any command
        sys.exit(failed(error))
