"""Where an in-context run stands for the surface: what is known of it before it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import log2

from cosmosql.predict.past import Past, past
from cosmosql.predict.surface import Place, above_chance, angle

MIDDLE, PARAMETERS = 2.5, 1e6
LEVEL = 4.0
"""A quarter of the way from chance to perfection counts as much as a doubling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRun:
    """One model answering one task from demonstrations."""

    task: str
    model: str
    parameters: float
    chance: float
    """Share of the most frequent label."""
    shots: float
    retrieved: bool
    zero_shot: float
    """Accuracy without demonstrations; chance where it was not measured."""

    def place(self) -> Place:
        return Place(
            features={
                "one": 1.0,
                "zero_shot": float(angle(self.zero_shot)),
                "chance": float(angle(self.chance)),
            },
            coordinates={
                "shots": log2(1 + self.shots) - MIDDLE,
                "retrieved": float(self.retrieved),
                "parameters": log2(self.parameters / PARAMETERS),
                "level": LEVEL * above_chance(self.zero_shot, self.chance),
            },
            scales={},
            keys={
                "task": self.task,
                "model": f"{self.task} {self.model}",
                "series": f"{self.task} {self.model} {self.retrieved}",
            },
        )


def past_runs() -> Past:
    """The in-context runs that are shipped."""
    return past("icl", shown_place)


def shown_place(row: Mapping[str, str]) -> Place:
    """The place of a row of the table of past runs."""
    return ShownRun(
        task=row["task"],
        model=row["model"],
        parameters=float(row["parameters"]),
        chance=float(row["chance"]),
        shots=float(row["shots"]),
        retrieved=row["retrieved"] == "yes",
        zero_shot=float(row["zero_shot"]),
    ).place()
