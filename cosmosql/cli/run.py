"""`cosmosql run SPEC`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cosmosql.cli import options
from cosmosql.cli.exits import ExitCode
from cosmosql.cli.findings import print_findings
from cosmosql.cli.network import stay_offline
from cosmosql.cli.progress import progress
from cosmosql.cli.screen import Screen

if TYPE_CHECKING:
    import datetime

    from cosmosql.model.boundary import Trusted
    from cosmosql.model.settings import Settings
    from cosmosql.pipeline import Outcome


@click.command()
@options.spec
@options.query
@options.settings
@options.trusted
@click.option("--offline", is_flag=True, help="Use the evidence alone; what it lacks is an error.")
@options.seed
@options.today
@options.form
@options.quiet
@options.verbose
def command(
    spec: Path,
    query: str | None,
    settings: Settings,
    trusted: Trusted,
    offline: bool,
    seed: int,
    today: datetime.date,
    form: options.DataForm,
    quiet: bool,
    verbose: bool,
) -> int | None:
    """Probe, forecast, decide; write plan, evidence file and report beside the spec.

    What was measured before is never measured again: an interrupted run goes on where it was.

    \b
    Example:
      cosmosql run examples/quickstart.cosmos
      cosmosql run --set floor=80% --format json examples/quickstart.cosmos
    """
    if offline:
        stay_offline()
    from cosmosql.pipeline import run as run_spec

    screen = Screen(quiet, verbose)
    with progress(quiet=quiet) as watcher:
        outcome = run_spec(
            spec,
            query=query,
            settings=settings,
            trusted=trusted,
            offline=offline,
            seed=seed,
            today=today,
            progress=watcher,
        )
    if not quiet:
        print_findings(outcome.warnings)
    if form is options.DataForm.JSON:
        from cosmosql.artifact.storage import document_bytes

        screen.data(document_bytes(outcome.plan).decode())
    else:
        _tell(outcome, screen)
    decided = outcome.plan.decision.status == "decided"
    return ExitCode.DONE if decided else ExitCode.NOT_DECIDED


def _tell(outcome: Outcome, screen: Screen) -> None:
    from cosmosql.cli.table import decision, plan_tables
    from cosmosql.report.view import view

    words = view(outcome.plan)
    if screen.quiet:
        screen.show(decision(words))
        return
    for item in plan_tables(words, width=screen.width, verbose=screen.verbose):
        screen.show(item)
    screen.show("")
    screen.show(f"measured {outcome.measured} observations now, {outcome.reused} were there")
    for name, path in (
        ("plan", outcome.plan_path),
        ("evidence", outcome.evidence_path),
        ("report", outcome.report_html),
        ("", outcome.report_md),
    ):
        screen.data(f"{name:<9} {path}\n")
