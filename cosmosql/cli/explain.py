"""`cosmosql explain [CODE]`."""

from __future__ import annotations

import sys

import click

from cosmosql.cli import options
from cosmosql.cli.screen import Screen
from cosmosql.cli.words import error_codes

WIDEST = 100
"""Columns of a page on a wide terminal: longer lines are hard to read."""


@click.command()
@click.argument(
    "code",
    metavar="[CODE]",
    required=False,
    shell_complete=error_codes,
    help="A code such as E0301; left out: all codes with their titles.",
)
@options.quiet
@options.verbose
def command(code: str | None, quiet: bool, verbose: bool) -> int | None:
    """The long text behind a diagnostic's code, with a wrong and a right example.

    \b
    Example:
      cosmosql explain E0301
      cosmosql explain | grep price
    """
    from cosmosql.diagnostics import pages

    screen = Screen(quiet, verbose)
    if code is None:
        for known in sorted(pages.codes(), key=lambda known: known[1:]):
            screen.data(f"{known}  {pages.title(known)}\n")
        return None
    text = pages.page(code)
    if text is None:
        from cosmosql.diagnostics.suggest import closest

        near = closest(code.upper(), pages.codes())
        hint = f"; did you mean {near}?" if near else ""
        raise click.BadParameter(f"there is no code {code}{hint}", param_hint="'CODE'")
    if not sys.stdout.isatty():
        screen.data(text)
        return None
    from rich.markdown import Markdown
    from rich.padding import Padding

    margin = max(0, screen.width - WIDEST)
    screen.show(
        Padding(Markdown(text, code_theme="ansi_dark", hyperlinks=False), (0, margin, 0, 0))
    )
    return None
