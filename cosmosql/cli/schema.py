"""`cosmosql schema ARTIFACT`."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Annotated

import typer

from cosmosql.cli.options import Quiet, Verbose
from cosmosql.cli.screen import Screen


class Artifact(StrEnum):
    PLAN = "plan"
    BUNDLE = "bundle"
    EVIDENCE = "evidence"
    BACKTEST = "backtest"


def schema(
    artifact: Annotated[Artifact, typer.Argument(metavar="ARTIFACT", help="Whose JSON schema.")],
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int | None:
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
