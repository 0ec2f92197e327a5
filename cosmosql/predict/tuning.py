"""Where a fine-tuning run stands for the surface: what is known of it before it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log2

from cosmosql.predict.past import Past, past
from cosmosql.predict.surface import Place, angle

EXAMPLES, LEARNING_RATE, RANK, ROWS, PARAMETERS = 512.0, 2e-3, 6.0, 512.0, 1e6
"""The middle of past runs, from which binary logarithms are counted."""

LEVEL = 4.0
"""A quarter of the arcsine scale counts as much as a doubling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningRun:
    """One way to fine-tune one model on one task."""

    task: str
    model: str
    parameters: float
    labels: int
    train_rows: float
    examples: float
    """That training sees, epochs counted."""
    learning_rate: float
    rank: float
    proxy: float
    """Accuracy of the light heads on the same rows."""

    def place(self) -> Place:
        """Raises ValueError where a count or a rate is not positive."""
        level = float(angle(self.proxy))
        return Place(
            features={"one": 1.0, "proxy": level, "chance": float(angle(1 / self.labels))},
            coordinates={
                "examples": log2(self.examples / EXAMPLES),
                "learning_rate": log2(self.learning_rate / LEARNING_RATE),
                "rank": log2(self.rank / RANK),
                "rows": log2(self.train_rows / ROWS),
                "parameters": log2(self.parameters / PARAMETERS),
                "level": LEVEL * level,
            },
            keys={"task": self.task, "model": f"{self.task} {self.model}"},
        )


def past_runs() -> Past:
    """The fine-tuning runs that are shipped."""
    return past("finetune", tuning_place)


def tuning_place(row: Mapping[str, str]) -> Place:
    """The place of a row of the table of past runs."""
    return TuningRun(
        task=row["task"],
        model=row["model"],
        parameters=float(row["parameters"]),
        labels=int(row["labels"]),
        train_rows=float(row["train_rows"]),
        examples=float(row["examples"]),
        learning_rate=float(row["learning_rate"]),
        rank=float(row["rank"]),
        proxy=float(row["proxy"]),
    ).place()
