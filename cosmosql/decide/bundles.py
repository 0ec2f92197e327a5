"""Probes that are worth something only together.

Where no single noisy probe can change the choice, several may: then the worth of each alone says
nothing of what probing is worth, and several measurements are weighed as one (Frazier and Powell
2010, "Paradoxes in learning and the marginal value of information", Decision Analysis 7(4), the
policy KG(*)). A bundle holds open probes that tell of the same thing. The options' utilities are
regressed on all its outcomes at once, its price is that of all of them, and the member that
explains most of the gain for its cost is measured next.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from cosmosql.decide.value import ERRORS, Array, Pick, Prospect, fitted, gain_by, rate
from cosmosql.plan.graph import PlanGraph


def bundles(graph: PlanGraph, open: Collection[str]) -> tuple[tuple[str, ...], ...]:
    """The open probes of every series, of every kind and model, of every kind, and all of them;
    each bundle once, and none of a single probe."""
    found: dict[object, dict[str, None]] = {}
    for series in graph.series:
        kind, model = series.kind, series.candidates[0].model
        for label in (("series", series.id), ("model", kind, model), ("kind", kind), "all"):
            nodes = [node for node in graph.probes_of(series) if node in open]
            found.setdefault(label, {}).update(dict.fromkeys(nodes))
    return tuple(dict.fromkeys(tuple(nodes) for nodes in found.values() if len(nodes) > 1))


def next_of_bundles(
    utility: Array, prospects: Mapping[str, Prospect], bundles: Iterable[Sequence[str]]
) -> Pick | None:
    """A probe of the bundle with the largest worth per cost, with the bundle's worth and its own
    cost; None where no bundle's worth is above nothing by its Monte Carlo error.

    Each bundle names some of the prospects; `utility` is that of the `contenders`, shape (options,
    draws), draw i the same draw everywhere.
    """
    best: tuple[Pick, Sequence[str]] | None = None
    for members in bundles:
        found = gain_by(utility, lines([prospects[name] for name in members]))
        if found.value <= ERRORS * found.error:
            continue
        cost = sum(prospects[name].cost for name in members)
        whole = Pick(name=members[0], gain=found, cost=cost)
        if best is None or rate(whole) > rate(best[0]):
            best = whole, members
    if best is None:
        return None
    whole, members = best
    first = most_telling(utility, {name: prospects[name] for name in members})
    return replace(whole, name=first, cost=prospects[first].cost)


def lines(members: Sequence[Prospect]) -> Array:
    """A basis of linear functions of all outcomes, shape (draws, members + 1): curves' draws are
    near to jointly normal, and the expectation given several of these is linear in them."""
    outcomes = np.column_stack([one.outcome for one in members])
    spread = outcomes.std(axis=0)
    scaled = (outcomes - outcomes.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return np.column_stack([np.ones(len(scaled)), scaled])


def most_telling(utility: Array, members: Mapping[str, Prospect]) -> str:
    """The member that explains most of the gain that all of them promise, for its cost."""
    basis = lines(list(members.values()))
    promised = fitted(basis, utility - utility[0], 1).max(axis=0)
    shares = ((promised - promised.mean()) @ basis[:, 1:]) ** 2
    rates = {
        name: share / one.cost if one.cost > 0 else np.inf
        for (name, one), share in zip(members.items(), shares, strict=True)
    }
    return max(rates, key=lambda name: rates[name])
