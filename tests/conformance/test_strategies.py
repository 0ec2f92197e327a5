"""What every strategy promises: `cosmosql.contracts.strategy`."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from cosmosql.contracts.backend import Backend, BackendFactory
from cosmosql.contracts.retriever import Retriever, RetrieverFactory
from cosmosql.contracts.strategy import Adapted, Example, Fidelity, Strategy, TaskView
from cosmosql.identity import text_digest
from cosmosql.schema import registry
from cosmosql.schema.kinds import SIGNALS

torch = pytest.importorskip("torch", reason="torch is not installed (extra `hf`)")

COLOURS = ("blue", "green", "light blue", "red")
THINGS = "cat dog sea sky one two three four".split()  # noqa: SIM905 - words read better so
PROBE = {"sizes": (4, 8), "shots": (1, 2), "steps": (3,), "rows": 10, "seeds": (11, 12)}

TASKS = {
    "classify": TaskView(
        kind="classify",
        labels=COLOURS,
        instruction="labels : blue , green , light blue , red",
        separator=" =>",
        max_tokens=4,
    ),
    "choose": TaskView(kind="choose", labels=(), instruction="", separator=" =>", max_tokens=4),
    "generate": TaskView(
        kind="generate", labels=(), instruction="what", separator=" : =>", max_tokens=5
    ),
}

CONFIGS: dict[str, dict[str, object]] = {
    "baseline-majority": {"method": "majority", "neighbours": 3},
    "baseline-knn": {"method": "knn", "neighbours": 3},
    "baseline-tfidf": {"method": "tfidf", "neighbours": 3},
    "prompt": {},
    "icl": {"shots": 3},
    "icl-bm25": {"shots": 3, "retriever": "retriever.nearest"},
    "lora": {
        "share": 0.75,
        "epochs": 2.0,
        "rank": 2,
        "alpha": 4,
        "dropout": 0.0,
        "learning_rate": 0.01,
        "batch_size": 4,
    },
}
every_case = pytest.mark.parametrize("case", CONFIGS)
every_task = pytest.mark.parametrize("kind", TASKS)


def strategy_of(case: str) -> Strategy:
    return cast(Strategy, registry.load(registry.extension("strategy", case.partition("-")[0])))


def rows(kind: str, count: int, seed: int) -> tuple[Example, ...]:
    """Things and colours at random: nothing to learn, everything to count."""
    draw = random.Random(f"{kind}{seed}")
    found = []
    for _ in range(count):
        text = " ".join(draw.choices(THINGS, k=draw.randint(1, 6)))
        options = {
            "classify": COLOURS,
            "choose": tuple(draw.sample(COLOURS, 3)),
            "generate": (),
        }[kind]
        target = draw.choice(options or COLOURS)
        found.append(
            Example(row=text_digest(f"{text}{target}"), input=text, target=target, options=options)
        )
    return tuple(found)


@pytest.fixture(scope="module", params=["llama", "gpt2", "chat"])
def backend(request: pytest.FixtureRequest, checkpoint: Callable[[str], Path]) -> Backend:
    factory = cast(BackendFactory, registry.load(registry.extension("model", "hf")))
    directory = checkpoint(request.param)
    return factory.load({"id": str(directory), "dtype": "float32"}, root=directory)


def retriever(case: str, train: Sequence[Example]) -> Retriever | None:
    if not case.endswith("bm25"):
        return None
    factory = cast(RetrieverFactory, registry.load(registry.extension("retriever", "bm25")))
    return factory.build({}, [row.input for row in train], seed=0, embed=None)


def model_for(case: str, backend: Backend) -> Backend | None:
    return None if case.startswith("baseline") else backend


def adapt(
    case: str, kind: str, backend: Backend, train: Sequence[Example], fidelity: Fidelity
) -> Adapted:
    return strategy_of(case).adapt(
        CONFIGS[case],
        fidelity,
        task=TASKS[kind],
        train=train,
        backend=model_for(case, backend),
        retriever=retriever(case, train),
    )


def full(case: str, pool: int) -> Fidelity:
    return strategy_of(case).full(CONFIGS[case], pool)


@every_case
@every_task
def test_answers_are_in_order_and_allowed(case: str, kind: str, backend: Backend) -> None:
    train, asked = rows(kind, 12, 1), rows(kind, 5, 2)
    answers = adapt(case, kind, backend, train, full(case, 12)).answer(asked)
    assert len(answers) == len(asked)
    for example, answer in zip(asked, answers, strict=True):
        if kind != "generate":
            assert answer.predicted in example.options
        assert set(answer.signals) <= set(SIGNALS)
        assert all(
            value == value and abs(value) != float("inf") for value in answer.signals.values()
        )
        assert answer.prompt_tokens >= 0 and answer.completion_tokens >= 0
    if case.startswith("baseline"):
        assert not any(answer.prompt_tokens + answer.completion_tokens for answer in answers)


@every_case
@every_task
def test_what_was_saved_answers_as_before(
    case: str, kind: str, backend: Backend, tmp_path: Path
) -> None:
    train, asked = rows(kind, 12, 1), rows(kind, 5, 2)
    adapted = adapt(case, kind, backend, train, full(case, 12))
    answers = adapted.answer(asked)
    adapted.save(tmp_path / "saved")
    backend.unload_adapter()
    again = strategy_of(case).load(
        CONFIGS[case],
        tmp_path / "saved",
        task=TASKS[kind],
        train=train,
        backend=model_for(case, backend),
        retriever=retriever(case, train),
    )
    assert again.answer(asked) == answers


@every_case
def test_another_strategy_on_the_same_backend_changes_nothing(case: str, backend: Backend) -> None:
    train, asked = rows("classify", 12, 1), rows("classify", 5, 2)
    adapted = adapt(case, "classify", backend, train, full(case, 12))
    before = adapted.answer(asked)
    for other in ("lora", "prompt"):
        fidelity = replace(full(other, 12), seed=5)
        adapt(other, "classify", backend, train, fidelity).answer(asked)
    assert adapted.answer(asked) == before


@every_case
@every_task
@pytest.mark.parametrize("seed", range(2))
def test_the_workload_is_never_exceeded(case: str, kind: str, seed: int, backend: Backend) -> None:
    task, count = TASKS[kind], 3 + 2 * seed
    train, asked = rows(kind, 12, seed), rows(kind, count, 100 + seed)
    everything = [*train, *asked]

    def largest(texts: list[str]) -> int:
        return max(backend.count_tokens(texts))

    targets = [f" {one}\n" for row in everything for one in (row.target, *row.options)]
    largest_target = largest(targets)
    strategy = strategy_of(case)
    for fidelity in (full(case, 12), *strategy.ladder(CONFIGS[case], 12, PROBE)):
        bound = strategy.workload(
            CONFIGS[case],
            fidelity,
            input_tokens=largest([row.input + task.separator for row in everything]),
            target_tokens=max(largest_target, task.max_tokens if kind == "generate" else 0),
            instruction_tokens=largest([task.instruction + "\n"]) if task.instruction else 0,
            options=4,
            rows=count,
        )
        adapted = adapt(case, kind, backend, train, fidelity)
        answers = adapted.answer(asked)
        assert sum(answer.prompt_tokens for answer in answers) <= bound.prompt_tokens
        assert sum(answer.completion_tokens for answer in answers) <= bound.completion_tokens
        assert adapted.workload.training_tokens <= bound.training_tokens
        assert bound.requests == (0 if case.startswith("baseline") else count)


@every_case
@pytest.mark.parametrize("pool", [1, 3, 5, 8, 12, 100])
def test_a_ladder_is_cheapest_first_and_within_the_pool(case: str, pool: int) -> None:
    strategy = strategy_of(case)
    own = full(case, pool)
    ladder = strategy.ladder(CONFIGS[case], pool, PROBE)
    assert ladder
    assert len(set(ladder)) == len(ladder)
    costs = [
        strategy.workload(
            CONFIGS[case],
            step,
            input_tokens=10,
            target_tokens=2,
            instruction_tokens=5,
            options=4,
            rows=10,
        )
        for step in ladder
    ]
    totals = [cost.prompt_tokens + cost.training_tokens for cost in costs]
    assert totals == sorted(totals)
    for step in ladder:
        assert (step.train_rows or 0) <= pool
        assert (step.shots or 0) <= min(own.shots or 0, pool)
        assert (step.seed in PROBE["seeds"]) or step == own or step.shots == 0 or own.shots


def test_seeds_repeat_only_what_is_random() -> None:
    def seeds(case: str) -> set[int]:
        return {step.seed for step in strategy_of(case).ladder(CONFIGS[case], 100, PROBE)}

    assert seeds("icl") == seeds("lora") == {11, 12}
    assert seeds("icl-bm25") == seeds("prompt") == seeds("baseline-knn") == {0}


def test_small_candidates_are_their_own_probe() -> None:
    icl, lora = strategy_of("icl"), strategy_of("lora")
    assert icl.ladder({"shots": 2}, 100, PROBE) == (
        Fidelity(shots=1, seed=11),
        Fidelity(shots=1, seed=12),
        Fidelity(shots=2),
    )
    assert icl.ladder({"shots": 0}, 100, PROBE) == (Fidelity(shots=0),)
    config = CONFIGS["lora"]
    assert Fidelity(train_rows=6) in lora.ladder(config, 8, PROBE)
    assert Fidelity(train_rows=75) not in lora.ladder(config, 100, PROBE)
    assert Fidelity(train_rows=100, steps=3, seed=11) in lora.ladder(config, 100, PROBE)


def test_other_seeds_give_other_adaptations(backend: Backend) -> None:
    train, asked = rows("classify", 12, 1), rows("classify", 5, 2)
    for case in ("icl", "lora"):
        fidelity = full(case, 12)
        one = adapt(case, "classify", backend, train, replace(fidelity, seed=0)).answer(asked)
        other = adapt(case, "classify", backend, train, replace(fidelity, seed=7)).answer(asked)
        assert [answer.signals for answer in one] != [answer.signals for answer in other]
