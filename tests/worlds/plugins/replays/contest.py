"""Methods of probing on one problem: what each had spent when, and what it would have chosen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from cosmosql.evidence.measured import Measured
from cosmosql.probes.rounds import Chooser, explore
from replays.memory import remembering
from replays.problem import Problem

SHARES = (1 / 4, 1 / 2, 1.0)
"""Costs at which methods are compared, as shares of measuring everything on the menu. Each is half
of the next one; below the first lies little but the first round, which all have in common."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayBench:
    """Probes that were measured before; without a cap."""

    problem: Problem

    def costs(self, open: Sequence[str], measured: Sequence[Measured]) -> Mapping[str, float]:
        return {node: self.problem.costs[node] for node in open if node in self.problem.answers}

    def observe(self, node: str, measured: Sequence[Measured]) -> Iterable[Measured]:
        return (self.problem.answers[node],)


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """What a method measured, in its order, and what each took as a share of the menu."""

    nodes: tuple[str, ...]
    costs: tuple[float, ...]

    def within(self, share: float) -> tuple[str, ...]:
        """What had been measured when the next probe would have cost more than a share."""
        spent = accumulate(self.costs)
        count = sum(1 for cost in spent if cost <= share * (1 + 1e-9))
        return self.nodes[:count]

    @property
    def spent(self) -> float:
        return sum(self.costs)


def walk(problem: Problem, chooser: Chooser) -> Path:
    """A method from the graph's first round to its end."""
    first = [node for node in problem.graph.first if node in problem.answers]
    first += [node for node in problem.free if node not in first]
    found = explore(problem.graph, problem.measured(first), ReplayBench(problem=problem), chooser)
    nodes = (*sorted(first, key=problem.costs.__getitem__), *(one.node for one in found.rounds))
    return Path(nodes=nodes, costs=tuple(problem.costs[node] / problem.menu_cost for node in nodes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A problem's regrets in points by method, at `SHARES` in their order, and what each method
    spent in all as a share of the menu. `menu`: FLOPs of the menu as a share of the exhaustive
    comparison's."""

    name: str
    regrets: Mapping[str, tuple[float, ...]]
    spent: Mapping[str, float]
    menu: float


def contest(problem: Problem, methods: Mapping[str, Chooser]) -> Result:
    """All methods on one problem; the same answers for each, whenever it asks."""
    known: dict[frozenset[str], float] = {}

    def regret(nodes: tuple[str, ...]) -> float:
        place = frozenset(nodes)
        if place not in known:
            known[place] = problem.regret(nodes)
        return known[place]

    with remembering():
        paths = {name: walk(problem, chooser) for name, chooser in methods.items()}
        return Result(
            name=problem.name,
            regrets={
                name: tuple(regret(path.within(share)) for share in SHARES)
                for name, path in paths.items()
            },
            spent={name: path.spent for name, path in paths.items()},
            menu=problem.menu_cost / problem.exhaustive_cost,
        )
