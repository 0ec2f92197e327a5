"""`cosmosql show PLAN`."""

from __future__ import annotations

from cosmosql.cli.options import DataForm, Form, PlanPath, Quiet, Verbose
from cosmosql.cli.screen import Screen


def show(
    plan: PlanPath,
    form: Form = DataForm.TEXT,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> int | None:
    """A plan, readable. Nothing is loaded but the plan itself.

    \b
    Example:
      cosmosql show examples/quickstart.plan.json
    """
    from cosmosql.artifact.storage import document_bytes, read_plan
    from cosmosql.report.view import view

    document = read_plan(plan)
    screen = Screen(quiet, verbose)
    if form is DataForm.JSON:
        screen.data(document_bytes(document).decode())
        return None
    from cosmosql.cli.table import decision, plan_tables

    words = view(document)
    if quiet:
        screen.show(decision(words))
        return None
    for item in plan_tables(words, width=screen.width, verbose=verbose):
        screen.show(item)
    return None
