"""A planning problem with all its answers: what probing may ask, what comes back, what is true."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from cosmosql.decide.choose import choose, weigh
from cosmosql.evidence.measured import Measured
from cosmosql.plan.graph import PlanGraph
from cosmosql.predict.facts import Facts
from cosmosql.predict.forecast import Forecast
from cosmosql.predict.forecasting import forecast
from cosmosql.predict.spending import exhaustive
from replays.memory import fits


@dataclass(frozen=True, kw_only=True)
class Problem:
    """`answers`: what each node of the graph gives when it is measured, the menu of probes;
    `truths`: the accuracy of each candidate in full, by name."""

    name: str
    graph: PlanGraph
    facts: Facts
    answers: Mapping[str, Measured] = field(repr=False)
    truths: Mapping[str, float] = field(repr=False)
    seed: int = 0
    draws: int = 500

    @cached_property
    def costs(self) -> Mapping[str, float]:
        """FLOPs of measuring each node; profiles cost nothing."""
        return {
            node: 0.0 if one.measurement.kind == "profile" else one.observation.usage.flops
            for node, one in self.answers.items()
        }

    @cached_property
    def free(self) -> tuple[str, ...]:
        """What is measured first because it costs nothing."""
        return tuple(node for node, cost in self.costs.items() if cost == 0)

    @property
    def menu(self) -> tuple[str, ...]:
        """What is paid for, in the graph's order."""
        return tuple(node for node, cost in self.costs.items() if cost > 0)

    @cached_property
    def menu_cost(self) -> float:
        """FLOPs of measuring everything that can be measured."""
        return sum(self.costs.values())

    @cached_property
    def exhaustive_cost(self) -> float:
        """FLOPs of adapting every candidate in full and judging it on the test rows."""
        found = self.measured(self.answers)
        return exhaustive(self.graph, self.forecasts(self.answers), found, self.facts).flops

    def measured(self, nodes: Iterable[str]) -> tuple[Measured, ...]:
        """The answers of some nodes, in the graph's order."""
        wanted = set(nodes)
        return tuple(one for node, one in self.answers.items() if node in wanted)

    def forecasts(self, nodes: Iterable[str]) -> tuple[Forecast, ...]:
        """Of every candidate, from these nodes and nothing else."""
        return forecast(
            self.graph,
            self.measured(nodes),
            self.facts,
            fits(),
            seed=self.seed,
            draws=self.draws,
        )

    def chosen(self, nodes: Iterable[str]) -> str | None:
        """The candidate that is chosen by these nodes and nothing else; None where none can be."""
        query, found = self.graph.query, self.forecasts(nodes)
        _, judged = weigh(query, found, (), n_test=self.facts.n_test, seed=self.seed)
        best, _, _ = choose(query, judged)
        return None if best is None else best.subject.name

    def regret(self, nodes: Iterable[str]) -> float:
        """Points of true accuracy that the choice on these nodes lacks to the best candidate; where
        nothing can be chosen, those of a candidate taken at random."""
        chosen = self.chosen(nodes)
        mean = float(np.mean(list(self.truths.values())))
        own = mean if chosen is None else self.truths[chosen]
        return 100 * (max(self.truths.values()) - own)
