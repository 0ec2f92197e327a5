"""`cosmosql schema ARTIFACT`."""

from __future__ import annotations

import json
from enum import StrEnum
from functools import partial

import click

from cosmosql.cli import options
from cosmosql.cli.screen import Screen


class Artifact(StrEnum):
    PLAN = "plan"
    BUNDLE = "bundle"
    EVIDENCE = "evidence"
    BACKTEST = "backtest"
    SCOREBOARD = "scoreboard"
    DIAGNOSTICS = "diagnostics"
    GRAPH = "graph"
    QUOTE = "quote"
    OUTCOME = "outcome"
    ANSWER = "answer"
    SUMMARY = "summary"
    DOCTOR = "doctor"
    LANGUAGE = "language"


@click.command()
@click.argument(
    "artifact",
    type=options.OneOf(Artifact),
    metavar="ARTIFACT",
    help=f"One of {', '.join(Artifact)}.",
)
@options.quiet
@options.verbose
def command(artifact: Artifact, quiet: bool, verbose: bool) -> int | None:
    """The JSON schema of what is written or printed; or `language`: the whole language as data.

    \b
    plan, bundle, backtest   the documents of that name
    evidence                 a line of NAME.evidence.jsonl.gz
    diagnostics              check --format json
    graph, quote             graph --format json, quote --format json
    outcome, answer          apply --format json; a line of predict
    summary                  predict --summary FILE
    scoreboard               scoreboard --format json
    doctor                   doctor --format json
    language                 no schema, but grammar, kinds, attributes, measures and units

    \b
    Example:
      cosmosql schema plan > plan.schema.json
      cosmosql schema language > cosmos.language.json
    """
    screen = Screen(quiet, verbose)
    if artifact is Artifact.LANGUAGE:
        from cosmosql.schema.language import language as body_of
    else:
        from cosmosql.artifact.schema import schema

        body_of = partial(schema, artifact.value)
    body = body_of()
    screen.detail(f"{len(body)} keys")
    screen.data(json.dumps(body, indent=2, ensure_ascii=False) + "\n")
    return None
