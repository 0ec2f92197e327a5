"""Probing round by round: whoever chooses, every step is paid, durable and told again."""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from decimal import Decimal
from pathlib import Path

import pytest

from cosmosql.evidence import file
from cosmosql.evidence.ledger import Ledger
from cosmosql.evidence.observation import Observation
from cosmosql.evidence.store import Recorded
from cosmosql.plan.build import build
from cosmosql.probes.bench import RecordedBench
from cosmosql.probes.choices import CHOICE, Remembered, choice_of, content
from cosmosql.probes.lower import lower, pair
from cosmosql.probes.quote import quote, scope_of
from cosmosql.probes.rounds import Ended, Round, explore
from cosmosql.probes.run import replay
from cosmosql.probes.runtime import Runtime
from cosmosql.source import Source, Span

PLUGINS = Path(__file__).parent / "plugins"
ROOT = Path(__file__).parents[2]


class Ending:
    """Ends at once, and would not say so again."""

    def __init__(self, *arguments: object) -> None: ...

    def choose(self, measured, costs):
        return None


@pytest.fixture
def probing(fakes):
    return importlib.import_module("probe_fakes")


def test_every_step_of_the_menu_is_measured_where_the_budget_allows(probing, fakes, tmp_path):
    found, _ = probing.probe(tmp_path, chooser=probing.Cheapest)
    program, query, data = fakes.world(tmp_path, order="adaptive")
    graph = build(program, query, data)
    assert found.ended is Ended.MENU_EXHAUSTED
    assert {one.node for one in found.measured} == set(graph.measurements)
    assert [one.node for one in found.measured] == list(graph.measurements)
    assert {one.node for one in found.rounds} <= set(graph.menu)


def test_the_first_round_has_all_without_a_curve_and_one_probe_of_every_kind_and_model(
    fakes, tmp_path
):
    program, query, data = fakes.world(tmp_path, order="adaptive")
    graph = build(program, query, data)
    first = [graph.measurements[id] for id in graph.first if id.startswith("measure")]
    asked = sorted(
        (one.candidate.kind, one.candidate.model or "", one.fidelity.shots or 0) for one in first
    )
    assert asked == [
        ("fake_majority", "", 0),
        ("fake_shots", "model.large", 1),
        ("fake_shots", "model.small", 1),
        ("fake_tuned", "model.small", 0),
    ]
    [tuned] = [one for one in first if one.candidate.kind == "fake_tuned"]
    assert tuned.fidelity.train_rows == 8
    complete = build(*fakes.world(tmp_path, order="complete"))
    assert complete.menu == ()
    assert set(complete.first) == set(complete.measurements) == set(graph.measurements)
    assert complete.identities == graph.identities, "the same questions, in another order"


@pytest.mark.parametrize("lost", ["0", "0.07", "0.085", "0.097"])
def test_spending_stays_below_the_cap_whoever_chooses(probing, fakes, tmp_path, lost):
    """A probe that was killed counts at its worst, and what does not fit beside it is no choice."""
    cap = Decimal("0.10")
    probing.probe(tmp_path, money=f"{cap} USD", chooser=Ending)
    program, query, data = fakes.world(tmp_path, order="adaptive")
    scope = scope_of(program, query)
    graph = build(program, query, data)
    keys = {run.node: run.key for run in lower(graph, Runtime(program, data))}
    with Ledger.open(tmp_path) as ledger:
        ledger.reserve(keys[graph.menu[0]], scope, {"money": Decimal(lost)})
    found, _ = probing.probe(tmp_path, money=f"{cap} USD", chooser=probing.Cheapest)
    with Ledger.read(tmp_path) as ledger:
        spent = ledger.spent(scope, keys.values())["money"]
    assert spent <= cap
    if lost == "0.097":
        assert found.ended is Ended.CAP_REACHED
        assert found.rounds == ()
    if lost == "0":
        assert found.ended is Ended.MENU_EXHAUSTED


def test_a_second_run_measures_nothing_and_chooses_nothing(probing, tmp_path, monkeypatch):
    monkeypatch.setenv("FAKES_LOG", str(tmp_path / "log"))
    first, choices = probing.probe(tmp_path, chooser=probing.Cheapest)
    happened = (tmp_path / "log").read_text()
    again, same = probing.probe(tmp_path, chooser=lambda *_: None)
    assert again == first
    assert same == choices
    assert (tmp_path / "log").read_text() == happened


def test_evidence_alone_tells_the_same(probing, fakes, tmp_path):
    found, choices = probing.probe(tmp_path, chooser=probing.Cheapest)
    program, query, data = fakes.world(tmp_path, order="adaptive")
    graph = build(program, query, data)
    with Ledger.read(tmp_path) as ledger:
        known = Recorded(ledger.all())
    runtime = Runtime(program, data, known)
    runs = lower(graph, runtime)
    first = [run for run in runs if run.node in graph.first]
    observations = replay(first, runtime, known)
    remembered = Remembered(probing.QUESTION, known)
    bench = RecordedBench(runs, known)
    assert explore(graph, pair(runs, observations), bench, remembered) == found
    assert tuple(remembered.used) == choices
    other = Remembered({"seed": 1}, known)
    assert explore(graph, pair(runs, observations), bench, other).ended is None


def test_a_quote_tells_what_may_follow(probing, fakes, tmp_path):
    program, query, data = fakes.world(tmp_path, probing={"money": "1 USD"}, order="adaptive")
    graph = build(program, query, data)
    runtime = Runtime(program, data)
    before = quote(graph, Ledger.read(tmp_path), runtime)
    assert {one.run.node for one in before.runs} == set(graph.first)
    assert {one.run.node for one in before.menu} == set(graph.menu)
    probing.probe(tmp_path, chooser=probing.Cheapest)
    with Ledger.read(tmp_path) as ledger:
        after = quote(graph, ledger, runtime)
    assert all(one.paid for one in (*after.runs, *after.menu))
    assert after.spent["money"] > 0


def test_further_rows_come_after_those_before_them_and_keep_their_answers(probing, fakes, tmp_path):
    program, query, data = fakes.world(tmp_path, rows=4, order="adaptive")
    few = build(program, query, data)
    ladder = replace(program.probes["probe.ladder"], most_rows=10)
    program = replace(program, probes={"probe.ladder": ladder})
    more = build(program, query, data)
    added = [one for id, one in more.measurements.items() if id not in few.measurements]
    assert {(one.start, one.rows) for one in added} == {(4, 4), (8, 2)}
    assert {one.basis for one in added} == {"full"}
    assert set(few.measurements) < set(more.measurements)
    asked = {run.key for run in lower(few, Runtime(program, data))}
    keys = [run.key for run in lower(more, Runtime(program, data))]
    assert asked < set(keys)
    assert more.first == few.first
    for id, one in more.measurements.items():
        before = more.earlier_block(id)
        if one.start:
            assert before is not None
            assert more.measurements[before].start + more.measurements[before].rows == one.start
        else:
            assert before is None


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"ended": "because"},
        {"node": "a"},
        {"node": "a", "worth": "b", "error": None, "cost": 1, "unit": "USD"},
        {"node": "a", "worth": None, "error": None, "cost": [], "unit": "USD"},
    ],
)
def test_a_choice_of_a_stranger_is_none(values):
    found = Observation(
        kind="choice", key="", asked={"step": CHOICE}, conditions={}, role=None, values=values
    )
    assert choice_of(found) is None


def test_a_choice_is_read_as_it_was_written():
    chosen = Round(node="a", worth=0.01, error=0.001, cost=2.0, unit="FLOP")
    found = Observation(
        kind="choice", key="", asked={}, conditions={}, role=None, values=asdict(chosen)
    )
    assert choice_of(found) == chosen


def test_the_content_of_a_declaration_knows_no_place(fakes, tmp_path):
    program, _, _ = fakes.world(tmp_path)
    one = program.hardware["hardware.box"]
    moved = replace(one, doc="moved", span=Span(Source("b.cosmos", "x"), 0, 1))
    assert content(moved) == content(one)
    assert content(replace(one, utilisation=0.5)) != content(one)


def run(root: Path, **environment: str) -> int:
    """Probes the fake world in a process of its own; returns its exit status."""
    return subprocess.run(
        [sys.executable, str(PLUGINS / "probe_fakes.py"), str(root)],
        env={
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": os.pathsep.join([str(PLUGINS), str(ROOT)]),
            "FAKES_LOG": str(root / "log"),
            **environment,
        },
        check=False,
    ).returncode


def test_killed_between_rounds_and_run_again(tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    whole.mkdir()
    killed.mkdir()
    assert run(whole) == 0
    story = json.loads((whole / "story.json").read_text())
    assert len(story["rounds"]) == 5
    first = sum(one["kind"] == "evaluate" for one in evidence(whole)) - len(story["rounds"])
    for instant in (f"begin:{first + 1}", f"end:{first + 3}"):
        assert run(killed, FAKES_KILL=instant) == -signal.SIGKILL
    assert run(killed) == 0
    for name in ("fake.evidence.jsonl.gz", "story.json"):
        assert (killed / name).read_bytes() == (whole / name).read_bytes()


def evidence(root: Path) -> list[dict[str, str]]:
    return [{"kind": one.kind} for one in file.read(root / "fake.evidence.jsonl.gz")]
