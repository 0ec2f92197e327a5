"""`cosmosql backtest SPEC`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cosmosql.cli import options
from cosmosql.cli.findings import print_findings
from cosmosql.cli.progress import progress
from cosmosql.cli.screen import Screen

if TYPE_CHECKING:
    from cosmosql.backtest.run import Backtested
    from cosmosql.model.boundary import Trusted
    from cosmosql.model.settings import Settings

SEEDS = 3


@click.command()
@options.spec
@options.query
@options.settings
@options.trusted
@options.seed
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    default=SEEDS,
    show_default=True,
    metavar="N",
    help="Runs with other seeds whose mean is a candidate's truth.",
)
@click.option(
    "--html",
    type=options.PATH,
    metavar="FILE",
    help="Where the page goes; left out: NAME.backtest.html beside the spec.",
)
@options.form
@options.quiet
@options.verbose
def command(
    spec: Path,
    query: str | None,
    settings: Settings,
    trusted: Trusted,
    seed: int,
    seeds: int,
    html: Path | None,
    form: options.DataForm,
    quiet: bool,
    verbose: bool,
) -> int | None:
    """Run every candidate in full as well, and score the forecasts against what it measured.

    Forecasts are stated in the ledger before a test row is read. Writes NAME.backtest.json and
    NAME.backtest.html beside the spec. An interrupted backtest goes on where it was.

    \b
    Example:
      cosmosql backtest examples/quickstart.cosmos
      cosmosql backtest --seeds 5 --format json examples/quickstart.cosmos
    """
    from cosmosql.backtest.run import backtest as score

    screen = Screen(quiet, verbose)
    with progress(quiet=quiet) as watcher:
        found = score(
            spec,
            query=query,
            settings=settings,
            trusted=trusted,
            seed=seed,
            seeds=seeds,
            html=html,
            progress=watcher,
        )
    if not quiet:
        print_findings(found.warnings)
    if form is options.DataForm.JSON:
        from cosmosql.artifact.storage import document_bytes

        screen.data(document_bytes(found.document).decode())
    else:
        _tell(found, screen)
    return None


def _tell(found: Backtested, screen: Screen) -> None:
    from cosmosql.cli.backtest_tables import backtest_tables
    from cosmosql.report.backtest import backtest_view

    view = backtest_view(found.document)
    for item in backtest_tables(view, width=screen.width, brief=screen.quiet):
        screen.show(item)
    if not screen.quiet:
        screen.show("")
        screen.data(f"scores    {found.json_path}\npage      {found.html_path}\n")
