"""`cosmosql apply PLAN`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cosmosql.cli import options
from cosmosql.cli.exits import ExitCode
from cosmosql.cli.progress import progress
from cosmosql.cli.screen import Screen

if TYPE_CHECKING:
    from cosmosql.apply.execute import ApplyOutcome
    from cosmosql.model.boundary import Trusted


@click.command()
@options.plan
@options.trusted
@options.form
@options.quiet
@options.verbose
def command(
    plan: Path, trusted: Trusted, form: options.DataForm, quiet: bool, verbose: bool
) -> int | None:
    """Execute a plan on the full data: train, index, calibrate, evaluate; write the bundle.

    Ends with 5 where a measured value lies outside its forecast interval.

    \b
    Example:
      cosmosql apply examples/quickstart.plan.json
    """
    from cosmosql.apply.execute import apply as execute

    screen = Screen(quiet, verbose)
    with progress(quiet=quiet) as report:
        outcome = execute(plan, trusted=trusted, progress=report)
    if form is options.DataForm.JSON:
        screen.data(json.dumps(outcome_data(outcome), indent=2) + "\n")
    else:
        from cosmosql.cli.accounting import outcome_table

        screen.show(outcome_table(outcome.outcomes))
        words = "within the forecast" if outcome.within else "outside the forecast interval"
        screen.show(f"measured {words}")
        screen.data(f"bundle    {outcome.bundle}\n")
    return ExitCode.DONE if outcome.within else ExitCode.GATE_FAILED


def outcome_data(outcome: ApplyOutcome) -> dict[str, object]:
    """What `--format json` prints."""
    return {
        "bundle": str(outcome.bundle),
        "within": outcome.within,
        "outcomes": [item.model_dump(mode="json") for item in outcome.outcomes],
    }
