"""`cosmosql quote SPEC`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cosmosql.cli import options
from cosmosql.cli.network import stay_offline
from cosmosql.cli.screen import Screen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from cosmosql.identity import Json
    from cosmosql.model.boundary import Trusted
    from cosmosql.model.settings import Settings
    from cosmosql.probes.quote import Quote, QuotedRun


@click.command()
@options.spec
@options.query
@options.settings
@options.trusted
@options.form
@options.quiet
@options.verbose
def command(
    spec: Path,
    query: str | None,
    settings: Settings,
    trusted: Trusted,
    form: options.DataForm,
    quiet: bool,
    verbose: bool,
) -> int | None:
    """What a run would probe first, what may follow, the most each can take, and what is paid for.

    Nothing is loaded and nothing is spent.

    \b
    Example:
      cosmosql quote examples/quickstart.cosmos
    """
    stay_offline()
    from cosmosql.pipeline import quote as quote_of

    found = quote_of(spec, query, settings, trusted)
    screen = Screen(quiet, verbose)
    if form is options.DataForm.JSON:
        screen.data(json.dumps(quote_json(found), indent=2) + "\n")
        return None
    from cosmosql.cli.quotation import quote_tables

    for item in quote_tables(found, quiet=quiet):
        screen.show(item)
    return None


def quote_json(found: Quote) -> dict[str, Json]:
    """The quote as data; amounts are decimal strings with their unit beside them."""
    from cosmosql.plan.budget import METERS

    def amounts(known: Mapping[str, Decimal]) -> dict[str, Json]:
        return {
            meter: {"value": format(known[meter], "f"), "unit": found.caps.unit(meter)}
            for meter in METERS
            if meter in known
        }

    def priced(item: QuotedRun) -> Json:
        return {**run_json(item), "paid": item.paid, "worst": amounts(item.worst)}

    return {
        "runs": [priced(item) for item in found.runs],
        "menu": [priced(item) for item in found.menu],
        "tests": [priced(item) for item in found.tests],
        "total": amounts(found.total),
        "caps": amounts(found.caps.amounts),
        "spent": amounts(found.spent),
        "fits": not found.shortfalls,
    }


def run_json(item: QuotedRun) -> dict[str, Json]:
    """What one run asks of whom."""
    measurement = item.run.measurement
    fidelity = measurement.fidelity
    return {
        "key": item.run.key,
        "kind": measurement.kind,
        "candidate": measurement.candidate.name,
        "model": measurement.candidate.model,
        "basis": measurement.basis,
        "rows": measurement.rows,
        "start": measurement.start,
        "train_rows": fidelity.train_rows,
        "shots": fidelity.shots,
        "steps": fidelity.steps,
        "seed": fidelity.seed,
        "seconds_assumed": item.assumed,
    }
