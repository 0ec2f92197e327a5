"""`cosmosql backtest SPEC`."""

from __future__ import annotations

from cosmosql.cli.options import (
    DataForm,
    Form,
    QueryName,
    Quiet,
    Seed,
    Settings,
    SpecPath,
    Verbose,
    settings_of,
)
from cosmosql.cli.progress import progress
from cosmosql.cli.screen import Screen


def backtest(
    spec: SpecPath,
    query: QueryName = None,
    settings: Settings = None,
    seed: Seed = 0,
    form: Form = DataForm.TEXT,
    quiet: Quiet = False,
    verbose: Verbose = False,
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
            spec, query=query, settings=settings_of(settings), seed=seed, progress=watcher
        )
    if form is DataForm.JSON:
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
