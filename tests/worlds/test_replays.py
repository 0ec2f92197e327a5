"""Methods of probing on problems of which every answer is known."""

from __future__ import annotations

import importlib
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest


@pytest.fixture(scope="module")
def problem(worlds: None) -> Any:
    """A simulated world with a few draws, for speed."""
    from replays.simulated import simulated_problem

    return replace(simulated_problem(1), draws=200)


def walked(problem: Any, chooser: Any) -> tuple[str, ...]:
    from replays.contest import walk

    return tuple(walk(problem, chooser).nodes)


def test_every_method_that_does_not_stop_measures_the_whole_menu_once(problem: Any) -> None:
    from replays.methods import Halving, at_random, uniform

    for chooser in (uniform(problem), at_random(problem), Halving(problem)):
        nodes = walked(problem, chooser)
        assert sorted(nodes) == sorted(problem.answers)
        assert walked(problem, chooser) == nodes


def test_uniform_probing_never_leaves_a_series_two_probes_behind(problem: Any) -> None:
    from replays.methods import ladders_of, uniform

    ladders = ladders_of(problem).values()
    first = set(problem.graph.first)
    done: set[str] = set(first)
    for node in walked(problem, uniform(problem)):
        done.add(node)
        if node in first:
            continue
        level = next(ladder.index(node) for ladder in ladders if node in ladder)
        assert all(set(ladder[:level]) <= done for ladder in ladders)


def test_halving_goes_on_with_the_best_of_a_rung(problem: Any) -> None:
    from replays.methods import ETA, Halving, accuracy_of, ladders_of

    ladders = [ladder for ladder in ladders_of(problem).values() if len(ladder) > 1]
    done = {node for node in problem.answers if node in problem.free}
    bottom = {ladder[0] for ladder in ladders_of(problem).values()}
    chooser = Halving(problem)
    costs = {node: cost for node, cost in problem.costs.items() if node not in done}
    while True:
        chosen = chooser.choose(problem.measured(done), costs)
        if chosen.node in bottom:
            done.add(chosen.node)
            costs.pop(chosen.node)
            continue
        ladder = next(one for one in ladders if chosen.node in one)
        started = [one for one in bottom if one in done]
        better = [
            one
            for one in started
            if accuracy_of(problem.answers[one]) > accuracy_of(problem.answers[ladder[0]])
        ]
        assert ladder.index(chosen.node) == 1
        assert len(better) < len(started) // ETA
        break


def test_what_was_measured_within_a_share_costs_no_more(problem: Any) -> None:
    from replays.contest import SHARES, walk
    from replays.methods import uniform

    path = walk(problem, uniform(problem))
    counts = []
    for share in SHARES:
        nodes = path.within(share)
        counts.append(len(nodes))
        assert sum(problem.costs[node] for node in nodes) <= share * problem.menu_cost * 1.001
    assert counts == sorted(counts)
    assert counts[-1] == len(problem.answers)


def test_adaptive_probing_asks_for_what_is_there_and_stops(problem: Any) -> None:
    from replays.methods import adaptive

    nodes = walked(problem, adaptive(problem))
    assert set(nodes) <= set(problem.answers)
    assert len(set(nodes)) == len(nodes)
    assert problem.regret(nodes) >= 0


def test_methods_agree_where_they_know_the_same(problem: Any) -> None:
    from replays.contest import contest
    from replays.methods import at_random, uniform

    found = contest(problem, {"one": uniform(problem), "two": at_random(problem)})
    assert found.regrets["one"][-1] == found.regrets["two"][-1]
    assert found.spent == {"one": pytest.approx(1.0), "two": pytest.approx(1.0)}
    assert 0 < found.menu < 1


def test_what_is_remembered_is_what_would_be_computed(problem: Any) -> None:
    from replays.memory import remembering

    nodes = tuple(problem.answers)
    less = [nodes[: len(nodes) // 2], nodes]
    plain = [problem.forecasts(one) for one in less]
    with remembering():
        again = [problem.forecasts(one) for one in (*less, *less)]
    for one, other in zip([*plain, *plain], again, strict=True):
        for mine, theirs in zip(one, other, strict=True):
            assert mine.measures.keys() == theirs.measures.keys()
            np.testing.assert_equal(asdict(mine), asdict(theirs))


def test_results_are_read_back_as_they_were_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = importlib.import_module("tests.bench.adaptive")
    asked: list[int] = []

    def replayed(options: Any, number: int) -> Any:
        asked.append(number)
        regrets = {"one": (float(number), 0.5, 0.25)}
        return bench.Result(name=f"power {number}", regrets=regrets, spent={"one": 1.0}, menu=0.3)

    monkeypatch.setitem(bench.KINDS, "simulated", replayed)
    file = tmp_path / "results.jsonl"
    options = bench.Options(
        simulated=2, recorded=0, evidence=tmp_path, keep=file, measure=False, write=None
    )
    first = bench.replayed(options)
    assert bench.replayed(options) == first
    more = bench.replayed(replace(options, simulated=3))
    assert more["simulated"][:2] == first["simulated"]
    assert asked == [0, 1, 2], "nothing is replayed again"


def test_the_cost_of_a_regret_lies_on_the_curve() -> None:
    from replays.comparison import cost_of
    from replays.contest import SHARES

    curve = np.array([8.0, 4.0, 2.0])
    assert cost_of(9.0, curve) == SHARES[0]
    assert cost_of(4.0, curve) == pytest.approx(SHARES[1])
    assert cost_of(3.0, curve) == pytest.approx(np.sqrt(SHARES[1] * SHARES[2]))
    assert cost_of(0.5, curve) == np.inf


def test_problems_of_one_task_are_drawn_together() -> None:
    from replays.comparison import compared
    from replays.contest import SHARES, Result

    count = len(SHARES)
    results = [
        Result(
            name=f"{task} {number}",
            regrets={"one": (float(level),) * count, "two": (1.0,) * count},
            spent={"one": 0.5, "two": 1.0},
            menu=0.3,
        )
        for task, level in (("desk", 0), ("faq", 2))
        for number in range(50)
    ]
    apart = compared(results, lambda one: one.name).ahead("one", 0, "two", 0)
    together = compared(results, lambda one: one.name.split()[0]).ahead("one", 0, "two", 0)
    assert apart.value == together.value == 0
    assert together.high - together.low == 2
    assert apart.high - apart.low < 0.8


def test_only_methods_that_took_part_everywhere_are_compared() -> None:
    from replays.comparison import compared
    from replays.contest import SHARES, Result

    def result(name: str, *methods: str) -> Result:
        return Result(
            name=name,
            regrets=dict.fromkeys(methods, (1.0,) * len(SHARES)),
            spent=dict.fromkeys(methods, 1.0),
            menu=0.3,
        )

    results = [result("desk 0", "one", "two", "three"), result("desk 1", "one", "two")]
    assert list(compared(results, lambda one: one.name).regrets) == ["one", "two"]
    assert list(compared(results[:1], lambda one: one.name).regrets) == ["one", "two", "three"]


def test_recorded_evidence_becomes_problems(tmp_path: Path) -> None:
    """A world's own ledger stands in for that of a task."""
    from replays.recorded import archives, recorded_problem
    from simulated_worlds.clock import simulated_time
    from simulated_worlds.world import write_world

    from cosmosql.backtest.run import backtest

    folder = tmp_path / "world"
    with simulated_time():
        path = write_world(0, folder, order="complete")
        backtest(path)
    (archive,) = archives(tmp_path)
    assert archive.probe.shots == (1, 2, 4)
    assert archive.probe.steps == (8,)
    found = [recorded_problem(archive, number) for number in range(3)]
    assert len({tuple(one.truths) for one in found if one is not None}) == 3
    for one in found:
        assert one is not None
        assert one.menu
        counts = {
            len(answer.observation.items)
            for answer in one.answers.values()
            if answer.observation.items
        }
        assert counts == {archive.probe.rows // 2}
        assert all(answer.observation.role != "test" for answer in one.answers.values())
