"""Small random checkpoints in Hugging Face format, made where a test asks for one.

torch and transformers are imported inside the functions: most tests need neither.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# Examples follow from the test alone, and a busy machine's slowness is no failure.
settings.register_profile("cosmosql", derandomize=True, deadline=None)
settings.load_profile("cosmosql")

WORDS = """labels : , => red green blue grey light deep sea sky cat dog runs sleeps the a one two
three four card payment arrival yes no maybe not very good bad fine what where"""

CHAT_TEMPLATE = (
    "{% for message in messages %}<s> {{ message['role'] }} : {{ message['content'] }} </s>"
    "{% endfor %}{% if add_generation_prompt %}<s> assistant : {% endif %}"
)

CORPUS = [
    "labels: red, green, blue",
    "the light sea is deep blue => blue",
    "a cat sleeps very well, the dog runs => green",
    "card payment arrival, one two three four",
    "what is not good is bad, yes or no or maybe => red",
]


def word_tokenizer(*, template: str | None = None) -> Any:
    """Whole words and a newline, with a beginning-of-sequence token before each text."""
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers
    from tokenizers.processors import TemplateProcessing
    from transformers import PreTrainedTokenizerFast

    specials = ["<pad>", "<s>", "</s>", "<unk>"]
    words = [*specials, "\n", *WORDS.split(), "system", "user", "assistant"]
    tokenizer = Tokenizer(
        models.WordLevel({word: index for index, word in enumerate(words)}, unk_token="<unk>")
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(r"\n"), "isolated"),
            pre_tokenizers.Split(Regex(r" +"), "removed"),
        ]
    )
    tokenizer.post_processor = TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<pad>",
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
    )
    fast.chat_template = template
    return fast


def byte_pair_tokenizer() -> Any:
    """Byte-level pairs as GPT-2 has them, with merges that cross word pieces."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=330,
        special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|endoftext|>")


def _save(model: Any, tokenizer: Any, directory: Path) -> Path:
    model.save_pretrained(directory)
    tokenizer.save_pretrained(directory)
    return directory


def make_llama(directory: Path, *, template: str | None = None, context: int = 256) -> Path:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = word_tokenizer(template=template)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=context,
        initializer_range=0.2,
        tie_word_embeddings=True,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return _save(LlamaForCausalLM(config), tokenizer, directory)


def make_gpt2(directory: Path) -> Path:
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    tokenizer = byte_pair_tokenizer()
    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_embd=32,
        n_layer=2,
        n_head=2,
        n_positions=512,
        initializer_range=0.2,
        bos_token_id=0,
        eos_token_id=0,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        return _save(GPT2LMHeadModel(config), tokenizer, directory)


def make_windowed(directory: Path) -> Path:
    """A model with sliding-window attention, whose cache cannot be shared between prompts."""
    import torch
    from transformers import MistralConfig, MistralForCausalLM

    tokenizer = word_tokenizer()
    config = MistralConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=256,
        sliding_window=8,
        initializer_range=0.2,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        return _save(MistralForCausalLM(config), tokenizer, directory)


def make_chat(directory: Path) -> Path:
    """A model whose tokenizer carries a chat template."""
    return make_llama(directory, template=CHAT_TEMPLATE)


MAKERS: dict[str, Callable[[Path], Path]] = {
    "llama": make_llama,
    "gpt2": make_gpt2,
    "windowed": make_windowed,
    "chat": make_chat,
}


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Directories of random checkpoints by name (`llama`, `gpt2`, `windowed`, `chat`), each made
    once a session. They are shared: copy one before changing it."""
    made: dict[str, Path] = {}

    def get(name: str) -> Path:
        if name not in made:
            made[name] = MAKERS[name](tmp_path_factory.mktemp("checkpoints") / name)
        return made[name]

    return get
