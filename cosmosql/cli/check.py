"""`cosmosql check SPEC…`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cosmosql.cli.exits import ExitCode
from cosmosql.cli.findings import FindingsForm, print_findings, rendered
from cosmosql.cli.options import Quiet, Settings, Verbose, settings_of
from cosmosql.cli.screen import Screen


def check(
    specs: Annotated[list[Path], typer.Argument(metavar="SPEC...", help="Spec files.")],
    form: Annotated[
        FindingsForm, typer.Option("--format", help="What standard output carries.")
    ] = FindingsForm.TEXT,
    settings: Settings = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int | None:
    """Parse, resolve, type- and unit-check, and look at real rows. Nothing is run or written.

    \b
    Example:
      cosmosql check examples/quickstart.cosmos
      cosmosql check --format github examples/*.cosmos
    """
    from cosmosql.compiler import check as findings_of
    from cosmosql.diagnostics.diagnostic import Diagnostic, Severity

    screen = Screen(quiet, verbose)
    values = settings_of(settings)
    found: list[Diagnostic] = []
    for spec in specs:
        screen.detail(f"checking {spec}")
        found += findings_of(spec, values)
    if form is FindingsForm.TEXT:
        print_findings(found)
    else:
        screen.data(rendered(found, form))
    if any(item.severity is Severity.ERROR for item in found):
        return ExitCode.WRONG_INPUT
    names = ", ".join(str(spec) for spec in specs)
    screen.note(f"{names}: no errors" + (f", {len(found)} warnings" if found else ""))
    return ExitCode.DONE
