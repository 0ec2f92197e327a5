"""`cosmosql show PLAN` and `cosmosql show SPEC --stage …`."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cosmosql.cli import options
from cosmosql.cli.network import stay_offline
from cosmosql.cli.screen import Screen
from cosmosql.cli.words import SPEC_SUFFIX

if TYPE_CHECKING:
    from cosmosql.model.boundary import Trusted
    from cosmosql.model.settings import Settings


class Stage(StrEnum):
    PROGRAM = "program"
    GRAPH = "graph"
    PROBES = "probes"
    EVIDENCE = "evidence"
    FORECAST = "forecast"
    DECISION = "decision"


@click.command()
@click.argument(
    "target", type=options.PATH, metavar="PLAN|SPEC", help="NAME.plan.json, or a .cosmos file."
)
@click.option(
    "--stage", type=options.OneOf(Stage), help="Which value of a spec; `program` unless given."
)
@options.query
@options.settings
@options.trusted
@options.seed
@options.form
@options.quiet
@options.verbose
def command(
    target: Path,
    stage: Stage | None,
    query: str | None,
    settings: Settings,
    trusted: Trusted,
    seed: int,
    form: options.DataForm,
    quiet: bool,
    verbose: bool,
) -> int | None:
    """A plan, readable; or the value of any stage of a spec. Nothing is measured or written.

    For a plan nothing is loaded but the plan itself. The stages evidence, forecast and decision
    of a spec are derived from what was measured before, like `run --offline`.

    \b
    Example:
      cosmosql show examples/quickstart.plan.json
      cosmosql show examples/quickstart.cosmos --stage forecast
    """
    screen = Screen(quiet, verbose)
    if target.suffix == SPEC_SUFFIX:
        _show_stage(target, stage or Stage.PROGRAM, query, settings, trusted, seed, form, screen)
        return None
    if stage is not None or query is not None or settings:
        raise click.BadParameter("--stage, --query and --set are for a SPEC, which ends in .cosmos")
    _show_plan(target, form, screen)
    return None


def _show_stage(
    spec: Path,
    stage: Stage,
    query: str | None,
    settings: Settings,
    trusted: Trusted,
    seed: int,
    form: options.DataForm,
    screen: Screen,
) -> None:
    from cosmosql.cli.presentation import folded, presented

    stay_offline()
    from cosmosql.pipeline import stage as value_of

    value = value_of(spec, stage.value, query=query, settings=settings, trusted=trusted, seed=seed)
    found = presented(value)
    if form is options.DataForm.JSON:
        screen.data(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    else:
        screen.data(folded(found) + "\n")


def _show_plan(plan: Path, form: options.DataForm, screen: Screen) -> None:
    from cosmosql.artifact.storage import document_bytes, read_plan
    from cosmosql.report.view import view

    document = read_plan(plan)
    if form is options.DataForm.JSON:
        screen.data(document_bytes(document).decode())
        return
    from cosmosql.cli.table import decision, plan_tables

    words = view(document)
    if screen.quiet:
        screen.show(decision(words))
        return
    for item in plan_tables(words, width=screen.width, verbose=screen.verbose):
        screen.show(item)
