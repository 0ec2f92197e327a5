"""The entry point: which commands there are. Each lives in the file of its name."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from cosmosql import __version__
from cosmosql.cli.apply import apply
from cosmosql.cli.backtest import backtest
from cosmosql.cli.check import check
from cosmosql.cli.explain import explain
from cosmosql.cli.graph import graph
from cosmosql.cli.guard import guarded
from cosmosql.cli.init import init
from cosmosql.cli.predict import predict
from cosmosql.cli.quote import quote
from cosmosql.cli.run import run
from cosmosql.cli.schema import schema
from cosmosql.cli.show import show
from cosmosql.cli.why import why

COMMANDS = (
    init,
    check,
    explain,
    graph,
    quote,
    run,
    show,
    why,
    apply,
    predict,
    backtest,
    schema,
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"cosmosql {__version__}")
        raise typer.Exit


def _about(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
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


def application() -> typer.Typer:
    """All commands, each guarded so that it ends in a code of the contract."""
    app = typer.Typer(
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(_about)
    for command in COMMANDS:
        summary = (command.__doc__ or "").partition("\n")[0]
        app.command(command.__name__, short_help=summary)(guarded(command))
    return app


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
    application()(prog_name="cosmosql")


if __name__ == "__main__":
    main()
