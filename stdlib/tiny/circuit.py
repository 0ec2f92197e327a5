"""Initial weights of a two-layer model that can already look answers up in its context.

Gradient descent finds in-context learning late: every position has to gather the content words
before it, and a position about to answer has to attend to answers whose gathered words resemble
its own, and copy them; each half is useless alone. Both are written into the initial weights here,
roughly, over embeddings whose first part comes from co-occurrence counts of the training text.
Training then refines all of it, from the first step on.

The residual stream of the initial model is laid out as: one constant; one flag, "the token before
me is ``=>``"; meaning (from counts); identity (random, so that tokens can be told apart); gathered
meaning (empty until layer 0 has written it).
"""

from __future__ import annotations

import random
from collections.abc import Callable

import torch
from torch import Tensor
from transformers import LlamaForCausalLM

MEANING = 32
NORM = 1.05
CONSTANT, CONTENT = 0.6, 0.6
FLAG_GAIN, GATHER_GAIN, COPY_GAIN = 0.1, 0.35, 1.0
FLAG_PULL, MATCH = 1.8, 2.3
FINAL_GAIN = 1.7
PLAIN_ROWS, PLAIN_LENGTH = 6_000, 60


def meanings(draw: Callable[[random.Random], list[int]], size: int) -> tuple[Tensor, Tensor]:
    """A vector of unit length per token, and how much of a content word each token is (0 to 1).

    Tokens of one paragraph count as occurring together; counts become positive pointwise mutual
    information, of which the leading singular vectors are kept.
    """
    together = torch.zeros(size, size)
    for i in range(PLAIN_ROWS):
        ids = torch.tensor(sorted(set(draw(random.Random(f"tiny-meaning-{i}")))))
        together[ids.unsqueeze(1), ids.unsqueeze(0)] += 1
    often = together.diagonal().clone()
    together.fill_diagonal_(0)
    total = together.sum()
    margin = together.sum(0).clamp_min(1)
    mutual = (together * total / (margin.unsqueeze(0) * margin.unsqueeze(1))).clamp_min(1e-9).log()
    mutual = (mutual - 1.0).clamp_min(0)
    torch.manual_seed(0)
    left, values, _ = torch.svd_lowrank(mutual, q=MEANING + 16, niter=3)
    vectors = left[:, :MEANING] * values[:MEANING] ** 0.25
    vectors = vectors / vectors.norm(dim=1, keepdim=True).clamp_min(1e-6)
    content = (1.0 - often / (0.08 * PLAIN_ROWS)).clamp(0, 1) * (often > 0)
    return vectors, content


def _recency(size: int, theta: float, *, strength: float, pairs: range, ahead: float) -> Tensor:
    """Query (first row) and key whose product, under rotary positions, peaks ``ahead`` back."""
    half = size // 2
    both = torch.zeros(2, size)
    for i in pairs:
        turn = torch.tensor(ahead * theta ** (-i / half))
        both[0, i] = strength
        both[1, i] = strength * torch.cos(turn)
        both[1, i + half] = strength * torch.sin(turn)
    return both


def install(model: LlamaForCausalLM, *, arrow: int, vectors: Tensor, content: Tensor) -> None:
    """Write embeddings and look-up circuit into a model of two layers and two wide heads."""
    config = model.config
    width, size = config.hidden_size, config.head_dim
    half, theta = size // 2, float(config.rope_parameters["rope_theta"])
    flag = 1
    meaning = slice(2, 2 + MEANING)
    identity = slice(2 + MEANING, width - MEANING)
    gathered = slice(width - MEANING, width)
    with torch.no_grad():
        table = model.model.embed_tokens.weight
        names = torch.randn(table.shape[0], width - 2 - 2 * MEANING)
        names /= names.norm(dim=1, keepdim=True)
        used = CONTENT * content
        table.zero_()
        table[:, 0] = CONSTANT
        table[:, meaning] = vectors * used.unsqueeze(1)
        table[:, identity] = names * (NORM**2 - CONSTANT**2 - used**2).sqrt().unsqueeze(1)
        scale = NORM / width**0.5
        constant = CONSTANT / scale

        for layer in model.model.layers:
            layer.mlp.down_proj.weight *= 0.2
            for matrix in (layer.self_attn.q_proj, layer.self_attn.k_proj):
                matrix.weight *= 0.1
            layer.self_attn.v_proj.weight *= 0.2
            layer.self_attn.o_proj.weight *= 0.2
        first, second = (layer.self_attn for layer in model.model.layers)

        query, key = _recency(size, theta, strength=6.0, pairs=range(0, 12), ahead=1.0)
        first.q_proj.weight[:size, 0] = query / constant
        first.k_proj.weight[:size, 0] = key / constant
        first.v_proj.weight[0].zero_()
        first.v_proj.weight[0, identity] = names[arrow]
        first.o_proj.weight[flag, :size].zero_()
        first.o_proj.weight[flag, 0] = FLAG_GAIN
        query, key = _recency(size, theta, strength=3.4, pairs=range(6, 12), ahead=4.0)
        first.q_proj.weight[size : 2 * size, 0] = query / constant
        first.k_proj.weight[size : 2 * size, 0] = key / constant
        eye = torch.eye(MEANING)
        first.v_proj.weight[size : size + MEANING].zero_()
        first.v_proj.weight[size : size + MEANING, meaning] = eye
        first.o_proj.weight[gathered, size : size + MEANING] = GATHER_GAIN * eye

        slow = [*range(half - MEANING // 2, half), *range(size - MEANING // 2, size)]
        for head, copied in ((0, identity), (1, meaning)):
            at = head * size
            for projection in (second.q_proj, second.k_proj):
                for place, row in enumerate(slow):
                    projection.weight[at + row].zero_()
                    projection.weight[at + row, gathered.start + place] = MATCH
            last = at + half - 1
            second.q_proj.weight[last].zero_()
            second.q_proj.weight[last, 0] = FLAG_PULL
            second.k_proj.weight[last].zero_()
            second.k_proj.weight[last, flag] = FLAG_PULL
            count = copied.stop - copied.start
            eye = torch.eye(count)
            second.v_proj.weight[at : at + count].zero_()
            second.v_proj.weight[at : at + count, copied] = eye
            second.o_proj.weight[copied, at : at + count] = COPY_GAIN * eye
        model.model.norm.weight *= FINAL_GAIN
