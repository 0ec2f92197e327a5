"""What every imported spec needs and no other tool's configuration says: a place, a question."""

from __future__ import annotations

from collections.abc import Sequence

from cosmosql.importers.draft import Code, Draft

ON = Code("hw.h100")
"""Where every imported strategy runs."""

PURSE = "3 USD"
STAND_IN = "qwen2_5_1_5b"


def place(made: Draft) -> None:
    """Imports the standard hardware, for `ON`."""
    made.imports["hw"] = "hardware"
    made.assume(f"`on = {ON.text}`: name the accelerator that you pay for")


def stand_in(made: Draft, why: str) -> Code:
    """The model that is asked where the configuration names none that runs here."""
    made.imports["models"] = "models"
    made.assume(f"`model = models.{STAND_IN}`: {why}")
    return Code(f"models.{STAND_IN}")


def ask(made: Draft, task: str, strategies: Sequence[str], metric: str) -> None:
    """The query: the best of the strategies, measured within a small purse."""
    made.assume(f"`measure within {PURSE}`: what measuring may spend")
    made.block(
        "query",
        "pick",
        clauses=[
            f"for {task}",
            f"among {', '.join(strategies)}",
            f"measure within {PURSE}",
            f"maximize {metric}",
        ],
    )
