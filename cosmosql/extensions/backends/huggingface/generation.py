"""Greedy answers with their uncertainty: what `generate` does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from cosmosql.contracts.backend import Generated, Progress
from cosmosql.extensions.backends.huggingface.forward import (
    Engine,
    Prefix,
    batches,
    call,
    prefill,
    read_prefix,
)
from cosmosql.extensions.backends.huggingface.tokens import shared_prefix

CANDIDATES = 10
"""First tokens that are kept beside the chosen one (arXiv 2405.02134 looks among ten)."""


def generate(
    engine: Engine,
    prompts: Sequence[str],
    *,
    max_tokens: int,
    stop: str,
    progress: Progress | None = None,
) -> tuple[Generated, ...]:
    """The most likely token, again and again, until `stop` shows up in the text, the model ends
    the sequence or `max_tokens` are reached. Token counts and log-probabilities include the token
    that ended the answer; the text does not, and has no white space around it."""
    ids = engine.tokens.prompts(prompts)
    engine.require_fit([len(prompt) + max_tokens for prompt in ids])
    common = min(shared_prefix(ids), min(map(len, ids), default=1) - 1)
    prefix = read_prefix(engine, ids[0][:common] if len(ids) > 1 else ())
    rests = [prompt[prefix.length :] for prompt in ids]
    answers: dict[int, Generated] = {}
    for batch in batches([len(rest) + max_tokens for rest in rests], engine.batch_tokens):
        found = _greedy(engine, prefix, [rests[index] for index in batch], max_tokens, stop)
        for index, one in zip(batch, found, strict=True):
            answers[index] = replace(one, cached_tokens=prefix.length if index else 0)
        if progress:
            progress(len(answers), len(prompts))
    return tuple(answers[index] for index in range(len(prompts)))


def _greedy(
    engine: Engine, prefix: Prefix, rests: Sequence[tuple[int, ...]], max_tokens: int, stop: str
) -> list[Generated]:
    prefilled = prefill(engine, prefix, rests)
    logits, mask = prefilled.logits, prefilled.mask
    candidates = _candidates(engine, logits)
    written: list[list[int]] = [[] for _ in rests]
    logprobs: list[list[float]] = [[] for _ in rests]
    running = set(range(len(rests)))
    for step in range(max_tokens):
        best, index = torch.log_softmax(logits, dim=-1).max(dim=-1)
        chosen, values = index.tolist(), best.tolist()
        for row in sorted(running):
            written[row].append(chosen[row])
            logprobs[row].append(values[row])
            if chosen[row] == engine.tokens.eos or stop in engine.tokens.text(written[row]):
                running.discard(row)
        if not running or step + 1 == max_tokens:
            break
        mask = torch.cat([mask, mask.new_ones((len(rests), 1))], dim=1)
        positions = (prefilled.lengths + step)[:, None]
        output = call(
            engine,
            index[:, None],
            mask,
            positions,
            keep=1,
            past_key_values=prefilled.cache,
            use_cache=True,
        )
        logits = output.logits[:, -1].float()
    return [
        Generated(
            text=engine.tokens.text(tokens).split(stop)[0].strip(),
            token_logprobs=tuple(logprobs[row]),
            first_candidates=candidates[row],
            prompt_tokens=int(prefilled.lengths[row]),
            completion_tokens=len(tokens),
        )
        for row, tokens in enumerate(written)
    ]


def _candidates(engine: Engine, logits: torch.Tensor) -> list[tuple[tuple[str, float], ...]]:
    best, index = logits.topk(min(CANDIDATES, logits.shape[-1]), dim=-1)
    return [
        tuple((engine.tokens.token(token), value) for token, value in zip(ids, row, strict=True))
        for ids, row in zip(index.tolist(), best.tolist(), strict=True)
    ]
