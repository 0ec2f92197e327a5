"""The plan graph: shared probes, content identity, static order."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from cosmosql.contracts.strategy import Fidelity
from cosmosql.plan.build import build
from cosmosql.plan.graph import PlanGraph
from cosmosql.plan.nodes import Node, NodeKind
from cosmosql.plan.render import FORMS, fidelity_words, render


@pytest.fixture
def graph(fakes, tmp_path) -> PlanGraph:
    return build(*fakes.world(tmp_path))


def measured(graph: PlanGraph, kind: str = "evaluate"):
    return [one for one in graph.measurements.values() if one.kind == kind]


def test_candidates_of_a_series_share_its_probes(graph):
    shots = sorted(
        one.fidelity.shots
        for one in measured(graph)
        if one.candidate.kind == "fake_shots" and one.candidate.model == "model.small"
    )
    assert shots == [1, 2, 4]


def test_a_candidate_without_an_axis_is_measured_once_in_full(graph):
    [majority] = [one for one in measured(graph) if one.candidate.kind == "fake_majority"]
    assert majority.basis == "full"


def test_full_basis_is_where_the_ladder_is_the_candidate(graph):
    bases = {
        one.fidelity.shots: one.basis
        for one in measured(graph)
        if one.candidate.kind == "fake_shots"
    }
    assert bases == {1: "reduced", 2: "full", 4: "reduced"}
    [shown, *_] = [series for series in graph.series if series.kind == "fake_shots"]
    by_shots = {one.config["shots"]: shown.measured(one) for one in shown.candidates}
    assert by_shots[2].shots == 2
    assert by_shots[8] is None and by_shots[16] is None, "beyond the ladder it is predicted"


def test_profiles_and_proxies_are_one_a_model(graph):
    assert sorted(one.candidate.model for one in measured(graph, "profile")) == [
        "model.large",
        "model.small",
    ]
    [proxy] = measured(graph, "proxy")
    assert proxy.candidate.model == "model.small"


def test_everything_the_decision_rests_on_stands_before_it(graph):
    assert graph.nodes[-1].id == "decide"
    assert set(graph.rests_on("decide")) == {node.id for node in graph.nodes[:-1]}


def test_a_fit_needs_the_whole_ladder_of_its_series(graph):
    for series in graph.series:
        probes = [graph.measurements[id] for id in graph.probes_of(series)]
        fidelities = {one.fidelity for one in probes if one.kind == "evaluate"}
        assert fidelities == set(series.ladder)


def test_building_twice_gives_the_same_text_and_renaming_the_same_identities(fakes, tmp_path):
    program, query, data = fakes.world(tmp_path)
    graph = build(program, query, data)
    again = build(*fakes.world(tmp_path))
    assert all(render(graph, form) == render(again, form) for form in FORMS)
    renamed = {
        one.name.replace("tuned", "adapted"): replace(
            one, name=one.name.replace("tuned", "adapted")
        )
        for one in program.strategies.values()
    }
    other = build(
        replace(program, strategies=renamed), replace(query, strategies=tuple(renamed)), data
    )
    assert other.identities == graph.identities


def test_a_changed_row_changes_everything_that_rests_on_it(fakes, tmp_path):
    program, query, data = fakes.world(tmp_path)
    graph = build(program, query, data)
    other = build(program, query, {"dataset.rows": fakes.dataset(changed="something else")})
    by_id = {
        node.id: graph.identities[node.id] == other.identities[node.id] for node in graph.nodes
    }
    assert by_id["load:dataset.rows"] is False
    assert by_id["decide"] is False
    assert by_id["resolve:model.small"] is True


def test_json_lists_nodes_with_their_needs_first(graph):
    document = json.loads(render(graph, "json"))
    seen: set[str] = set()
    for node in document["nodes"]:
        assert set(node["needs"]) <= seen
        seen.add(node["id"])
    assert {node["kind"] for node in document["nodes"]} >= {
        "load",
        "split",
        "resolve",
        "profile",
        "embed",
        "measure",
        "fit",
        "compare",
        "decide",
    }


def test_mermaid_and_dot_draw_every_edge(graph):
    edges = sum(len(node.needs) for node in graph.nodes)
    assert render(graph, "mermaid").count(" --> ") == edges
    assert render(graph, "dot").count(" -> ") == edges


def test_a_graph_that_could_not_run_cannot_be_made(graph):
    orphan = Node(id="orphan", kind=NodeKind.FIT, needs=("nowhere",), with_={})
    with pytest.raises(ValueError, match="does not stand before"):
        replace(graph, nodes=(orphan, *graph.nodes))
    with pytest.raises(ValueError, match="two nodes"):
        replace(graph, nodes=(*graph.nodes, graph.nodes[0]))


@pytest.mark.parametrize(
    ("fidelity", "words"),
    [
        (Fidelity(), ""),
        (Fidelity(shots=1), "1 shot"),
        (Fidelity(shots=2, seed=11), "2 shots, seed 11"),
        (Fidelity(train_rows=64, seed=12), "64 train rows, seed 12"),
    ],
)
def test_repeated_measurements_differ_in_words(fidelity: Fidelity, words: str) -> None:
    assert fidelity_words(fidelity) == words
