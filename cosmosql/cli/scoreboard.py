"""`cosmosql scoreboard [DIR|SPEC]`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cosmosql.cli import options
from cosmosql.cli.screen import Screen

if TYPE_CHECKING:
    from cosmosql.artifact.scoreboard import ScoreboardDocument


@click.command()
@click.argument(
    "place",
    type=options.PATH,
    metavar="[DIR|SPEC]",
    default=".",
    help="A spec, or a directory whose ledgers are read, also those below it.",
)
@click.option("--misses", is_flag=True, help="The forecasts that were missed alone, worst first.")
@options.form
@options.quiet
@options.verbose
def command(
    place: Path, misses: bool, form: options.DataForm, quiet: bool, verbose: bool
) -> int | None:
    """All past forecasts beside what apply or backtest measured of them, misses included.

    A forecast is stated in the ledger before it is measured, and stays as it was. One that nothing
    measured yet is open. With --verbose the plans are told as well.

    \b
    Example:
      cosmosql scoreboard
      cosmosql scoreboard --misses examples/quickstart.cosmos
    """
    from cosmosql.backtest.scoreboard import scoreboard

    screen = Screen(quiet, verbose)
    found = scoreboard(place)
    shown = narrowed(found) if misses else found
    if form is options.DataForm.JSON:
        from cosmosql.artifact.storage import document_bytes

        screen.data(document_bytes(shown).decode())
        return None
    from cosmosql.cli.scoreboard_tables import entry_tables, summaries

    if shown.entries and not quiet:
        for item in entry_tables(shown.entries, verbose=verbose):
            screen.show(item)
        screen.show("")
    for item in summaries(found):
        screen.show(item)
    return None


def narrowed(found: ScoreboardDocument) -> ScoreboardDocument:
    """The same with its misses alone, worst first; metrics before costs."""
    missed = [one for one in found.entries if one.status == "missed"]
    missed.sort(key=lambda one: (bool(one.unit), -abs(one.error or 0.0), one.name, one.plan))
    return found.model_copy(update={"entries": tuple(missed)})
