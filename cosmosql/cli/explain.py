"""`cosmosql explain CODE`."""

from __future__ import annotations

import click

from cosmosql.cli import options
from cosmosql.cli.screen import Screen
from cosmosql.cli.words import error_codes


@click.command()
@click.argument("code", metavar="CODE", shell_complete=error_codes, help="A code such as E0301.")
@options.quiet
@options.verbose
def command(code: str, quiet: bool, verbose: bool) -> int | None:
    """The long text behind a diagnostic's code, with a wrong and a right example.

    \b
    Example:
      cosmosql explain E0301
    """
    from cosmosql.diagnostics.suggest import closest
    from cosmosql.resources import resource

    pages = {page.stem: page for page in resource("errors").glob("[EW][0-9]*.md")}
    page = pages.get(code.upper())
    if page is None:
        near = closest(code.upper(), pages)
        hint = f"; did you mean {near}?" if near else ""
        raise click.BadParameter(f"there is no code {code}{hint}", param_hint="'CODE'")
    screen = Screen(quiet, verbose)
    screen.detail(f"from {page}")
    screen.data(page.read_text(encoding="utf-8"))
    return None
