"""The boundary between prompt and answer: the short way gives the tokens of the long one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("torch", reason="torch is not installed (extra `hf`)")

from transformers import AutoTokenizer

from cosmosql.contracts.backend import ScoreRequest, TrainingExample
from cosmosql.extensions.backends.huggingface.tokens import PromptTokenizer

pieces = st.sampled_from(
    ["the", "cat", "\n", " ", "  ", "=>", ":", "sea", "lightsea", "ca", "é", "1"]
)
prompts = st.lists(pieces, max_size=8).map("".join)
options = st.lists(
    st.lists(st.sampled_from(["red", "re", "d", " ", "blue", "card", "."]), min_size=1, max_size=3)
    .map("".join)
    .filter(str.strip),
    min_size=1,
    max_size=4,
    unique=True,
)


@pytest.mark.parametrize("name", ["gpt2", "llama"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(prompt=prompts, choices=options)
def test_answers_are_tokenised_with_their_prompt(
    name: str, prompt: str, choices: list[str], checkpoint: Callable[[str], Path]
) -> None:
    tokenizer = AutoTokenizer.from_pretrained(checkpoint(name))
    tokens = PromptTokenizer(tokenizer, template=False)
    (split,) = tokens.competing([ScoreRequest(prompt=prompt, options=tuple(choices))])
    start = list(tokens.prompts([""])[0])
    leading = start if name == "llama" else []
    for choice, answer in zip(choices, split.answers, strict=True):
        whole = leading + tokenizer(f"{prompt} {choice}", add_special_tokens=False)["input_ids"]
        ours = [*split.context, *answer]
        if split.context == tuple(start) and not leading:
            ours = [*answer]
        assert answer
        assert ours[: len(whole)] == whole
        assert len(ours) <= len(whole) + 2
    assert len({len(split.context)}) == 1


def test_nested_options_carry_their_end(checkpoint: Callable[[str], Path]) -> None:
    tokens = PromptTokenizer(AutoTokenizer.from_pretrained(checkpoint("llama")), template=False)
    newline = tokens.prompts(["\n"])[0][-1]
    flat, nested = tokens.competing(
        [
            ScoreRequest(prompt="cat =>", options=("red", "light blue")),
            ScoreRequest(prompt="cat =>", options=("blue", "card", "card payment")),
        ]
    )
    assert [len(answer) for answer in flat.answers] == [1, 2]
    assert [len(answer) for answer in nested.answers] == [2, 2, 3]
    assert {answer[-1] for answer in nested.answers} == {newline}


def test_a_completion_ends(checkpoint: Callable[[str], Path]) -> None:
    example = TrainingExample(prompt="cat =>", completion="light blue")
    plain = PromptTokenizer(AutoTokenizer.from_pretrained(checkpoint("llama")), template=False)
    chat_tokenizer = AutoTokenizer.from_pretrained(checkpoint("chat"))
    chat = PromptTokenizer(chat_tokenizer, template=True)
    (written,), (turned,) = plain.supervised([example]), chat.supervised([example])
    assert plain.text(written.answers[0]).endswith("\n")
    assert turned.answers[0][-1] == chat_tokenizer.eos_token_id
    assert written.prompt_tokens == len(written.context) == 3


def test_counts_include_what_surrounds_a_prompt(checkpoint: Callable[[str], Path]) -> None:
    plain = PromptTokenizer(AutoTokenizer.from_pretrained(checkpoint("llama")), template=False)
    chat = PromptTokenizer(AutoTokenizer.from_pretrained(checkpoint("chat")), template=True)
    assert plain.counts(["cat dog", ""]) == (3, 1)
    assert chat.counts(["cat dog"]) == (9,)
