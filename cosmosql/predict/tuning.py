"""Where a fine-tuning run stands for the surface: what is known of it before it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log2

from cosmosql.predict.past import Past, past
from cosmosql.predict.surface import Place, above_chance, angle

EXAMPLES, LEARNING_RATE, RANK, ROWS, PARAMETERS = 512.0, 2e-3, 6.0, 512.0, 1e6
"""The middle of past runs, from which binary logarithms are counted."""

LEVEL = 4.0
"""A quarter of the way from chance to perfection counts as much as a doubling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TuningRun:
    """One way to fine-tune one model on one task."""

    task: str
    model: str
    parameters: float
    chance: float
    """Share of the most frequent label."""
    train_rows: float
    examples: float
    """That training sees, epochs counted."""
    learning_rate: float
    rank: float
    proxy: float
    """Accuracy of the light heads on the same rows."""
    zero_shot: float
    """Accuracy of the model as it is; chance where it was not measured."""

    def place(self) -> Place:
        """Raises ValueError where a count or a rate is not positive."""
        examples = log2(self.examples / EXAMPLES)
        learning_rate = log2(self.learning_rate / LEARNING_RATE)
        proxy, chance = float(angle(self.proxy)), float(angle(self.chance))
        return Place(
            features={
                "one": 1.0,
                "proxy": proxy,
                "chance": chance,
                "zero_shot": float(angle(self.zero_shot)),
            },
            coordinates={
                "examples": examples,
                "learning_rate": learning_rate,
                "dose": examples + learning_rate,
                "rank": log2(self.rank / RANK),
                "rows": log2(self.train_rows / ROWS),
                "parameters": log2(self.parameters / PARAMETERS),
                "level": LEVEL * above_chance(self.proxy, self.chance),
            },
            scales={"room": proxy - chance},
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
        chance=float(row["chance"]),
        train_rows=float(row["train_rows"]),
        examples=float(row["examples"]),
        learning_rate=float(row["learning_rate"]),
        rank=float(row["rank"]),
        proxy=float(row["proxy"]),
        zero_shot=float(row["zero_shot"]),
    ).place()
