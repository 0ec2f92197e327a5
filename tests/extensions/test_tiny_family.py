"""The shipped tiny family loads by the ordinary Hugging Face code and answers in context."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from cosmosql.extensions.sources.generated import lexicon
from cosmosql.extensions.sources.generated.tasks import TASKS, generate

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

TINY = Path(__file__).resolve().parents[2] / "stdlib" / "tiny"
SIZES = ("small", "large")


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return transformers.AutoTokenizer.from_pretrained(TINY / "small")


@pytest.fixture(scope="module")
def models() -> dict[str, Any]:
    return {
        size: transformers.AutoModelForCausalLM.from_pretrained(
            TINY / size, dtype=torch.float32
        ).eval()
        for size in SIZES
    }


def test_weights_are_light_enough_to_ship() -> None:
    total = sum(path.stat().st_size for path in TINY.rglob("*") if path.is_file())
    assert total <= 16 * 1024 * 1024


@pytest.mark.parametrize("name", ["tokenizer.json", "tokenizer_config.json"])
def test_both_models_have_the_same_tokenizer(name: str) -> None:
    assert (TINY / "small" / name).read_bytes() == (TINY / "large" / name).read_bytes()


def test_models_differ_in_size_and_agree_in_vocabulary(
    models: dict[str, Any], tokenizer: Any
) -> None:
    counts = {size: model.num_parameters() for size, model in models.items()}
    assert 200_000 < counts["small"] < 700_000
    assert 2_000_000 <= counts["large"] < 8_000_000 or counts["large"] > 5 * counts["small"]
    for model in models.values():
        assert model.config.vocab_size == len(tokenizer)
        assert model.config.max_position_embeddings >= 1024
    assert tokenizer.model_max_length >= 1024


def test_vocabulary_is_the_one_that_the_lexicon_gives(tokenizer: Any) -> None:
    sys.path.insert(0, str(TINY))
    try:
        import vocabulary
    finally:
        sys.path.remove(str(TINY))
    assert vocabulary.entries() == tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))


def test_special_tokens(tokenizer: Any) -> None:
    ids = tokenizer("good morning")["input_ids"]
    assert tokenizer.convert_ids_to_tokens(ids) == ["<s>", "good", "morning"]
    assert (tokenizer.eos_token, tokenizer.pad_token, tokenizer.unk_token) == (
        "</s>",
        "<pad>",
        "<unk>",
    )


def test_prompt_marks_are_single_tokens(tokenizer: Any) -> None:
    text = "labels: card, loan\nThe chip is gone => card\n"
    assert tokenizer.tokenize(text) == [
        *("labels", ":", "card", ",", "loan", "\n"),
        *("the", "chip", "is", "gone", "=>", "card", "\n"),
    ]


@pytest.mark.parametrize("name", TASKS)
def test_generated_text_is_whole_words(tokenizer: Any, name: str) -> None:
    for row in generate(name, rows=60, seed=8):
        text = str(row.get("text", row.get("question")))
        tokens = tokenizer.tokenize(text)
        assert tokenizer.unk_token not in tokens
        assert not any(token.startswith("##") and not token[2:].isdigit() for token in tokens)


@pytest.mark.parametrize("name", TASKS)
def test_labels_are_single_tokens(tokenizer: Any, name: str) -> None:
    for label in TASKS[name].labels:
        assert len(tokenizer(f" {label}", add_special_tokens=False)["input_ids"]) == 1


@pytest.mark.parametrize(
    "text",
    [
        "My order #A-1047 hasn't arrived (3rd time!); please refund $12.50 ASAP.",
        "Überweisung für Café Zoë, naïve résumé",
        "def f(x): return x ** 2  # squares",
        "https://example.com/a?b=c&d=100%",
    ],
)
def test_text_of_users_is_spelled_not_lost(tokenizer: Any, text: str) -> None:
    tokens = tokenizer.tokenize(text)
    assert tokenizer.unk_token not in tokens
    assert len(tokens) <= len(text)
    back = tokenizer.decode(tokenizer(text, add_special_tokens=False)["input_ids"])
    normalized = tokenizer.backend_tokenizer.normalizer.normalize_str(text)
    assert "".join(back.split()) == "".join(normalized.split())


def test_foreign_scripts_cost_one_unknown_per_word(tokenizer: Any) -> None:
    tokens = tokenizer.tokenize("日本 привет hello")
    assert tokens == ["<unk>", "<unk>", "hello"]


def test_generation_stops_at_its_limit(models: dict[str, Any], tokenizer: Any) -> None:
    asked = tokenizer("tell noor that the parcel is with ivan =>", return_tensors="pt")
    with torch.inference_mode():
        out = models["small"].generate(**asked, max_new_tokens=4, do_sample=False)
    assert out.shape[1] <= asked["input_ids"].shape[1] + 4


def _accuracy(model: Any, tokenizer: Any, name: str, *, shots: int, queries: int) -> float:
    """Accuracy with the ``shots`` pool texts that share most words with the query."""
    task = TASKS[name]
    pool = [(set(str(row["text"]).split()), row) for row in generate(name, rows=300, seed=11)]
    header = f"labels: {', '.join(task.labels)}\n"
    options = [
        tokenizer(f" {label}", add_special_tokens=False)["input_ids"][0] for label in task.labels
    ]
    right = 0
    for row in generate(name, rows=queries, seed=12):
        words = set(str(row["text"]).split())
        near = sorted(pool, key=lambda entry: len(entry[0] & words))[-shots:]
        shown = "".join(f"{demo['text']} => {demo['label']}\n" for _, demo in near)
        asked = tokenizer(f"{header}{shown}{row['text']} =>", return_tensors="pt")
        with torch.inference_mode():
            scores = model(**asked).logits[0, -1, options]
        right += task.labels[int(scores.argmax())] == row["label"]
    return right / queries


@pytest.mark.parametrize("size", SIZES)
def test_demonstrations_lift_accuracy_above_chance(
    models: dict[str, Any], tokenizer: Any, size: str
) -> None:
    found = _accuracy(models[size], tokenizer, "desk", shots=8, queries=60)
    assert found > 0.4, "chance is 0.25"


def test_names_of_held_out_concepts_are_never_meaningful_labels_in_pretraining() -> None:
    import random

    sys.path.insert(0, str(TINY))
    try:
        import episodes
    finally:
        sys.path.remove(str(TINY))
    held_out = {concept.name for concept in lexicon.HELD_OUT_CONCEPTS}
    held_out |= {label for task in TASKS.values() for label in task.labels}
    for seed in range(800):
        problem = episodes.problem(random.Random(seed), most=20, meaningful=1.0, lookup=0.0)
        if problem.meaningful:
            words = {word for label in problem.labels for word in label.split()}
            assert not words & held_out
