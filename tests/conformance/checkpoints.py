"""Small random checkpoints in Hugging Face format that this project did not make any other way."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from tokenizers.processors import TemplateProcessing
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    PreTrainedTokenizerFast,
)

WORDS = (
    "labels : , => red green blue grey light deep sea sky cat dog runs sleeps the a one two three "
    "four card payment arrival yes no maybe not very good bad fine what where"
).split()

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


def word_tokenizer(*, template: str | None = None) -> PreTrainedTokenizerFast:
    """Whole words and a newline, with a beginning-of-sequence token before each text."""
    specials = ["<pad>", "<s>", "</s>", "<unk>"]
    words = [*specials, "\n", *WORDS, "system", "user", "assistant"]
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


def byte_pair_tokenizer() -> PreTrainedTokenizerFast:
    """Byte-level pairs as GPT-2 has them, with merges that cross word pieces."""
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


def _save(model: torch.nn.Module, tokenizer: PreTrainedTokenizerFast, directory: Path) -> Path:
    model.save_pretrained(directory)
    tokenizer.save_pretrained(directory)
    return directory


def llama(directory: Path, *, template: str | None = None, context: int = 256) -> Path:
    torch.manual_seed(1)
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
    return _save(LlamaForCausalLM(config), tokenizer, directory)


def gpt2(directory: Path) -> Path:
    torch.manual_seed(2)
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
    return _save(GPT2LMHeadModel(config), tokenizer, directory)


def windowed(directory: Path) -> Path:
    """A model with sliding-window attention, whose cache cannot be shared between prompts."""
    torch.manual_seed(3)
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
    return _save(MistralForCausalLM(config), tokenizer, directory)


MAKERS = {"llama": llama, "gpt2": gpt2, "windowed": windowed}
