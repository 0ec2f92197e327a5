"""`cosmosql check SPEC…`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cosmosql.cli import options
from cosmosql.cli.exits import ExitCode
from cosmosql.cli.findings import FindingsForm, print_findings, rendered
from cosmosql.cli.network import stay_offline
from cosmosql.cli.screen import Screen

if TYPE_CHECKING:
    from cosmosql.model.boundary import Trusted


@click.command()
@options.specs
@options.form_of(FindingsForm)
@options.settings
@options.trusted
@options.quiet
@options.verbose
def command(
    specs: tuple[Path, ...],
    form: FindingsForm,
    settings: Mapping[str, str],
    trusted: Trusted,
    quiet: bool,
    verbose: bool,
) -> int | None:
    """Parse, resolve, type- and unit-check, and look at real rows. Nothing is run or written.

    \b
    Example:
      cosmosql check examples/quickstart.cosmos
      cosmosql check --format github examples/*.cosmos
    """
    stay_offline()
    from cosmosql.compiler import check as findings_of
    from cosmosql.diagnostics.diagnostic import Diagnostic, Severity

    screen = Screen(quiet, verbose)
    found: list[Diagnostic] = []
    for spec in specs:
        screen.detail(f"checking {spec}")
        found += findings_of(spec, settings, trusted)
    if form is FindingsForm.TEXT:
        print_findings(found)
    else:
        screen.data(rendered(found, form))
    if any(item.severity is Severity.ERROR for item in found):
        return ExitCode.WRONG_INPUT
    names = ", ".join(str(spec) for spec in specs)
    screen.note(f"{names}: no errors" + (f", {len(found)} warnings" if found else ""))
    return ExitCode.DONE
