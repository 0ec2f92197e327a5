"""`cosmosql graph SPEC`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cosmosql.cli import options
from cosmosql.cli.network import stay_offline
from cosmosql.cli.screen import Screen

if TYPE_CHECKING:
    from cosmosql.model.boundary import Trusted
    from cosmosql.model.settings import Settings


class GraphForm(StrEnum):
    MERMAID = "mermaid"
    DOT = "dot"
    JSON = "json"


@click.command()
@options.spec
@options.form_of(GraphForm)
@options.query
@options.settings
@options.trusted
@options.quiet
@options.verbose
def command(
    spec: Path,
    form: GraphForm,
    query: str | None,
    settings: Settings,
    trusted: Trusted,
    quiet: bool,
    verbose: bool,
) -> int | None:
    """The plan graph of a query: every step that a run would take.

    \b
    Example:
      cosmosql graph examples/quickstart.cosmos
      cosmosql graph --format dot examples/quickstart.cosmos | dot -Tsvg > graph.svg
    """
    stay_offline()
    from cosmosql.compiler import compile_spec
    from cosmosql.plan.render import render

    found = compile_spec(spec, query=query, settings=settings, trusted=trusted).graph
    screen = Screen(quiet, verbose)
    screen.detail(f"{len(found.nodes)} nodes, {len(found.candidates)} candidates")
    screen.data(render(found, form.value))
    return None
