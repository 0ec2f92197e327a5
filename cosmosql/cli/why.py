"""`cosmosql why PLAN [STRATEGY]`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cosmosql.cli import options
from cosmosql.cli.screen import Screen

if TYPE_CHECKING:
    from cosmosql.report.view import CandidateRow, PolicyRow, View


@click.command()
@options.plan
@click.argument(
    "strategy",
    metavar="[STRATEGY]",
    required=False,
    help="A strategy, a candidate or a policy.",
)
@options.quiet
@options.verbose
def command(plan: Path, strategy: str | None, quiet: bool, verbose: bool) -> int | None:
    """Why this one was chosen, and why not that one.

    \b
    Example:
      cosmosql why examples/quickstart.plan.json
      cosmosql why examples/quickstart.plan.json strategy.tuned
    """
    from cosmosql.artifact.storage import read_plan
    from cosmosql.cli.table import decision, explanation, purchase_table
    from cosmosql.report.view import view

    words = view(read_plan(plan))
    screen = Screen(quiet, verbose)
    if strategy is None:
        screen.show(decision(words))
        if words.status == "undecided" and words.purchases and not quiet:
            screen.show("")
            screen.show(purchase_table(words))
    if strategy is None and quiet:
        return None
    for row in _rows(words, strategy):
        screen.show("")
        screen.show(explanation(row, words))
    return None


def _rows(words: View, wanted: str | None) -> list[CandidateRow | PolicyRow]:
    """All options, or the one of that name, or those of that strategy or policy, or those whose
    name holds the text.

    Raises InputError (E0805) where the plan has none.
    """
    rows: list[CandidateRow | PolicyRow] = [*words.candidates, *words.policies]
    if wanted is None:
        return [row for row in rows if not row.chosen]
    found = [row for row in rows if _tight(row.name) == _tight(wanted)]
    found = found or [row for row in rows if wanted in _families(row.name)]
    found = found or [row for row in rows if _tight(wanted) in _tight(row.name)]
    if found:
        return found
    from cosmosql.diagnostics.diagnostic import reject
    from cosmosql.diagnostics.suggest import closest

    names = {name for row in rows for name in (row.name, *_families(row.name))}
    near = closest(wanted, names)
    families = sorted({_families(row.name)[0] for row in rows})
    reject(
        "E0805",
        "the plan has no such candidate",
        notes=(f"`{wanted}` is not in {words.title}",),
        help=f"did you mean `{near}`?" if near else f"write one of: {', '.join(families)}",
    )


def _tight(name: str) -> str:
    """A name without the spaces that tables show in it."""
    return "".join(name.split())


def _families(name: str) -> tuple[str, str]:
    """A candidate's strategy, with and without its kind: what people write for short."""
    reference = name.split("[")[0].split("(")[0].split("/")[0]
    return reference, reference.removeprefix("strategy.").removeprefix("policy.")
