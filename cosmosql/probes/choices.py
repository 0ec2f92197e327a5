"""Choices are evidence: which probe came next, given what was measured before.

A choice is kept before its probe starts. So a run that was killed goes on with the same probes, and
a plan is told again from its evidence file without weighing anything anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass
from importlib.metadata import version
from pathlib import Path
from typing import cast

from cosmosql.evidence.keys import key_of
from cosmosql.evidence.measured import Measured
from cosmosql.evidence.observation import Observation
from cosmosql.evidence.record import content_digest
from cosmosql.evidence.store import Evidence
from cosmosql.identity import Json, jsonable
from cosmosql.probes.rounds import Choice, Chooser, Ended, Round
from cosmosql.source import Span
from cosmosql.units import Quantity

CHOICE = "choice/2"

ENDED = "ended"


class Remembered:
    """Answers each choice from `known` evidence, or has `chooser` make it and `keep`s it.

    `question` is everything that the choice depends on besides what was measured. Without a chooser
    it replays: a choice counts whatever library versions it was made with, and one that nobody made
    is not known.
    """

    def __init__(
        self,
        question: Mapping[str, Json],
        known: Evidence,
        chooser: Chooser | None = None,
        keep: Callable[[Observation], None] | None = None,
    ) -> None:
        self._question = question
        self._known = known
        self._chooser = chooser
        self._keep = keep
        self._conditions = {name: version(name) for name in ("numpy", "scipy")}
        self.used: list[Observation] = []

    def choose(self, measured: Sequence[Measured], costs: Mapping[str, float]) -> Choice | None:
        asked = self._asked(measured)
        found = self._known.find(key_of(asked), None if self._chooser is None else self._conditions)
        if found is not None and holds(choice_of(found), costs):
            self.used.append(found)
            return choice_of(found)
        if self._chooser is None:
            return None
        chosen = self._chooser.choose(measured, costs)
        if chosen is not None:
            self._remember(asked, chosen)
        return chosen

    def _asked(self, measured: Sequence[Measured]) -> dict[str, Json]:
        return {
            "step": CHOICE,
            **self._question,
            "measured": [*sorted(content_digest(one.observation) for one in measured)],
        }

    def _remember(self, asked: Mapping[str, Json], chosen: Choice) -> None:
        made = Observation(
            kind="choice",
            key=key_of(asked),
            asked=asked,
            conditions=self._conditions,
            role=None,
            values=asdict(chosen) if isinstance(chosen, Round) else {ENDED: str(chosen)},
        )
        if self._keep is not None:
            self._keep(made)
        self.used.append(made)


def holds(chosen: Choice | None, costs: Mapping[str, float]) -> bool:
    """Whether a remembered choice can still be made: what its probe takes may have been spent on
    something else since."""
    return chosen is not None and (isinstance(chosen, Ended) or chosen.node in costs)


def choice_of(observation: Observation) -> Choice | None:
    """The choice that an observation holds; None where it holds none. Evidence may come from a
    stranger."""
    values = observation.values
    try:
        return Ended(str(values[ENDED])) if ENDED in values else round_of(values)
    except (KeyError, TypeError, ValueError):
        return None


def round_of(values: Mapping[str, Json]) -> Round:
    worth, error = (
        None if values[name] is None else float(cast(float, values[name]))
        for name in ("worth", "error")
    )
    return Round(
        node=str(values["node"]),
        worth=worth,
        error=error,
        cost=float(cast(float, values["cost"])),
        unit=str(values["unit"]),
    )


def content(declared: object) -> Json:
    """What a declaration says, without where it stands and where its files are: the same for the
    same words in another place."""
    match declared:
        case Span() | Path():
            return None
        case Quantity():
            return str(declared)
        case Mapping():
            return {str(name): content(value) for name, value in declared.items()}
        case list() | tuple():
            return [content(value) for value in declared]
    if is_dataclass(declared) and not isinstance(declared, type):
        return {
            item.name: content(getattr(declared, item.name))
            for item in fields(declared)
            if item.compare and item.name != "doc"
        }
    return jsonable(declared)
