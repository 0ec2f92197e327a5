"""The architectures of `std.models`, tiny and with random weights: each one answers and learns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from cosmosql.contracts.backend import (
    Backend,
    BackendFactory,
    ScoreRequest,
    TrainingExample,
    TrainingOptions,
)
from cosmosql.diagnostics.diagnostic import InputError
from cosmosql.schema import registry
from tests.conftest import byte_pair_tokenizer

torch = pytest.importorskip("torch", reason="torch is not installed (extra `hf`)")
transformers = pytest.importorskip("transformers", reason="transformers is not installed")

LLAMA3_ROPE = {
    "rope_type": "llama3",
    "rope_theta": 500_000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 64,
}
EXPERTS = {"head_dim": 16, "num_experts_per_tok": 2}
ARCHITECTURES: Mapping[str, Mapping[str, Any]] = {
    "Qwen2Config": {"tie_word_embeddings": True},
    "Qwen3Config": {"head_dim": 16},
    "Qwen3MoeConfig": {**EXPERTS, "num_experts": 4, "moe_intermediate_size": 32},
    "LlamaConfig": {"rope_parameters": LLAMA3_ROPE},
    "Gemma2Config": {"head_dim": 16, "sliding_window": 8},
    "Gemma3TextConfig": {"head_dim": 16, "sliding_window": 8},
    "MistralConfig": {"head_dim": 16, "sliding_window": None},
    "Phi3Config": {"tie_word_embeddings": True},
    "SmolLM3Config": {},
    "Olmo2Config": {},
    "GraniteConfig": {},
    "GptOssConfig": {**EXPERTS, "num_local_experts": 4, "sliding_window": 8},
    "GPTNeoXConfig": {},
    "GPT2Config": {},
}
SIZES = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "max_position_embeddings": 256,
    "initializer_range": 0.2,
}
TRAINING = TrainingOptions(
    rank=2, alpha=4, dropout=0.0, learning_rate=1e-2, batch_size=2, steps=2, seed=0
)
LESSONS = (
    TrainingExample(prompt="the cat =>", completion="red"),
    TrainingExample(prompt="the dog sleeps =>", completion="blue"),
)
OPTIONS = ("red", "deep sea", "card payment")
PROMPTS = ("the cat =>", "one two three four the dog =>", "the cat sleeps => red\nthe dog =>")

Load = Callable[[str], Backend]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def run(architecture: str) -> Backend:
        tokenizer = byte_pair_tokenizer()
        named = getattr(transformers, architecture)
        special = {"bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0}
        known = named().to_dict()
        sizes = {name: size for name, size in SIZES.items() if name in known}
        if architecture == "GPT2Config":
            sizes = {"n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 256}
        config = named(vocab_size=len(tokenizer), **special, **sizes, **ARCHITECTURES[architecture])
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(4)
            model = transformers.AutoModelForCausalLM.from_config(config)
        model.save_pretrained(tmp_path / "model")
        tokenizer.save_pretrained(tmp_path / "model")
        factory = cast(BackendFactory, registry.load(registry.extension("model", "hf")))
        return factory.load({"id": "model", "dtype": "float32"}, root=tmp_path)

    return run


def alone(backend: Any, prompt: str, option: str) -> float:
    """The log-likelihood of an option by one forward pass over nothing else."""
    engine = backend._engine
    start = engine.tokens._tokenizer(prompt)["input_ids"]
    whole = engine.tokens._tokenizer(f"{prompt} {option}")["input_ids"]
    assert whole[: len(start)] == start
    with torch.no_grad():
        logits = engine.model(torch.tensor([whole])).logits[0].float()
    found = torch.log_softmax(logits, dim=-1)
    return float(sum(found[place - 1, whole[place]] for place in range(len(start), len(whole))))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_an_architecture_answers_and_learns(load: Load, architecture: str) -> None:
    backend = load(architecture)
    scored = backend.score([ScoreRequest(prompt=prompt, options=OPTIONS) for prompt in PROMPTS])
    for prompt, answer in zip(PROMPTS, scored, strict=True):
        expected = [alone(backend, prompt, option) for option in OPTIONS]
        assert answer.log_likelihood == pytest.approx(expected, abs=1e-3)
    assert len(backend.generate(PROMPTS, max_tokens=3, stop="\n")) == len(PROMPTS)
    assert len(backend.embed(PROMPTS)) == len(PROMPTS)
    assert backend.train(LESSONS, TRAINING).steps == TRAINING.steps
    backend.unload_adapter()


def test_experts_take_no_dropout(load: Load) -> None:
    backend = load("Qwen3MoeConfig")
    with pytest.raises(InputError) as caught:
        backend.train(LESSONS, replace(TRAINING, dropout=0.1))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "E0539"
