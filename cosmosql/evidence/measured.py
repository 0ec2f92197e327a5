"""Requests with their answers: what forecasting reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cosmosql.evidence.observation import Observation
from cosmosql.interval import Unmeasured
from cosmosql.plan.candidate import Measurement

UNMEASURED = "unmeasured"
"""The name under which an observation's values say why there is no outcome."""


PASSING = "passing"
"""Stands beside a reason that may not hold another time or elsewhere (memory ran out): whoever
measures tries again, a replay takes it as it is."""


def stands(observation: Observation | None) -> bool:
    """Whether there is an answer that measuring again would not change."""
    return observation is not None and PASSING not in observation.values


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A measurement and what came of it.

    `failure` says why where the answer is that there can be none (the context overflows, memory ran
    out); it is evidence all the same. A request that was never made has no
    `Measured` at all.
    """

    node: str
    """The graph's node that asked; `PlanGraph.probes_of` says which series it serves."""
    measurement: Measurement
    observation: Observation

    @property
    def failure(self) -> Unmeasured | None:
        """Why there is no outcome; None where there is one."""
        reason = self.observation.values.get(UNMEASURED)
        return Unmeasured(str(reason)) if reason is not None else None


def distinct(measured: Iterable[Measured]) -> tuple[Measured, ...]:
    """Each observation once, under the first request that it answers: several may ask the same
    question, which was paid for once."""
    first: dict[str, Measured] = {}
    for one in measured:
        first.setdefault(one.observation.key, one)
    return tuple(first.values())


def untouched(measured: Iterable[Measured]) -> tuple[Measured, ...]:
    """The same, shown to hold no test rows.

    Raises ValueError where an observation looked at some: forecasts and decisions never do.
    """
    found = tuple(measured)
    for one in found:
        if one.observation.role == "test":
            raise ValueError(f"{one.measurement.candidate.name} was measured on test rows")
    return found
