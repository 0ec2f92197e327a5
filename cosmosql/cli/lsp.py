"""`cosmosql lsp`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from cosmosql.cli import options
from cosmosql.cli.network import stay_offline
from cosmosql.cli.screen import Screen

if TYPE_CHECKING:
    from cosmosql.model.boundary import Trusted

EXTRA = "lsp"


@click.command()
@options.trusted
@options.quiet
@options.verbose
def command(trusted: Trusted, quiet: bool, verbose: bool) -> int | None:
    """Answer an editor on standard input and output: the language server.

    Findings while typing, fixes, completion, hover, navigation, renaming, formatting, and the
    forecasts of an existing plan. An editor starts it; nothing is run, written or fetched.

    \b
    Example:
      cosmosql lsp
    """
    stay_offline()
    import datetime
    import logging

    from cosmosql.schema.registry import missing_package

    try:
        from cosmosql.lsp.serve import serve
    except ImportError as error:
        package = (error.name or EXTRA).partition(".")[0]
        if package == "cosmosql":
            raise
        raise missing_package(package, extra=EXTRA) from error
    if not verbose:
        # pygls tells of every refused request with a traceback; the client is told anyway.
        logging.getLogger("pygls").setLevel(logging.CRITICAL)
    screen = Screen(quiet, verbose)
    screen.detail("answering the language server protocol")
    # Whatever prints from here on must not stand between the protocol's messages.
    with os.fdopen(os.dup(sys.stdout.fileno()), "wb") as stdout:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        return serve(datetime.date.today, trusted, stdin=sys.stdin.buffer, stdout=stdout)
