"""Forward passes with key-value caches: the one place that knows how transformers is called.

Gradients are the caller's choice: the backend turns them off around the verbs that answer.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

from cosmosql.contracts.backend import ContextOverflow
from cosmosql.extensions.backends.huggingface.tokens import Branches, PromptTokenizer

SHORTEST_SHARED_PREFIX = 8
"""Below this a prefix is not worth a forward pass of its own."""
TOLERANCE = 0.02
"""Relative difference of logits that half precision explains; a wrong mask makes a larger one."""


@dataclass(slots=True, kw_only=True)
class Engine:
    """A model on a device with what the verbs need to know of it."""

    model: Any
    """The active one: the base model, or it with an adapter."""
    tokens: PromptTokenizer
    device: torch.device
    context: int
    vocabulary: int
    batch_tokens: int
    """Tokens of one forward pass, padding included."""
    accepted: frozenset[str]
    """Parameters of the base model's `forward`."""
    shares: bool = False
    """Whether prompts can share a beginning and answers their prompt; see `shares_work`."""

    def require_fit(self, lengths: Sequence[int]) -> None:
        """Raises ContextOverflow where the longest does not fit."""
        longest = max(lengths, default=0)
        if longest > self.context:
            raise ContextOverflow(longest, self.context)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefix:
    """A beginning that many sequences share, computed once. Length 0: there is none."""

    length: int
    layers: tuple[tuple[torch.Tensor, torch.Tensor], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefilled:
    """Prompts that have been read. `logits` (rows, vocabulary) are those after the last token, in
    float32; `mask` (rows, positions) tells tokens from padding; `lengths` (rows,) counts them."""

    logits: torch.Tensor
    cache: Any
    mask: torch.Tensor
    lengths: torch.Tensor


def accepted_parameters(model: Any) -> frozenset[str]:
    return frozenset(inspect.signature(model.forward).parameters)


def call(
    engine: Engine,
    tokens: torch.Tensor,
    mask: torch.Tensor,
    positions: torch.Tensor,
    *,
    keep: int,
    **more: Any,
) -> Any:
    """The model's output; logits of the last `keep` positions at least."""
    inputs: dict[str, Any] = {"input_ids": tokens, "attention_mask": mask, **more}
    if "position_ids" in engine.accepted:
        inputs["position_ids"] = positions
    if "logits_to_keep" in engine.accepted:
        inputs["logits_to_keep"] = keep
    return engine.model(**inputs)


def left_padded(
    sequences: Sequence[Sequence[int]], pad: int, device: torch.device
) -> tuple[torch.Tensor, torch.Tensor]:
    """Tokens and mask, both (rows, longest), with every sequence ending in the last column."""
    width = max(len(sequence) for sequence in sequences)
    tokens = torch.tensor([[pad] * (width - len(ids)) + list(ids) for ids in sequences])
    mask = torch.tensor([[0] * (width - len(ids)) + [1] * len(ids) for ids in sequences])
    return tokens.to(device), mask.to(device)


def positions_of(mask: torch.Tensor) -> torch.Tensor:
    """Each token's place in its own sequence; padding gets 0."""
    return (mask.cumsum(dim=-1) - 1).clamp(min=0)


def batches(lengths: Sequence[int], tokens: int) -> Iterator[list[int]]:
    """Indices in batches of similar length, shortest first, each within a number of tokens."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda index: (lengths[index], index)):
        if batch and (len(batch) + 1) * lengths[index] > tokens:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def read_prefix(engine: Engine, prefix: Sequence[int]) -> Prefix:
    """The cache after a beginning, or the empty one where sharing does not pay or is impossible."""
    if not engine.shares or len(prefix) < SHORTEST_SHARED_PREFIX:
        return Prefix(length=0, layers=())
    tokens, mask = left_padded([prefix], engine.tokens.pad, engine.device)
    output = call(engine, tokens, mask, positions_of(mask), keep=1, use_cache=True)
    layers = tuple((layer.keys, layer.values) for layer in output.past_key_values.layers)
    return Prefix(length=len(prefix), layers=layers)


def prefill(engine: Engine, prefix: Prefix, rest: Sequence[Sequence[int]]) -> Prefilled:
    """Reads `prefix` followed by each of `rest` (none of them empty)."""
    tokens, mask = left_padded(rest, engine.tokens.pad, engine.device)
    positions = positions_of(mask) + prefix.length
    more: dict[str, Any] = {"use_cache": True}
    if prefix.length:
        rows = len(rest)
        mask = torch.cat([mask.new_ones((rows, prefix.length)), mask], dim=1)
        more["past_key_values"] = DynamicCache(
            [
                (keys.expand(rows, -1, -1, -1), values.expand(rows, -1, -1, -1))
                for keys, values in prefix.layers
            ]
        )
    output = call(engine, tokens, mask, positions, keep=1, **more)
    return Prefilled(
        logits=output.logits[:, -1].float(),
        cache=output.past_key_values,
        mask=mask,
        lengths=mask.sum(dim=1),
    )


def branch(engine: Engine, prefilled: Prefilled, branches: Sequence[Branches]) -> torch.Tensor:
    """Logits (rows, beginnings, vocabulary) after each beginning of an answer to each prompt that
    was read, all in one pass: a beginning sees its prompt and its own ancestors alone. Logits of
    padding mean nothing, and the cache that was read cannot be used again."""
    rows, width = len(branches), max(len(one.tokens) for one in branches)
    tokens = torch.full((rows, width), engine.tokens.pad)
    depths = torch.zeros((rows, width), dtype=torch.long)
    sees = torch.eye(width, dtype=torch.bool).repeat(rows, 1, 1)
    for row, one in enumerate(branches):
        count = len(one.tokens)
        tokens[row, :count] = torch.tensor(one.tokens, dtype=torch.long)
        depths[row, :count] = torch.tensor(one.depths, dtype=torch.long)
        for place, ancestors in enumerate(one.ancestors):
            sees[row, place, list(ancestors)] = True
    prompt = prefilled.mask.bool()[:, None, :].expand(-1, width, -1)
    seen = torch.cat([prompt, sees.to(engine.device)], dim=-1)[:, None]
    hidden = torch.finfo(engine.model.dtype).min
    mask = torch.zeros(seen.shape, dtype=engine.model.dtype, device=engine.device)
    output = call(
        engine,
        tokens.to(engine.device),
        mask.masked_fill(~seen, hidden),
        prefilled.lengths[:, None] + depths.to(engine.device),
        keep=width,
        past_key_values=prefilled.cache,
        use_cache=True,
    )
    logits: torch.Tensor = output.logits[:, -width:]
    return logits


def shares_work(engine: Engine) -> bool:
    """Whether prompts can share a beginning and answers their prompt.

    That needs a cache of keys and values alone (no sliding window, no recurrent state) and a
    model that heeds positions and masks given to it. It is tried, on a few tokens: the names of
    architectures say nothing about it.
    """
    if not {"position_ids", "attention_mask"} <= engine.accepted:
        return False
    ids = [token % engine.vocabulary for token in range(3, 9)]
    beginnings = Branches.of([(ids[2], ids[3], ids[4]), (ids[5], ids[3])])
    whole = [ids[:2] + ids[2:4], ids[:2] + ids[5:6]]
    try:
        with torch.no_grad():
            prefilled = prefill(engine, Prefix(length=0, layers=()), [ids[:2]])
            if not _plain(prefilled.cache):
                return False
            branched = branch(engine, prefilled, [beginnings])[0].float()
            alone = prefill(engine, Prefix(length=0, layers=()), whole).logits
    except (RuntimeError, ValueError, TypeError, IndexError, AttributeError):
        return False
    wanted = torch.stack([branched[1], branched[2]])
    return bool((wanted - alone).abs().max() <= TOLERANCE * (1 + alone.abs().max()))


def _plain(cache: Any) -> bool:
    return isinstance(cache, DynamicCache) and all(
        type(layer) is DynamicLayer for layer in cache.layers
    )
