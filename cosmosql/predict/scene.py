"""Everything that one forecast reads."""

from __future__ import annotations

from dataclasses import dataclass

from cosmosql.contracts.metric import Metric
from cosmosql.model.program import Program
from cosmosql.plan.graph import PlanGraph
from cosmosql.predict.facts import Facts
from cosmosql.predict.fits import Fits
from cosmosql.predict.gather import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The graph, what was measured of it, and how many draws under which seed are wanted."""

    graph: PlanGraph
    evidence: Evidence
    facts: Facts
    metric: Metric
    fits: Fits
    draws: int
    seed: int

    @property
    def program(self) -> Program:
        return self.graph.program
