"""`cosmosql graph SPEC`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from cosmosql.cli.network import stay_offline
from cosmosql.cli.options import QueryName, Quiet, Settings, SpecPath, Verbose, settings_of
from cosmosql.cli.screen import Screen


class GraphForm(StrEnum):
    MERMAID = "mermaid"
    DOT = "dot"
    JSON = "json"


def graph(
    spec: SpecPath,
    form: Annotated[
        GraphForm, typer.Option("--format", help="What standard output carries.")
    ] = GraphForm.MERMAID,
    query: QueryName = None,
    settings: Settings = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
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

    found = compile_spec(spec, query=query, settings=settings_of(settings)).graph
    screen = Screen(quiet, verbose)
    screen.detail(f"{len(found.nodes)} nodes, {len(found.candidates)} candidates")
    screen.data(render(found, form.value))
    return None
