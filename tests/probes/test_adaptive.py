"""The engine's own choice of probes, on the fake world."""

from __future__ import annotations

import importlib

import pytest

from cosmosql.data.rows import Role
from cosmosql.decide.adaptive import Adaptive
from cosmosql.decide.bundles import bundles
from cosmosql.decide.value import ERRORS
from cosmosql.evidence.ledger import Ledger
from cosmosql.evidence.store import Recorded
from cosmosql.plan.build import build
from cosmosql.predict.fits import Fits
from cosmosql.probes.lower import lower, pair
from cosmosql.probes.rounds import Ended, Round
from cosmosql.probes.runtime import Runtime


def adaptive(graph, facts, unit="FLOP"):
    fits = Fits(Recorded(), replay=False)
    return Adaptive(graph=graph, facts=facts, fits=fits, seed=0, unit=unit, draws=400, sketch=200)


@pytest.fixture
def probing(fakes):
    return importlib.import_module("probe_fakes")


@pytest.fixture
def whole(probing, fakes, tmp_path):
    """The graph, its facts, and everything that its menu would show."""
    probing.probe(tmp_path, chooser=probing.Cheapest)
    program, query, data = fakes.world(tmp_path, order="adaptive")
    graph = build(program, query, data)
    with Ledger.read(tmp_path) as ledger:
        known = tuple(ledger.all())
    runtime = Runtime(program, data, Recorded(known))
    facts = probing.facts_of(program, data, runtime)
    assert facts.n_test == len(data["dataset.rows"].rows[Role.TEST])
    return graph, facts, pair(lower(graph, runtime), known)


def test_a_choice_depends_on_the_evidence_and_not_on_its_order(whole):
    graph, facts, shown = whole
    measured = [one for one in shown if one.node in graph.first]
    costs = dict.fromkeys(graph.menu, 1.0)
    chosen = adaptive(graph, facts).choose(measured, costs)
    assert adaptive(graph, facts).choose(measured[::-1], costs) == chosen
    if isinstance(chosen, Round):
        assert chosen.node in costs
        assert chosen.worth is not None and chosen.error is not None
        assert chosen.worth > ERRORS * chosen.error


def test_what_nothing_is_known_of_is_probed_before_anything_is_decided(whole):
    graph, facts, shown = whole
    measured = [
        one
        for one in shown
        if one.measurement.kind == "profile" or one.measurement.candidate.model is None
    ]
    left = [id for id in graph.measurements if id not in {one.node for one in measured}]
    costs = {id: 10.0 + place for place, id in enumerate(reversed(left))}
    chosen = adaptive(graph, facts).choose(measured, costs)
    assert isinstance(chosen, Round)
    assert chosen.worth is None
    unknown = [id for id in left if graph.measurements[id].kind == "evaluate"]
    assert chosen.node in unknown
    assert costs[chosen.node] == min(costs[id] for id in unknown)


def test_nothing_that_fits_is_a_cap_that_is_reached_unless_it_is_decided(whole):
    graph, facts, shown = whole
    measured = [one for one in shown if one.node in graph.first]
    ended = adaptive(graph, facts).choose(measured, {})
    assert ended in (Ended.CAP_REACHED, Ended.DECIDED)
    chosen = adaptive(graph, facts).choose(measured, dict.fromkeys(graph.menu, 1.0))
    assert (ended is Ended.DECIDED) == (chosen is Ended.DECIDED)


def test_bundles_of_a_graph(whole):
    graph, _, _ = whole
    found = bundles(graph, graph.menu)
    assert len(found) == len(set(found))
    everything = {node for series in graph.series for node in graph.probes_of(series)}
    assert set(max(found, key=len)) == everything & set(graph.menu)
    for series in graph.series:
        own = tuple(node for node in graph.probes_of(series) if node in graph.menu)
        assert len(own) < 2 or own in found
    assert bundles(graph, graph.menu[:1]) == ()
