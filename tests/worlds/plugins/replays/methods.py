"""Ways to choose the next probe: the engine's, and those that it must beat.

Each is a `Chooser` of `cosmosql.probes.rounds`, so that all methods go through the same loop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cosmosql.decide.adaptive import Adaptive
from cosmosql.evidence.measured import Measured
from cosmosql.identity import seed_of
from cosmosql.plan.nodes import NodeKind
from cosmosql.probes.rounds import Choice, Ended, Round
from replays.memory import fits
from replays.problem import Problem


def adaptive(problem: Problem) -> Adaptive:
    """The engine's own: the probe that is worth most for its cost, until the query is decided."""
    return Adaptive(
        graph=problem.graph,
        facts=problem.facts,
        fits=fits(),
        seed=problem.seed,
        draws=problem.draws,
        sketch=problem.draws,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class InOrder:
    """One probe after the other in an order that is known before."""

    order: tuple[str, ...]

    def choose(self, measured: Sequence[Measured], costs: Mapping[str, float]) -> Choice | None:
        node = next((node for node in self.order if node in costs), None)
        return Ended.MENU_EXHAUSTED if node is None else taken(node, costs)


def taken(node: str, costs: Mapping[str, float]) -> Round:
    return Round(node=node, worth=None, error=None, cost=costs[node], unit="FLOP")


def uniform(problem: Problem) -> InOrder:
    """The same effort for every series: everybody's cheapest probe, then everybody's next."""
    ladders = ladders_of(problem)
    levels = [
        (level, place, node)
        for place, ladder in enumerate(ladders.values())
        for level, node in enumerate(ladder)
    ]
    return InOrder(order=tuple(node for _, _, node in sorted(levels)))


def at_random(problem: Problem) -> InOrder:
    """Any probe, each as likely as the next."""
    rng = np.random.default_rng(seed_of("random probing", problem.name))
    order = [node for ladder in ladders_of(problem).values() for node in ladder]
    return InOrder(order=tuple(order[place] for place in rng.permutation(len(order)).tolist()))


def ladders_of(problem: Problem) -> Mapping[str, tuple[str, ...]]:
    """The paid probes of each series, cheapest first, by the series' id. Embeddings serve several
    series and stand first, as a series of their own."""
    embeds = [
        node.id
        for node in problem.graph.nodes
        if node.kind is NodeKind.EMBED and node.id in problem.menu
    ]
    found = {node: (node,) for node in embeds}
    seen = set(embeds)
    for series in problem.graph.series:
        own = [
            node
            for node in problem.graph.probes_of(series)
            if node in problem.menu and node not in seen
        ]
        seen.update(own)
        if own:
            found[series.id] = tuple(sorted(own, key=lambda node: (problem.costs[node], node)))
    return found


ETA = 3
"""One of so many is promoted (Li et al., arXiv 1810.05934, use 4 and 3)."""


class Halving:
    """Asynchronous successive halving, ASHA (Li et al. 2020, arXiv 1810.05934, algorithm 2), for
    one worker: an arm is a series, a rung the next probe of its ladder, what counts the accuracy
    that the probe showed.

    From the highest rung down, an arm among the best 1/eta of its rung that was not promoted yet is
    promoted; where there is none a new arm starts, in random order. Here arms are finitely many:
    when all have started and nobody may be promoted, eta falls by one, and at 1 everything is
    probed.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._ladders = ladders_of(problem)
        rng = np.random.default_rng(seed_of("halving", problem.name))
        arms = list(self._ladders)
        self._start = [arms[place] for place in rng.permutation(len(arms)).tolist()]

    def choose(self, measured: Sequence[Measured], costs: Mapping[str, float]) -> Choice | None:
        scores = {one.node: accuracy_of(one) for one in measured}
        for eta in range(ETA, 0, -1):
            node = self._promoted(scores, costs, eta) or self._started(scores, costs)
            if node is not None:
                return taken(node, costs)
        return Ended.MENU_EXHAUSTED

    def _promoted(
        self, scores: Mapping[str, float], costs: Mapping[str, float], eta: int
    ) -> str | None:
        highest = max(len(ladder) for ladder in self._ladders.values())
        for rung in range(highest - 1, -1, -1):
            there = [arm for arm in self._start if self._reached(arm, scores) > rung]
            there.sort(key=lambda arm: -scores.get(self._ladders[arm][rung], 0.0))
            for arm in there[: len(there) // eta]:
                above = self._ladders[arm][rung + 1 : rung + 2]
                if self._reached(arm, scores) == rung + 1 and above and above[0] in costs:
                    return above[0]
        return None

    def _started(self, scores: Mapping[str, float], costs: Mapping[str, float]) -> str | None:
        return next(
            (
                self._ladders[arm][0]
                for arm in self._start
                if self._reached(arm, scores) == 0 and self._ladders[arm][0] in costs
            ),
            None,
        )

    def _reached(self, arm: str, scores: Mapping[str, float]) -> int:
        """How many rungs of an arm were measured, from the lowest without a gap."""
        ladder = self._ladders[arm]
        return next((rung for rung, node in enumerate(ladder) if node not in scores), len(ladder))


def accuracy_of(one: Measured) -> float:
    """The share of right answers; nothing where there was no outcome."""
    items = one.observation.items
    return float(np.mean([item.score for item in items])) if items else 0.0
