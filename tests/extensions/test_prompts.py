"""What stands in a prompt, which demonstrations, and what an answer says of itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed (extra `hf`)")

from cosmosql.contracts.backend import Backend, Generated, Scored
from cosmosql.contracts.strategy import Example, Fidelity, TaskView
from cosmosql.extensions.backends.huggingface.factory import FACTORY
from cosmosql.extensions.strategies.in_context import STRATEGY, InContextAdapted
from cosmosql.extensions.strategies.prompt_layout import prompt_text
from cosmosql.extensions.strategies.signals import (
    logit_signals,
    open_signals,
    option_signals,
    token_signals,
)

TASK = TaskView(
    kind="classify",
    labels=("blue", "red"),
    instruction="labels : blue , red",
    separator=" =>",
    max_tokens=4,
)
POOL = tuple(
    Example(row=str(index), input=text, target=("blue", "red")[index % 2], options=TASK.labels)
    for index, text in enumerate(("cat", "dog", "sea", "sky", "cat", "dog runs", "cat sleeps"))
)


@pytest.fixture(scope="module")
def backend(checkpoint: Callable[[str], Path]) -> Backend:
    return FACTORY.load({"id": str(checkpoint("llama"))}, root=Path("/"))


@pytest.fixture(scope="module")
def chat(checkpoint: Callable[[str], Path]) -> Backend:
    return FACTORY.load({"id": str(checkpoint("chat"))}, root=Path("/"))


def icl(
    backend: Backend, shots: int, *, seed: int = 0, pool: Sequence[Example] = POOL
) -> InContextAdapted:
    return STRATEGY.adapt(
        {"shots": shots},
        Fidelity(shots=shots, seed=seed),
        task=TASK,
        train=pool,
        backend=backend,
        retriever=None,
    )


def test_the_plain_layout(backend: Backend) -> None:
    assert prompt_text(TASK, POOL[2], POOL[:2], backend) == (
        "labels : blue , red\ncat => blue\ndog => red\nsea =>"
    )
    bare = TaskView(kind="extract", labels=(), instruction="", separator=":", max_tokens=4)
    assert prompt_text(bare, POOL[2], (), backend) == "sea:"


def test_the_chat_layout(chat: Backend) -> None:
    assert prompt_text(TASK, POOL[2], POOL[:1], chat) == (
        "<s> system : labels : blue , red </s><s> user : cat </s><s> assistant : blue </s>"
        "<s> user : sea </s><s> assistant : "
    )


def test_a_template_without_a_system_role(checkpoint: Callable[[str], Path]) -> None:
    from transformers import AutoTokenizer

    from cosmosql.extensions.backends.huggingface.tokens import PromptTokenizer

    tokenizer = AutoTokenizer.from_pretrained(checkpoint("chat"))
    tokenizer.chat_template = (
        "{% for message in messages %}{% if message['role'] == 'system' %}"
        "{{ raise_exception('no system role') }}{% endif %}"
        "{{ message['role'] }}: {{ message['content'] }}|{% endfor %}"
    )
    tokens = PromptTokenizer(tokenizer, template=True)
    assert tokens.render([("system", "be brief"), ("user", "cat")]) == "user: be brief\n\ncat|"


def test_random_demonstrations_are_nested_and_shared(backend: Backend) -> None:
    queries = [Example(row=f"query {index}", input="sky", target="red") for index in range(3)]
    before: tuple[Example, ...] = ()
    for shots in range(len(POOL) + 1):
        first, *others = icl(backend, shots).demonstrations(queries)
        assert all(other == first for other in others)
        assert len(set(first)) == shots
        assert first[len(first) - len(before) :] == before
        before = first
    sets = {icl(backend, 3, seed=seed).demonstrations(queries[:1])[0] for seed in range(10)}
    assert len(sets) > 5


def test_a_row_never_demonstrates_itself(backend: Backend) -> None:
    twins = (*POOL, *POOL[:2], POOL[0])
    for shots in (1, 3, 5):
        for seed in range(5):
            shown = icl(backend, shots, seed=seed, pool=twins).demonstrations(POOL)
            for query, demonstrations in zip(POOL, shown, strict=True):
                assert len(demonstrations) == shots
                assert query.row not in {row.row for row in demonstrations}


def test_the_nearest_demonstration_stands_next_to_the_query(backend: Backend) -> None:
    class Fixed:
        def nearest(self, queries: Sequence[str], k: int) -> tuple[tuple[int, ...], ...]:
            return ((5, 1, 0, 2)[:k],) * len(queries)

        def save(self, directory: Path) -> None: ...

    adapted = STRATEGY.adapt(
        {"shots": 2},
        Fidelity(shots=2),
        task=TASK,
        train=POOL,
        backend=backend,
        retriever=Fixed(),
    )
    (shown,) = adapted.demonstrations([Example(row="new", input="dog", target="red")])
    assert [row.input for row in shown] == ["dog", "dog runs"]
    (shown,) = adapted.demonstrations([POOL[5]])
    assert [row.input for row in shown] == ["cat", "dog"]


def scored(likelihood: tuple[float, ...], tokens: tuple[int, ...]) -> Scored:
    return Scored(
        log_likelihood=likelihood,
        first_token=tokens,
        first_logit=(3.0, 1.0, 7.0)[: len(tokens)],
        prompt_tokens=9,
        completion_tokens=2,
    )


def test_signals_of_a_choice() -> None:
    found = option_signals(scored((math.log(0.2), math.log(0.1), math.log(0.1)), (1, 2, 3)))
    assert found == pytest.approx(
        {
            "margin": 4.0,
            "label_margin": math.log(2),
            "max_probability": 0.5,
            "entropy": 1.5 * math.log(2),
            "mean_logprob": math.log(0.2) / 2,
        }
    )


def test_labels_that_share_a_first_token_have_no_margin() -> None:
    found = option_signals(scored((-1.0, -2.0, -3.0), (1, 2, 1)))
    assert "margin" not in found
    assert found["label_margin"] == pytest.approx(1.0)


def test_one_option_has_no_margins() -> None:
    found = option_signals(scored((-1.0,), (1,)))
    assert set(found) == {"max_probability", "entropy", "mean_logprob"}


def generated(*candidates: tuple[str, float]) -> Generated:
    return Generated(
        text="x",
        token_logprobs=(-1.0, -3.0),
        first_candidates=candidates,
        prompt_tokens=1,
        completion_tokens=2,
    )


@pytest.mark.parametrize(
    ("candidates", "margin"),
    [
        ((("The", 9.0), (" the", 8.0), ("them", 7.0), ("cat", 4.0)), 5.0),
        ((("Paris", 9.0), ("Par", 8.5), ("London", 8.0)), 1.0),
        ((("\n", 9.0), ("a", 6.0)), 3.0),
        ((("a", 9.0), ("A", 6.0)), None),
    ],
)
def test_the_margin_of_an_open_answer(
    candidates: tuple[tuple[str, float], ...], margin: float | None
) -> None:
    found = open_signals(generated(*candidates))
    assert found["mean_logprob"] == pytest.approx(-2.0)
    assert found["min_logprob"] == pytest.approx(-3.0)
    assert found.get("margin") == (None if margin is None else pytest.approx(margin))


def test_a_low_quantile_lies_between_the_tokens() -> None:
    """Six tokens: a fifth of the way is the second lowest; of three, two fifths of the first
    step."""
    six = token_signals((-1.0, -6.0, -2.0, -4.0, -3.0, -5.0))
    assert six["quantile_logprob"] == pytest.approx(-5.0)
    three = token_signals((-0.0, -10.0, -5.0))
    assert three["quantile_logprob"] == pytest.approx(-8.0)
    assert three["min_logprob"] == -10.0
    assert token_signals((-0.5,)) == {
        "mean_logprob": -0.5,
        "min_logprob": -0.5,
        "quantile_logprob": -0.5,
    }


def test_an_answer_without_log_probabilities_has_no_signal_of_them() -> None:
    assert token_signals(()) == {}


def test_logits_make_the_margin_and_the_distribution() -> None:
    found = logit_signals((math.log(4.0) + 9.0, 9.0, 9.0))
    assert found == pytest.approx(
        {
            "margin": math.log(4.0),
            "max_probability": 4 / 6,
            "entropy": math.log(6) - 4 / 6 * math.log(4),
        }
    )
    assert "margin" not in logit_signals((1.0,))
