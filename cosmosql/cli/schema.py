"""`cosmosql schema ARTIFACT`."""

from __future__ import annotations

import json
from enum import StrEnum

import click

from cosmosql.cli import options
from cosmosql.cli.screen import Screen


class Artifact(StrEnum):
    PLAN = "plan"
    BUNDLE = "bundle"
    EVIDENCE = "evidence"
    BACKTEST = "backtest"


@click.command()
@click.argument(
    "artifact", type=options.OneOf(Artifact), metavar="ARTIFACT", help="Whose JSON schema."
)
@options.quiet
@options.verbose
def command(artifact: Artifact, quiet: bool, verbose: bool) -> int | None:
    """The JSON schema of an artifact: plan, bundle, evidence (one line) or backtest.

    \b
    Example:
      cosmosql schema plan > plan.schema.json
    """
    from cosmosql.artifact.schema import schema as schema_of

    body = schema_of(artifact.value)
    screen = Screen(quiet, verbose)
    screen.detail(f"{len(body.get('$defs', {}))} definitions")
    screen.data(json.dumps(body, indent=2, ensure_ascii=False) + "\n")
    return None
