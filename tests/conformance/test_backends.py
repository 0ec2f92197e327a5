"""What every backend promises: `cosmosql.contracts.backend`, against each registered `hf` model."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from cosmosql.contracts.backend import (
    Backend,
    BackendFactory,
    ContextOverflow,
    ScoreRequest,
    TrainingExample,
    TrainingOptions,
)
from cosmosql.schema import registry

torch = pytest.importorskip("torch", reason="torch is not installed (extra `hf`)")

MODELS = ("llama", "gpt2", "windowed", "chat")
OPTIONS = TrainingOptions(
    rank=8, alpha=16, dropout=0.05, learning_rate=2e-2, batch_size=6, steps=60, seed=0
)
LESSONS = (("the cat", "red"), ("the dog", "blue"), ("a sea", "light sea"))
QUESTIONS = ("the dog sleeps", "one two three four very good the cat runs", "cat")
CHOICES = (("red", "blue", "deep sea"), ("card", "card payment", "one"), ("yes", "no"))


def factory(name: str = "hf") -> BackendFactory:
    return cast(BackendFactory, registry.load(registry.extension("model", name)))


@pytest.fixture(scope="module", params=MODELS)
def backend(request: pytest.FixtureRequest, checkpoint: Callable[[str], Path]) -> Backend:
    directory = checkpoint(request.param)
    options = {"id": directory.name, "dtype": "float32"}
    return factory().load(options, root=directory.parent)


@pytest.fixture(autouse=True)
def base_weights(backend: Backend) -> None:
    backend.unload_adapter()


def prompt(backend: Backend, text: str, shown: tuple[tuple[str, str], ...] = ()) -> str:
    if backend.card.template is not None:
        turns = [turn for one, two in shown for turn in (("user", one), ("assistant", two))]
        return backend.render([("system", "labels : red"), *turns, ("user", text)])
    return "labels : red\n" + "".join(f"{a} => {b}\n" for a, b in shown) + f"{text} =>"


def requests(backend: Backend) -> list[ScoreRequest]:
    return [
        ScoreRequest(prompt=prompt(backend, question, shown), options=options)
        for shown in (LESSONS, LESSONS[:1])
        for question in QUESTIONS
        for options in CHOICES
    ]


def lessons(backend: Backend) -> list[TrainingExample]:
    return [TrainingExample(prompt=prompt(backend, a), completion=b) for a, b in LESSONS]


def plain(backend: Backend) -> Any:
    """The transformers model underneath, for a naive reference."""
    return cast(Any, backend)._engine


def naive(backend: Backend, request: ScoreRequest) -> list[tuple[float, float, int]]:
    """(log-likelihood, first logit, first token) of each option by a forward pass of its own."""
    engine = plain(backend)
    tokenizer = engine.tokens._tokenizer
    chat = backend.card.template is not None
    nested = "card" in request.options
    encode: Callable[[str], list[int]] = lambda text: tokenizer(  # noqa: E731
        text, add_special_tokens=not chat
    )["input_ids"]
    before = encode(request.prompt)
    found = []
    for option in request.options:
        end = "\n" if nested and not chat else ""
        whole = encode(request.prompt + ("" if chat else " ") + option + end)
        if nested and chat:
            whole = [*whole, tokenizer.eos_token_id]
        start = next(
            (i for i, (a, b) in enumerate(zip(before, whole, strict=False)) if a != b), len(before)
        )
        with torch.no_grad():
            logits = engine.model(input_ids=torch.tensor([whole])).logits[0].float()
        likelihoods = torch.log_softmax(logits, dim=-1)
        total = sum(likelihoods[i - 1, whole[i]].item() for i in range(start, len(whole)))
        found.append((total, logits[start - 1, whole[start]].item(), whole[start]))
    return found


def test_the_fingerprint_is_the_card_of_the_loaded_model(
    checkpoint: Callable[[str], Path], backend: Backend, request: pytest.FixtureRequest
) -> None:
    directory = checkpoint(request.node.callspec.params["backend"])
    options = {"id": str(directory), "dtype": "float32"}
    card = factory().fingerprint(options, root=Path("/"))
    assert card == backend.card
    assert card.parameters == sum(p.numel() for p in plain(backend).model.parameters())
    assert {"device", "dtype", "torch", "transformers"} <= set(backend.conditions)


def test_scores_equal_one_forward_pass_an_option(backend: Backend) -> None:
    asked = requests(backend)
    for request, scored in zip(asked, backend.score(asked), strict=True):
        for (total, logit, token), got, first, chosen in zip(
            naive(backend, request),
            scored.log_likelihood,
            scored.first_logit,
            scored.first_token,
            strict=True,
        ):
            assert got == pytest.approx(total, abs=1e-4)
            assert first == pytest.approx(logit, abs=1e-4)
            assert chosen == token


def test_scores_do_not_depend_on_the_company_or_the_order(backend: Backend) -> None:
    asked = requests(backend)
    together = backend.score(asked)
    reversed_ = [replace(one, cached_tokens=0) for one in backend.score(asked[::-1])]
    assert reversed_ == [replace(one, cached_tokens=0) for one in together[::-1]]
    for request, scored in zip(asked, together, strict=True):
        (alone,) = backend.score([request])
        assert alone.log_likelihood == pytest.approx(scored.log_likelihood, abs=1e-4)
        assert alone.prompt_tokens == scored.prompt_tokens
        assert alone.completion_tokens == scored.completion_tokens


def test_a_common_beginning_is_read_once(backend: Backend) -> None:
    """The first prompt is read whole, the others from where they differ, or whole as well where
    the model's cache cannot be copied."""
    texts = [prompt(backend, question, LESSONS) for question in QUESTIONS]
    scored = backend.score([ScoreRequest(prompt=text, options=("red", "blue")) for text in texts])
    written = backend.generate(texts, max_tokens=2, stop="\n")
    for found in (scored, written):
        first, *others = (one.cached_tokens for one in found)
        assert first == 0 and len(set(others)) == 1
        assert others[0] < min(one.prompt_tokens for one in found)
        assert (others[0] > 0) == plain(backend).shares
    (alone,) = backend.generate(texts[:1], max_tokens=2, stop="\n")
    assert alone.cached_tokens == 0


def test_an_empty_batch_has_an_empty_answer(backend: Backend) -> None:
    assert backend.score([]) == ()
    assert backend.generate([], max_tokens=4, stop="\n") == ()
    assert backend.count_tokens([]) == ()


def test_a_long_prompt_overflows_the_context(backend: Backend) -> None:
    text = prompt(backend, "one two " * 300)
    with pytest.raises(ContextOverflow) as caught:
        backend.score([ScoreRequest(prompt=text, options=("red", "blue"))])
    assert caught.value.tokens > caught.value.context == backend.card.context
    with pytest.raises(ContextOverflow):
        backend.generate([text], max_tokens=1, stop="\n")
    with pytest.raises(ContextOverflow):
        backend.train([TrainingExample(prompt=text, completion="red")], OPTIONS)


def test_generation_is_greedy_and_stops(backend: Backend) -> None:
    engine = plain(backend)
    texts = [prompt(backend, question, LESSONS[:count]) for count, question in enumerate(QUESTIONS)]
    chat = backend.card.template is not None
    for text, answer in zip(texts, backend.generate(texts, max_tokens=5, stop="\n"), strict=True):
        ids = engine.tokens._tokenizer(text, add_special_tokens=not chat)["input_ids"]
        assert answer.prompt_tokens == len(ids)
        assert len(answer.token_logprobs) == answer.completion_tokens <= 5
        for step, logprob in enumerate(answer.token_logprobs):
            with torch.no_grad():
                logits = engine.model(input_ids=torch.tensor([ids])).logits[0, -1].float()
            best = int(logits.argmax())
            assert logprob == pytest.approx(torch.log_softmax(logits, -1)[best].item(), abs=1e-4)
            if step == 0:
                values = [value for _, value in answer.first_candidates]
                assert values == pytest.approx(logits.topk(10).values.tolist(), abs=1e-4)
                assert answer.first_candidates[0][0] == engine.tokens.token(best)
            ids.append(best)
        assert "\n" not in answer.text


def test_embeddings_are_finite_rows_that_batching_does_not_change(backend: Backend) -> None:
    texts = ["the cat", "the dog runs very good one two three", "a"]
    card = backend.card
    for pooling, width in (("all", card.hidden * (2 * card.layers + 1)), ("mean", card.hidden)):
        rows = backend.embed(texts, pooling=pooling)
        assert rows.shape == (3, width)
        assert rows.dtype == np.float32
        assert np.isfinite(rows).all()
        alone = np.concatenate([backend.embed([text], pooling=pooling) for text in texts])
        np.testing.assert_allclose(rows, alone, atol=1e-4)


def test_training_learns_saves_loads_and_leaves_the_base_bit_for_bit(
    backend: Backend, tmp_path: Path
) -> None:
    engine = plain(backend)
    before = {name: weight.clone() for name, weight in engine.model.state_dict().items()}
    untrained = backend.score(requests(backend))
    random_state = torch.get_rng_state()

    result = backend.train(lessons(backend), OPTIONS)
    assert torch.equal(torch.get_rng_state(), random_state)
    assert result.steps == len(result.losses) == OPTIONS.steps
    assert result.losses[-1] < 0.5 * result.losses[0]
    asked = [example.prompt for example in lessons(backend)]
    answers = backend.generate(asked, max_tokens=8, stop="\n")
    assert [answer.text for answer in answers] == [target for _, target in LESSONS]
    adapted = backend.score(requests(backend))
    assert adapted != untrained

    backend.save_adapter(tmp_path)
    config = json.loads((tmp_path / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == cast(Any, backend)._name
    backend.unload_adapter()
    after = engine.model.state_dict()
    assert set(after) == set(before)
    assert all(torch.equal(after[name], weight) for name, weight in before.items())
    assert backend.score(requests(backend)) == untrained

    backend.load_adapter(tmp_path)
    assert backend.score(requests(backend)) == adapted


def test_training_depends_on_its_seed_alone(backend: Backend) -> None:
    short = replace(OPTIONS, steps=4)
    first = backend.train(lessons(backend), short)
    torch.manual_seed(99)
    torch.rand(7)
    assert backend.train(lessons(backend), short) == first
    assert backend.train(lessons(backend), replace(short, seed=1)) != first


def test_an_interrupted_training_leaves_the_base_weights(backend: Backend) -> None:
    untrained = backend.score(requests(backend))

    def interrupt(done: int, total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backend.train(lessons(backend), OPTIONS, interrupt)
    assert backend.score(requests(backend)) == untrained


def test_progress_ends_with_everything_done(backend: Backend) -> None:
    seen: list[tuple[int, int]] = []
    backend.score(requests(backend), lambda done, total: seen.append((done, total)))
    assert seen and seen[-1][0] == seen[-1][1]
    assert seen == sorted(seen)


def test_a_profile_is_positive(backend: Backend) -> None:
    profile = backend.profile()
    rates = (profile.prefill, profile.decode, profile.training, profile.peak_flops)
    assert all(np.isfinite(rate) and rate > 0 for rate in rates)
    assert profile.device == backend.conditions["device"]


def test_peft_itself_loads_a_saved_adapter(backend: Backend, tmp_path: Path) -> None:
    peft = pytest.importorskip("peft", reason="peft is not installed (extra `hf`)")
    backend.train(lessons(backend), replace(OPTIONS, steps=2))
    backend.save_adapter(tmp_path)
    backend.unload_adapter()
    adapted = peft.PeftModel.from_pretrained(plain(backend).model, str(tmp_path))
    assert any("lora" in name for name, _ in adapted.named_parameters())
    adapted.unload()


@pytest.mark.gpu
def test_cuda_scores_agree_with_the_cpu(checkpoint: Callable[[str], Path]) -> None:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    directory = checkpoint("llama")
    loaded = factory().load({"id": str(directory), "dtype": "float32"}, root=directory)
    assert loaded.conditions["device"] != "cpu"
    for request, scored in zip(requests(loaded), loaded.score(requests(loaded)), strict=True):
        assert len(scored.log_likelihood) == len(request.options)


def test_work_is_shared_where_the_model_allows_it(
    backend: Backend, request: pytest.FixtureRequest
) -> None:
    windowed = request.node.callspec.params["backend"] == "windowed"
    assert plain(backend).shares != windowed
