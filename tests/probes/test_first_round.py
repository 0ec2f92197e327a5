"""A round from lowering to evidence: paid once, within the caps, the same bytes every time."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest

from cosmosql.diagnostics.diagnostic import InputError
from cosmosql.evidence import file
from cosmosql.evidence.ledger import Ledger
from cosmosql.evidence.measured import untouched
from cosmosql.evidence.metering import Meter
from cosmosql.evidence.store import Recorded
from cosmosql.plan.build import build
from cosmosql.plan.candidate import Measurement
from cosmosql.probes.evaluate import evaluate
from cosmosql.probes.lower import lower, pair
from cosmosql.probes.quote import check_fits, open_meter, quote, quote_runs, scope_of
from cosmosql.probes.round import carry_out
from cosmosql.probes.run import execute, replay
from cosmosql.probes.runtime import Runtime


def measure(world, root, *, meter=None):
    """Runs the round of a world against the ledger in `root`; returns runs and observations."""
    program, query, data = world
    graph = build(program, query, data)
    with Ledger.open(root) as ledger:
        runtime = Runtime(program, data, ledger)
        runs = lower(graph, runtime)
        quoted = quote_runs(runs, graph, ledger, runtime, ledger)
        observations = execute(
            runs,
            runtime,
            ledger,
            meter or open_meter(quoted),
            scope=scope_of(program, query),
        )
    return runs, observations


def test_every_run_is_answered_and_the_second_round_measures_nothing(fakes, tmp_path, monkeypatch):
    monkeypatch.setenv("FAKES_LOG", str(tmp_path / "log"))
    runs, first = measure(fakes.world(tmp_path), tmp_path)
    happened = (tmp_path / "log").read_text()
    again, second = measure(fakes.world(tmp_path), tmp_path)
    assert len(pair(runs, first)) == len(runs)
    assert first == second
    assert [run.key for run in runs] == [run.key for run in again]
    assert (tmp_path / "log").read_text() == happened


def test_a_model_is_loaded_once_and_profiled_before_anything_else(fakes, tmp_path, monkeypatch):
    monkeypatch.setenv("FAKES_LOG", str(tmp_path / "log"))
    runs, _ = measure(fakes.world(tmp_path), tmp_path)
    events = Counter(line.split()[0] for line in (tmp_path / "log").read_text().splitlines())
    assert events["load"] == 2
    for model in ("model.small", "model.large"):
        kinds = [run.measurement.kind for run in runs if run.model == model]
        assert kinds[0] == "profile"
        assert "profile" not in kinds[1:]


def test_the_proxy_measures_heads_up_to_the_whole_pool(fakes, tmp_path):
    runs, observations = measure(fakes.world(tmp_path), tmp_path)
    [proxy] = [one for one in pair(runs, observations) if one.measurement.kind == "proxy"]
    assert proxy.observation.values["sizes"] == [16, 20]
    assert len(proxy.observation.values["accuracy"]) == 2
    assert len(proxy.observation.items) == 12


def test_other_conditions_measure_again_and_replay_keeps_those_of_the_evidence(
    fakes, tmp_path, monkeypatch
):
    world = fakes.world(tmp_path)
    _runs, first = measure(world, tmp_path)
    monkeypatch.setenv("FAKES_DTYPE", "bfloat16")
    _, again = measure(world, tmp_path)
    assert again == first, "what the ledger answers alone is a replay"
    more = fakes.world(
        tmp_path,
        strategies=(
            *world[0].strategies.values(),
            fakes.strategy("strategy.more", "fake_tuned", sweeps={"rank": (16,), "share": (1.0,)}),
        ),
    )
    measured = pair(*measure(more, tmp_path))
    dtypes = {
        (one.measurement.candidate.model, one.observation.conditions["dtype"])
        for one in measured
        if one.observation.conditions
    }
    assert dtypes == {("model.small", "bfloat16"), ("model.large", "float32")}, (
        "a model's candidates are compared under one set of conditions"
    )


def test_renaming_and_moving_ask_the_same_and_content_asks_another(fakes, tmp_path):
    def keys(world):
        program, query, data = world
        return {run.key for run in lower(build(program, query, data), Runtime(program, data))}

    program, query, data = fakes.world(tmp_path)
    same = keys((program, query, data))
    moved = fakes.world(
        tmp_path / "elsewhere",
        strategies=tuple(
            replace(one, name=f"strategy.other{index}")
            for index, one in enumerate(program.strategies.values())
        ),
    )
    assert keys(moved) == same
    task = program.tasks["task.answers"]
    for changed in (
        replace(task, input="{text}!"),
        replace(task, separator=" :"),
        replace(task, instruction="Answer."),
        replace(task, labels=("no", "yes", "maybe")),
        replace(task, metric="accuracy"),
    ):
        tasks = {"task.answers": changed}
        other = keys((replace(program, tasks=tasks), query, data))
        shared = other & same
        profiles = {
            run.key
            for run in lower(build(program, query, data), Runtime(program, data))
            if run.measurement.kind == "profile"
        }
        assert shared == profiles
    other = keys((program, query, {"dataset.rows": fakes.dataset(changed="another text")}))
    assert len(other & same) == 2, "only the two profiles look at no row"


def test_evidence_alone_gives_the_same_observations_without_any_model(fakes, tmp_path, monkeypatch):
    world = fakes.world(tmp_path)
    runs, observations = measure(world, tmp_path)
    path = tmp_path / "fake.evidence.jsonl.gz"
    file.write(path, observations)
    program, query, data = world
    evidence = Recorded(file.read(path))

    def refuse(*arguments, **options):
        raise AssertionError("a replay loads nothing")

    monkeypatch.setattr(fakes.Factory, "load", refuse)
    runtime = Runtime(program, data, evidence)
    replayed = replay(lower(build(program, query, data), runtime), runtime, evidence)
    assert file.evidence_digest(replayed) == file.evidence_digest(observations)
    with pytest.raises(InputError) as missing:
        replay(runs, runtime, Recorded(evidence.all().__next__() for _ in range(1)))
    assert missing.value.diagnostics[0].code == "E0802"


def test_an_overflowing_context_is_evidence_and_stops_nothing(fakes, tmp_path):
    program, query, data = fakes.world(
        tmp_path,
        strategies=(
            fakes.strategy(
                "strategy.shown",
                "fake_shots",
                models=("model.small",),
                sweeps={"shots": (1, 2), "overflow": (2,)},
                swept=("shots",),
            ),
        ),
    )
    runs, observations = measure((program, query, data), tmp_path)
    outcomes = {
        one.measurement.fidelity.shots: one.failure
        for one in pair(runs, observations)
        if one.measurement.kind == "evaluate"
    }
    assert outcomes[1] is None
    assert "512" in outcomes[2].reason


def test_a_quote_lists_what_running_does_and_knows_what_is_paid(fakes, tmp_path):
    world = fakes.world(tmp_path, probing={"money": "1 USD"})
    program, query, data = world
    graph = build(program, query, data)
    ledger = Ledger.read(tmp_path)
    before = quote(graph, ledger, Runtime(program, data))
    assert not (tmp_path / ".cosmosql").exists()
    assert not any(one.paid for one in before.runs)
    runs, _ = measure(world, tmp_path)
    assert [one.run for one in before.runs] == list(runs)
    with Ledger.read(tmp_path) as ledger:
        after = quote(graph, ledger, Runtime(program, data, ledger))
    assert all(one.paid for one in after.runs)
    assert set(after.total.values()) == {Decimal(0)}
    for meter, amount in after.spent.items():
        assert amount <= before.total[meter]


def test_a_round_that_cannot_fit_starts_nothing(fakes, tmp_path):
    program, query, data = fakes.world(tmp_path, probing={"money": "0.000001 USD"})
    graph = build(program, query, data)
    quoted = quote(graph, Ledger.read(tmp_path), Runtime(program, data))
    with pytest.raises(InputError) as refused:
        check_fits(quoted, query)
    [diagnostic] = refused.value.diagnostics
    assert diagnostic.code == "E0403"
    assert "money" in diagnostic.help
    enough = Decimal(diagnostic.help.split("`money = ")[1].split(" USD")[0])
    program, query, data = fakes.world(tmp_path, probing={"money": f"{enough} USD"})
    check_fits(
        quote(graph := build(program, query, data), Ledger.read(tmp_path), Runtime(program, data)),
        query,
    )
    assert graph.candidates


def test_a_model_is_profiled_first_where_only_its_assumed_speed_is_too_slow(
    fakes, tmp_path, monkeypatch
):
    monkeypatch.setattr("cosmosql.probes.worst.ASSUMED_FLOPS", 6e5)
    program, query, data = fakes.world(tmp_path, probing={"wall": "10 min"})
    graph = build(program, query, data)
    with Ledger.open(tmp_path) as ledger:
        runtime = Runtime(program, data, ledger)
        runs = lower(graph, runtime)
        guessed = quote_runs(runs, graph, ledger, runtime, ledger)
        assert guessed.shortfalls == ("wall",) and guessed.awaits_profiles
        observations = carry_out(runs, graph, ledger, runtime)
        assert len(pair(runs, observations)) == len(runs)
        assert not quote_runs(runs, graph, ledger, runtime, ledger).shortfalls


def test_profiles_alone_are_measured_where_the_round_is_too_large_all_the_same(
    fakes, tmp_path, monkeypatch
):
    monkeypatch.setattr("cosmosql.probes.worst.START_SECONDS", 30.0)
    program, query, data = fakes.world(tmp_path, probing={"wall": "55 s"})
    graph = build(program, query, data)
    with Ledger.open(tmp_path) as ledger:
        runtime = Runtime(program, data, ledger)
        runs = lower(graph, runtime)
        with pytest.raises(InputError) as refused:
            carry_out(runs, graph, ledger, runtime)
        assert refused.value.diagnostics[0].code == "E0403"
        assert {one.kind for one in ledger.all()} == {"profile", "resolve"}


def test_tokens_that_do_not_fit_start_nothing(fakes, tmp_path):
    program, query, data = fakes.world(tmp_path, probing={"tokens": "10 tokens"})
    graph = build(program, query, data)
    with Ledger.open(tmp_path) as ledger:
        runtime = Runtime(program, data, ledger)
        runs = lower(graph, runtime)
        with pytest.raises(InputError):
            carry_out(runs, graph, ledger, runtime)
        assert not list(ledger.all()) and not ledger.spending()


def test_money_is_never_spent_without_a_price(fakes, tmp_path):
    program, query, data = fakes.world(tmp_path, probing={"money": "1 USD"}, price=None)
    graph = build(program, query, data)
    quoted = quote(graph, Ledger.read(tmp_path), Runtime(program, data))
    assert "money" not in quoted.total
    with pytest.raises(ValueError, match="money"):
        measure((program, query, data), tmp_path)
    assert not [
        one for one in Ledger.read(tmp_path).all() if one.kind != "resolve" and one.conditions
    ]


def test_probing_ends_where_nothing_fits_and_goes_on_when_there_is_more(fakes, tmp_path):
    world = fakes.world(tmp_path)
    few = Meter({"tokens": Decimal(600)})
    runs, some = measure(world, tmp_path, meter=few)
    assert 0 < len(pair(runs, some)) < len(runs)
    assert few.spent["tokens"] <= 600
    runs, all_of_it = measure(world, tmp_path)
    assert len(pair(runs, all_of_it)) == len(runs)
    assert {one.key for one in some} <= {one.key for one in all_of_it}


def test_an_interrupt_leaves_the_state_durable_and_the_time_written_down(
    fakes, tmp_path, monkeypatch
):
    answer = fakes.Adapted.answer
    calls = []

    def interrupted(self, examples, progress=None):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return answer(self, examples, progress)

    monkeypatch.setattr(fakes.Adapted, "answer", interrupted)
    with pytest.raises(KeyboardInterrupt):
        measure(fakes.world(tmp_path), tmp_path)
    with Ledger.read(tmp_path) as ledger:
        kept = [one for one in ledger.all() if one.kind == "evaluate"]
        assert len(kept) == 2
        assert all(actual is not None for *_, actual in ledger.spending())
        assert ledger.spending()[-1][3]["wall"] > 0
    runs, observations = measure(fakes.world(tmp_path), tmp_path)
    assert len(calls) == 3 + len([run for run in runs if run.measurement.kind == "evaluate"]) - 2
    assert len(pair(runs, observations)) == len(runs)


def test_test_rows_are_counted_and_refused_by_forecasts(fakes, tmp_path):
    program, query, data = fakes.world(tmp_path)
    graph = build(program, query, data)
    candidate = graph.candidates[-1]
    runtime = Runtime(program, data)
    request = Measurement(
        kind="evaluate",
        candidate=candidate,
        fidelity=graph.series[-1].full[candidate.name],
        role="test",
        rows=4,
        basis="full",
    )
    observation = evaluate(request, runtime)
    assert observation.role == "test"
    assert len(observation.items) == 4
    with Ledger.open(tmp_path) as ledger:
        ledger.add(observation)
        assert ledger.test_reads() == 1
    runs = lower(graph, runtime)
    [one] = pair(runs[:1], [replace(observation, key=runs[0].key)])
    with pytest.raises(ValueError, match="test rows"):
        untouched([one])


def test_a_quote_leaves_room_for_the_turns_of_a_chat(fakes, tmp_path):
    program, _, data = fakes.world(tmp_path)
    bare = Runtime(program, data)
    chat = Runtime(program, data)
    model = next(iter(program.models))
    chat._cards[model] = replace(bare.card(model), template="0" * 64)
    assert bare.largest(model, ["abc"]) == 5
    assert chat.largest(model, ["abc"]) == 3 + 64


def test_what_ran_out_of_memory_is_tried_again_and_replayed_as_it_was(fakes, tmp_path, monkeypatch):
    answer = fakes.Adapted.answer
    calls = []

    def short_of_memory(self, examples, progress=None):
        calls.append(1)
        if len(calls) == 2:
            raise MemoryError
        return answer(self, examples, progress)

    monkeypatch.setattr(fakes.Adapted, "answer", short_of_memory)
    world = fakes.world(tmp_path)
    program, query, data = world
    runs, first = measure(world, tmp_path)
    failed = [one.failure for one in pair(runs, first) if one.failure]
    assert [one.reason for one in failed] == ["memory ran out"]
    with Ledger.read(tmp_path) as ledger:
        runtime = Runtime(program, data, ledger)
        assert pair(runs, replay(runs, runtime, ledger)) == pair(runs, first)
        again = quote(build(program, query, data), ledger, runtime)
    assert len([one for one in again.runs if not one.paid]) == 1
    before = len(calls)
    runs, second = measure(world, tmp_path)
    assert len(calls) == before + 1
    assert not [one for one in pair(runs, second) if one.failure]


def test_a_cap_below_what_is_spent_refuses_only_further_spending(fakes, tmp_path):
    measure(fakes.world(tmp_path), tmp_path)
    program, query, data = fakes.world(tmp_path, probing={"tokens": "10 tokens"})
    graph = build(program, query, data)
    with Ledger.open(tmp_path) as ledger:
        runtime = Runtime(program, data, ledger)
        runs = lower(graph, runtime)
        assert ledger.spent(scope_of(program, query), {run.key for run in runs})["tokens"] > 10
        assert len(pair(runs, carry_out(runs, graph, ledger, runtime))) == len(runs)
    program, query, data = fakes.world(tmp_path, probing={"tokens": "10 tokens"}, rows=8)
    graph = build(program, query, data)
    with Ledger.open(tmp_path) as ledger, pytest.raises(InputError):
        runtime = Runtime(program, data, ledger)
        carry_out(lower(graph, runtime), graph, ledger, runtime)
