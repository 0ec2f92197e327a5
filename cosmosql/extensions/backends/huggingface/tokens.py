"""The boundary between a prompt and its answer, in tokens."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from jinja2 import TemplateError

from cosmosql.contracts.backend import ScoreRequest, TrainingExample

_TAIL = re.compile(r"(?<=\S)\s+\S+\s*\Z")
END = "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """One prompt with the answers that may follow it. Every answer has at least one token."""

    prompt_tokens: int
    """Tokens of the prompt by itself, as an endpoint would bill it."""
    context: tuple[int, ...]
    """What all answers have in front: the prompt, less what merges with an answer's start."""
    answers: tuple[tuple[int, ...], ...]


class PromptTokenizer:
    """A tokenizer with the rules by which prompts and answers meet.

    In plain text an answer follows its prompt after one space and ends with a newline; within a
    chat template it follows at once and ends with the end-of-sequence token. Tokens are those of
    prompt and answer together, so that a merge across the boundary is seen as the model sees it.
    """

    def __init__(self, tokenizer: Any, *, template: bool) -> None:
        self._tokenizer = tokenizer
        self.templated = template
        self._lead = "" if template else " "
        self._prefix = () if template else _leading_specials(tokenizer)
        start = tokenizer.bos_token_id
        self._start = tokenizer.eos_token_id if start is None else start
        self.eos: int | None = tokenizer.eos_token_id
        self.pad: int = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else 0

    def render(self, turns: Sequence[tuple[str, str]]) -> str:
        """The chat template's text for (role, content) turns, open for the assistant's answer.

        A template that knows no system role gets its text at the top of the first user turn.
        """
        if not self.templated:
            raise ValueError("this model is prompted with plain text")
        messages = [{"role": role, "content": content} for role, content in turns]
        try:
            return self._rendered(messages)
        except TemplateError:
            if len(messages) < 2 or messages[0]["role"] != "system":
                raise
            first = f"{messages[0]['content']}\n\n{messages[1]['content']}"
            return self._rendered([{**messages[1], "content": first}, *messages[2:]])

    def _rendered(self, messages: list[dict[str, str]]) -> str:
        text = self._tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True
        )
        return str(text)

    def prompts(self, texts: Sequence[str]) -> list[tuple[int, ...]]:
        """Tokens of each prompt with its special tokens; never empty."""
        return [self._with_start((*self._prefix, *ids)) for ids in self._encode(texts)]

    def counts(self, texts: Sequence[str]) -> tuple[int, ...]:
        """Tokens of each text as a prompt of its own."""
        if self.templated:
            texts = [self.render([("user", text)]) for text in texts]
        return tuple(len(ids) for ids in self.prompts(texts))

    def text(self, ids: Sequence[int]) -> str:
        """The text of generated tokens, special ones left out."""
        return str(
            self._tokenizer.decode(
                list(ids), skip_special_tokens=True, clean_up_tokenization_spaces=False
            )
        )

    def token(self, index: int) -> str:
        """The text of one token, a special one by its name."""
        return str(self._tokenizer.decode([index], clean_up_tokenization_spaces=False))

    def competing(self, requests: Sequence[ScoreRequest]) -> list[Split]:
        """Prompts with their options. The end of the answer is left out, save where one option's
        tokens begin with all of another's (`card`, `card payment`): there every option of the
        request carries it, or the shorter one could never lose."""
        plain = self._splits([(request.prompt, request.options) for request in requests])
        open_ended = [index for index, split in enumerate(plain) if _nested(split.answers)]
        ended = self._splits(
            [(requests[index].prompt, requests[index].options) for index in open_ended], end=True
        )
        for index, split in zip(open_ended, ended, strict=True):
            plain[index] = split
        return plain

    def supervised(self, examples: Sequence[TrainingExample]) -> list[Split]:
        """Prompts with their one right answer, its end included, so that a trained model stops."""
        return self._splits(
            [(example.prompt, (example.completion,)) for example in examples], end=True
        )

    def _splits(
        self, items: Sequence[tuple[str, tuple[str, ...]]], *, end: bool = False
    ) -> list[Split]:
        prompts = self._encode([prompt for prompt, _ in items])
        tails = self._tails([prompt for prompt, _ in items], prompts)
        ending = END if end and not self.templated else ""
        texts: dict[str, tuple[int, ...]] = {}
        for (_, options), (tail, _) in zip(items, tails, strict=True):
            for option in options:
                texts[f"{tail}{self._lead}{option}{ending}"] = ()
                if ending:
                    texts[f"{tail}{self._lead}{option}"] = ()
        texts = dict(zip(texts, self._encode(list(texts)), strict=True))
        splits = []
        for (_, options), ids, (tail, head) in zip(items, prompts, tails, strict=True):
            whole = []
            for option in options:
                bare = f"{tail}{self._lead}{option}"
                answered = texts[bare + ending]
                if end and (not ending or answered == texts[bare]) and self.eos is not None:
                    answered = (*answered, self.eos)
                whole.append((*ids[:head], *answered))
            splits.append(self._split(ids, whole))
        return splits

    def _split(self, prompt: tuple[int, ...], whole: list[tuple[int, ...]]) -> Split:
        shared = min(
            (min(_common(prompt, ids), len(ids) - 1) for ids in whole), default=len(prompt)
        )
        if shared < 0:
            raise ValueError("an answer has no tokens")
        return Split(
            prompt_tokens=len(self._prefix) + len(prompt),
            context=self._with_start((*self._prefix, *prompt[:shared])),
            answers=tuple(ids[shared:] for ids in whole),
        )

    def _tails(
        self, prompts: Sequence[str], ids: Sequence[tuple[int, ...]]
    ) -> list[tuple[str, int]]:
        """For each prompt its last word and how many tokens stand before it, so that only this
        word is tokenised again with every option; the whole prompt (and 0) where its tokens do
        not end with the word's own."""
        found = [match.group() if (match := _TAIL.search(prompt)) else "" for prompt in prompts]
        words = sorted(set(found) - {""})
        tokens = dict(zip(words, self._encode(words), strict=True))
        tails = []
        for prompt, whole, tail in zip(prompts, ids, found, strict=True):
            own = tokens.get(tail, ())
            local = bool(own) and whole[-len(own) :] == own
            tails.append((tail, len(whole) - len(own)) if local else (prompt, 0))
        return tails

    def _encode(self, texts: Sequence[str]) -> list[tuple[int, ...]]:
        if not texts:
            return []
        encoded = self._tokenizer(list(texts), add_special_tokens=False, verbose=False)
        return [tuple(ids) for ids in encoded["input_ids"]]

    def _with_start(self, ids: tuple[int, ...]) -> tuple[int, ...]:
        """A model needs one token to say what comes next."""
        return ids or (self._start if self._start is not None else self.pad,)


def _leading_specials(tokenizer: Any) -> tuple[int, ...]:
    """The tokens that the tokenizer itself puts before a text."""
    bare = tokenizer("a", add_special_tokens=False)["input_ids"]
    full = tokenizer("a")["input_ids"]
    for start in range(len(full) - len(bare) + 1):
        if full[start : start + len(bare)] == bare:
            return tuple(full[:start])
    return ()


def _common(left: tuple[int, ...], right: tuple[int, ...]) -> int:
    for index, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return index
    return min(len(left), len(right))


def shared_prefix(sequences: Iterable[tuple[int, ...]]) -> int:
    """How many first tokens all sequences have in common.

    >>> shared_prefix([(1, 2, 3), (1, 2, 4, 5), (1, 2)])
    2
    """
    ordered = sorted(sequences)
    return _common(ordered[0], ordered[-1]) if ordered else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Branches:
    """The beginnings of competing answers, each once: what must be read to know every token's
    probability but the first one's. An answer of one token adds none.

    `tokens`: the last token of each beginning; `depths`: how many tokens it has before that;
    `ancestors`: the beginnings that it begins with, itself included.
    """

    tokens: tuple[int, ...]
    depths: tuple[int, ...]
    ancestors: tuple[tuple[int, ...], ...]
    places: Mapping[tuple[int, ...], int]
    """Where each beginning stands."""

    @classmethod
    def of(cls, answers: Iterable[tuple[int, ...]]) -> Branches:
        places: dict[tuple[int, ...], int] = {}
        for answer in answers:
            for length in range(1, len(answer)):
                places.setdefault(answer[:length], len(places))
        return cls(
            tokens=tuple(beginning[-1] for beginning in places),
            depths=tuple(len(beginning) - 1 for beginning in places),
            ancestors=tuple(
                tuple(places[beginning[:length]] for length in range(1, len(beginning) + 1))
                for beginning in places
            ),
            places=places,
        )


def _nested(answers: tuple[tuple[int, ...], ...]) -> bool:
    """Whether one answer's tokens begin with all of another's. Sorted, such two are neighbours."""
    ordered = sorted(answers)
    return any(longer[: len(shorter)] == shorter for shorter, longer in pairwise(ordered))
