"""The next probe is the one that promises the largest gain of the choice for its cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cosmosql.decide.bundles import bundles, next_of_bundles
from cosmosql.decide.choose import choose, weigh, within_tolerance
from cosmosql.decide.decision import Verdict
from cosmosql.decide.further_rows import further_rows
from cosmosql.decide.judged import Judged
from cosmosql.decide.narrowing import most_telling
from cosmosql.decide.value import Prospect, contenders, next_probe, utilities
from cosmosql.evidence.measured import Measured
from cosmosql.identity import rounded, seed_of
from cosmosql.interval import Unmeasured
from cosmosql.model.program import Policy
from cosmosql.plan.graph import PlanGraph
from cosmosql.predict.facts import Facts
from cosmosql.predict.fits import Fits
from cosmosql.predict.forecast import Distribution, Forecast
from cosmosql.predict.forecasting import DRAWS, Foreseen, foresee
from cosmosql.probes.rounds import Choice, Ended, Round

Array = NDArray[np.float64]

SKETCH_DRAWS = 500
"""Draws that a probe is chosen by; that a query is decided is confirmed by all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adaptive:
    """Chooses probes by the expected value of sample information per cost.

    `unit` is that of the costs; `draws` are those of the plan, by which a query is found decided.
    """

    graph: PlanGraph
    facts: Facts
    fits: Fits
    seed: int
    unit: str = "FLOP"
    draws: int = DRAWS
    sketch: int = SKETCH_DRAWS

    def choose(self, measured: Sequence[Measured], costs: Mapping[str, float]) -> Choice:
        foreseen = self._foresee(measured, self.sketch, tuple(costs))
        if unknown := self._unknown(measured, foreseen.forecasts, costs):
            return unknown
        judged = self._weigh(foreseen.forecasts)
        if self._settled(judged) and (ended := self._confirmed(measured)):
            return ended
        return self._best(judged, foreseen, costs) if costs else Ended.CAP_REACHED

    def _foresee(
        self, measured: Sequence[Measured], draws: int, prospects: tuple[str, ...] = ()
    ) -> Foreseen:
        return foresee(
            self.graph,
            measured,
            self.facts,
            self.fits,
            seed=self.seed,
            draws=draws,
            prospects=[id for id in prospects if self._on_curve(id)],
        )

    def _weigh(self, forecasts: Sequence[Forecast]) -> list[Judged]:
        query = self.graph.query
        policies: list[Policy] = [self.graph.program.policies[name] for name in query.policies]
        _, judged = weigh(query, forecasts, policies, n_test=self.facts.n_test, seed=self.seed)
        return judged

    def _confirmed(self, measured: Sequence[Measured]) -> Ended | None:
        """Whether the plan's own draws say so, too."""
        return self._settled(self._weigh(self._foresee(measured, self.draws).forecasts))

    def _settled(self, judged: Sequence[Judged]) -> Ended | None:
        if judged and all(one.verdict is Verdict.FAILS for one in judged):
            return Ended.INFEASIBLE
        _, _, settled = choose(self.graph.query, judged)
        return Ended.DECIDED if settled else None

    def _unknown(
        self,
        measured: Sequence[Measured],
        forecasts: Sequence[Forecast],
        costs: Mapping[str, float],
    ) -> Round | None:
        """The cheapest probe of a series of which nothing was measured and nothing foretold: what
        is not known has no worth that could be computed, and takes no part in a decision."""
        known = {one.candidate.name for one in forecasts if isinstance(one.metric, Distribution)}
        done = {one.node for one in measured if self._tells(one.node)}
        nodes = [
            id
            for series in self.graph.series
            if known.isdisjoint(one.name for one in series.candidates)
            if done.isdisjoint(probes := self.graph.probes_of(series))
            for id in probes
            if id in costs and self._tells(id)
        ]
        if not nodes:
            return None
        node = min(nodes, key=lambda id: costs[id])
        return Round(node=node, worth=None, error=None, cost=rounded(costs[node]), unit=self.unit)

    def _tells(self, node: str) -> bool:
        """Whether a probe says something of its curve: one without demonstrations does not."""
        return self._on_curve(node) and self.graph.measurements[node].fidelity.shots != 0

    def _on_curve(self, node: str) -> bool:
        """Whether a node is a step of its series on the common rows."""
        request = self.graph.measurements[node]
        return request.kind == "evaluate" and request.start == 0

    def _best(
        self, judged: Sequence[Judged], foreseen: Foreseen, costs: Mapping[str, float]
    ) -> Choice:
        known = [one for one in judged if not isinstance(one.objective, Unmeasured)]
        if not known:
            return Ended.NOTHING_WORTH_ITS_PRICE
        utility = contenders(
            utilities(
                np.array([one.objective for one in known]),
                np.array([one.feasible for one in known]),
            )
        )
        steps = dict(self._steps(foreseen, costs))
        blocks = further_rows(self.graph, known, foreseen.forecasts, costs, seed=self.seed)
        picked = next_probe(utility, [*steps.items(), *blocks]) or next_of_bundles(
            utility, steps, bundles(self.graph, steps)
        )
        if picked is None:
            return self._shows(known, steps)
        return Round(
            node=picked.name,
            worth=rounded(picked.gain.value),
            error=rounded(picked.gain.error),
            cost=rounded(picked.cost),
            unit=self.unit,
        )

    def _shows(self, known: Sequence[Judged], steps: Mapping[str, Prospect]) -> Choice:
        """The probe that tells most, for its cost, of whether the most probable option is right: a
        query is decided by what is shown, and where no probe would change the best guess, one may
        still show that it meets the requirements."""
        feasible = np.array([one.feasible for one in known])
        node = most_telling(within_tolerance(self.graph.query, known) & feasible, steps)
        if node is None:
            return Ended.NOTHING_WORTH_ITS_PRICE
        cost = rounded(steps[node].cost)
        return Round(node=node, worth=None, error=None, cost=cost, unit=self.unit)

    def _steps(
        self, foreseen: Foreseen, costs: Mapping[str, float]
    ) -> Iterator[tuple[str, Prospect]]:
        for id, drawn in foreseen.outcomes.items():
            if isinstance(drawn, np.ndarray):
                yield id, Prospect(outcome=self._shown(id, drawn), cost=costs[id])

    def _shown(self, node: str, latent: Array) -> Array:
        """What would be measured there: the metric of a run with the chance of its rows on it."""
        rows = self.graph.measurements[node].rows
        rng = np.random.default_rng(seed_of("shown", self.seed, node))
        return np.asarray(rng.binomial(rows, np.clip(latent, 0.0, 1.0)) / max(rows, 1))
