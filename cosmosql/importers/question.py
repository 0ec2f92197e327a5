"""What every imported spec needs and no other tool's configuration says: a place, a question."""

from __future__ import annotations

from collections.abc import Sequence

from cosmosql.importers.draft import Draft


def place(made: Draft) -> None:
    """Imports the standard hardware, on which every imported strategy runs."""
    made.imports["hw"] = "hardware"
    made.assume("`on = hw.h100`: name the accelerator that you pay for")


def ask(made: Draft, task: str, strategies: Sequence[str], metric: str) -> None:
    """The query: the best of the strategies, measured within a small purse."""
    made.assume("`measure within 3 USD`: what measuring may spend")
    made.block(
        "query",
        "pick",
        clauses=[
            f"for {task}",
            f"among {', '.join(strategies)}",
            "measure within 3 USD",
            f"maximize {metric}",
        ],
    )
