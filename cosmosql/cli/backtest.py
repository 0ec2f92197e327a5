"""`cosmosql backtest SPEC`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cosmosql.cli import options
from cosmosql.cli.progress import progress
from cosmosql.cli.screen import Screen

if TYPE_CHECKING:
    from cosmosql.model.boundary import Trusted
    from cosmosql.model.settings import Settings


@click.command()
@options.spec
@options.query
@options.settings
@options.trusted
@options.seed
@options.form
@options.quiet
@options.verbose
def command(
    spec: Path,
    query: str | None,
    settings: Settings,
    trusted: Trusted,
    seed: int,
    form: options.DataForm,
    quiet: bool,
    verbose: bool,
) -> int | None:
    """Run every candidate in full as well, and score the forecasts against what it measured.

    \b
    Example:
      cosmosql backtest examples/quickstart.cosmos
    """
    from cosmosql.backtest import backtest as score

    screen = Screen(quiet, verbose)
    with progress(quiet=quiet) as watcher:
        found = score(
            spec, query=query, settings=settings, trusted=trusted, seed=seed, progress=watcher
        )
    if form is options.DataForm.JSON:
        from cosmosql.artifact.storage import document_bytes

        screen.data(document_bytes(found).decode())
        return None
    from cosmosql.cli.accounting import backtest_summary, backtest_table, kinds_table

    if not quiet:
        screen.show(backtest_table(found))
        screen.show("")
        screen.show(kinds_table(found))
        screen.show("")
    screen.show(backtest_summary(found))
    return None
