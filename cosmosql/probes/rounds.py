"""Probing one round after another: what was measured decides what is measured next.

`explore` knows neither how a probe is chosen nor how it is carried out: policies of probing differ
by their `Chooser` alone, and recorded or simulated evidence stands in for a real `Bench`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeAlias

from cosmosql.evidence.measured import Measured
from cosmosql.plan.graph import PlanGraph


class Ended(StrEnum):
    """Why probing ended, in the words of reports."""

    DECIDED = "decided"
    INFEASIBLE = "infeasible"
    CAP_REACHED = "cap reached"
    NOTHING_WORTH_ITS_PRICE = "nothing worth its price"
    MENU_EXHAUSTED = "menu exhausted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One probe after the first round, and why it was this one.

    `worth` is the expected gain of the choice's objective, in its unit, by this probe, or by those
    it was chosen with where none is worth its price alone; `error` is its Monte Carlo error. None
    where nothing was known of the node's candidates and any number would be invented.
    `cost` is what it was expected to take, in `unit`.
    """

    node: str
    worth: float | None
    error: float | None
    cost: float
    unit: str


Choice: TypeAlias = Round | Ended


class Chooser(Protocol):
    """A policy of probing. Its choice depends on its arguments alone."""

    def choose(self, measured: Sequence[Measured], costs: Mapping[str, float]) -> Choice | None:
        """The next probe, one of `costs`: the nodes that are not measured yet and still fit, each
        with what it is expected to take. None: nobody knows."""
        ...


class Bench(Protocol):
    """Where probes are carried out."""

    def costs(self, open: Sequence[str], measured: Sequence[Measured]) -> Mapping[str, float]:
        """Those of the open nodes that still fit, in their order, and what each is expected to
        take, in one unit."""
        ...

    def observe(self, node: str, measured: Sequence[Measured]) -> Iterable[Measured]:
        """What a node shows; nothing where it did not fit after all. Whatever else had to be
        measured again for it to be comparable comes with it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploration:
    """Everything that was measured, in the graph's order, the rounds after the first, and why there
    were no more; None where that is not known."""

    measured: tuple[Measured, ...]
    rounds: tuple[Round, ...]
    ended: Ended | None


def explore(
    graph: PlanGraph, measured: Iterable[Measured], bench: Bench, chooser: Chooser
) -> Exploration:
    """Probes from what the first round `measured`, one at a time, until the chooser ends it."""
    known = {one.node: one for one in measured}
    refused: set[str] = set()
    rounds: list[Round] = []
    while True:
        found = tuple(known[id] for id in graph.measurements if id in known)
        left = [id for id in graph.measurements if is_open(id, graph, known) and id not in refused]
        if not left:
            ended = Ended.CAP_REACHED if refused else Ended.MENU_EXHAUSTED
            return Exploration(measured=found, rounds=tuple(rounds), ended=ended)
        chosen = chooser.choose(found, bench.costs(left, found))
        if chosen is None or isinstance(chosen, Ended):
            return Exploration(measured=found, rounds=tuple(rounds), ended=chosen)
        shown = {one.node: one for one in bench.observe(chosen.node, found)}
        if chosen.node in shown:
            rounds.append(chosen)
        else:
            refused.add(chosen.node)
        known.update(shown)


def is_open(id: str, graph: PlanGraph, known: Mapping[str, Measured]) -> bool:
    """Whether a node can be measured next: further rows only after those before them."""
    before = graph.earlier_block(id)
    return id not in known and (before is None or before in known)
