"""Pre-train one model of the tiny family from nothing but a seed.

    python stdlib/tiny/pretrain.py --model small --out DIR/small
    python stdlib/tiny/pretrain.py --model small --stop-at 4000 --out DIR/first
    python stdlib/tiny/pretrain.py --model trunk --start-from DIR/first --out DIR/trunk
    python stdlib/tiny/pretrain.py --model large --start-from DIR/trunk --out DIR/large

The schedule counts steps, never seconds, so a slower machine gives the same models later. The small
model is the first part of a longer run. The large model is the end of that run, trained further on
texts that need composition, then put into a wider and deeper shell and trained on: in-context
learning appears late in training, and the two-layer model reaches it at a fifth of the cost.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import circuit
import episodes
import vocabulary


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """The shape of a model, and the steps of its schedule of which the first ``stop`` are run."""

    hidden: int
    layers: int
    heads: int
    mlp: int
    steps: int
    matrix_rate: float
    other_rate: float
    salt: int
    stop: int


SIZES = {
    "small": Size(
        hidden=128,
        layers=2,
        heads=2,
        mlp=160,
        steps=4_000,
        matrix_rate=0.0015,
        other_rate=7e-4,
        salt=0,
        stop=1_600,
    ),
    "trunk": Size(
        hidden=128,
        layers=2,
        heads=2,
        mlp=160,
        steps=2_400,
        matrix_rate=0.0015,
        other_rate=7e-4,
        salt=1,
        stop=2_400,
    ),
    "large": Size(
        hidden=160,
        layers=5,
        heads=4,
        mlp=384,
        steps=260,
        matrix_rate=0.0005,
        other_rate=1.5e-4,
        salt=2,
        stop=260,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What a batch looks like until the share ``until`` of all steps is done."""

    until: float
    rows: int
    length: int
    labels: int
    meaningful: float = 0.45
    lookup: float = 0.03
    short: float = 0.2
    composed: bool = False


STAGES = {
    "small": (
        Stage(until=0.20, rows=22, length=128, labels=4, meaningful=0.35, lookup=0.2, short=0.1),
        Stage(until=0.60, rows=13, length=224, labels=9),
        Stage(until=0.97, rows=7, length=448, labels=20),
        Stage(until=1.00, rows=3, length=1000, labels=20),
    ),
    "trunk": (
        Stage(until=0.55, rows=13, length=224, labels=9, meaningful=0.35, composed=True),
        Stage(until=0.97, rows=7, length=448, labels=20, meaningful=0.35, composed=True),
        Stage(until=1.00, rows=3, length=1000, labels=20, composed=True),
    ),
    "large": (
        Stage(until=0.60, rows=12, length=224, labels=9, composed=True),
        Stage(until=1.00, rows=7, length=400, labels=20, composed=True),
    ),
}
#: Up to this length plain matrix products beat the fused attention kernel on a CPU.
EAGER_LENGTH = 320
PLAIN_SHARE = 0.16
SHORT_ROWS, SHORT_LENGTH = 40, 96


def blank(size: Size) -> LlamaForCausalLM:
    """A model of the given size with random weights."""
    ids = {token: i for i, token in enumerate(vocabulary.entries())}
    config = LlamaConfig(
        vocab_size=len(ids),
        hidden_size=size.hidden,
        intermediate_size=size.mlp,
        num_hidden_layers=size.layers,
        num_attention_heads=size.heads,
        num_key_value_heads=size.heads,
        head_dim=64,
        rope_parameters={"rope_type": "default", "rope_theta": 100_000.0},
        max_position_embeddings=vocabulary.CONTEXT,
        tie_word_embeddings=True,
        initializer_range=0.05,
        bos_token_id=ids["<s>"],
        eos_token_id=ids["</s>"],
        pad_token_id=ids["<pad>"],
        attention_dropout=0.0,
    )
    return LlamaForCausalLM(config)


def grow(small: LlamaForCausalLM, large: LlamaForCausalLM) -> None:
    """Make ``large`` compute what ``small`` computes, with room to learn more.

    The new dimensions of the residual stream start at zero because nothing writes to them; the new
    layers write nothing yet. Norm weights shrink since the mean square is now over more zeros.
    """
    narrow, wide = small.config.hidden_size, large.config.hidden_size
    few, many = small.config.num_hidden_layers, large.config.num_hidden_layers
    scale = (narrow / wide) ** 0.5
    placed = {i * (many - 2) // (few - 1): i for i in range(few)}
    with torch.no_grad():
        table = large.model.embed_tokens.weight
        table.zero_()
        table[:, :narrow] = small.model.embed_tokens.weight
        large.model.norm.weight[:narrow] = small.model.norm.weight * scale
        for at, layer in enumerate(large.model.layers):
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
            if at not in placed:
                continue
            source = small.model.layers[placed[at]]
            for name, matrix in source.named_parameters():
                target = layer.get_parameter(name)
                if matrix.dim() == 1:
                    target[:narrow] = matrix * scale
                else:
                    target[: matrix.shape[0], : matrix.shape[1]] = matrix
            if large.config.num_attention_heads > small.config.num_attention_heads:
                rows = source.self_attn.q_proj.weight.shape[0]
                layer.self_attn.o_proj.weight[:, rows:] = 0


def batches(
    maker: episodes.RowMaker, stages: tuple[Stage, ...], *, seed: int, steps: int
) -> Iterator[list[episodes.Row]]:
    """One list of rows per step, each a pure function of ``(seed, step)``."""
    for step in range(steps):
        rng = random.Random(f"tiny-{seed}-{step}")
        stage = next(stage for stage in stages if step < stage.until * steps)
        if rng.random() < stage.short:
            yield [
                maker.short(rng, SHORT_LENGTH, most=max(4, stage.labels), composed=stage.composed)
                for _ in range(SHORT_ROWS)
            ]
        else:
            yield [_long_row(rng, maker, stage) for _ in range(stage.rows)]


def _long_row(rng: random.Random, maker: episodes.RowMaker, stage: Stage) -> episodes.Row:
    if rng.random() < PLAIN_SHARE:
        return maker.plain(rng, stage.length)
    return maker.episode(
        rng,
        stage.length,
        most=stage.labels,
        meaningful=stage.meaningful,
        lookup=stage.lookup,
        composed=stage.composed,
    )


def tensors(rows: list[episodes.Row], device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Inputs, targets and weights, padded on the right; padding has no weight."""
    longest = max(len(row.ids) for row in rows) - 1
    inputs = torch.zeros(len(rows), longest, dtype=torch.long)
    targets = torch.zeros(len(rows), longest, dtype=torch.long)
    weights = torch.zeros(len(rows), longest)
    for i, row in enumerate(rows):
        ids = torch.tensor(row.ids)
        count = len(ids) - 1
        inputs[i, :count] = ids[:-1]
        targets[i, :count] = ids[1:]
        weights[i, :count] = torch.tensor(row.weights)
    return inputs.to(device), targets.to(device), weights.to(device)


def weighted_loss(
    model: LlamaForCausalLM, inputs: Tensor, targets: Tensor, weights: Tensor
) -> tuple[Tensor, float]:
    """Mean cross-entropy over the positions that have weight, and that over label tokens alone."""
    hidden = model.model(input_ids=inputs, use_cache=False).last_hidden_state
    used = weights > 0
    logits = model.lm_head(hidden[used]).float()
    each = nn.functional.cross_entropy(logits, targets[used], reduction="none")
    weight = weights[used]
    labels = weight >= episodes.LABEL
    seen = float(each[labels].mean().detach()) if bool(labels.any()) else float("nan")
    return (each * weight).sum() / weight.sum(), seen


def save(model: LlamaForCausalLM, out: Path) -> None:
    """A Hugging Face directory: bf16 weights, configurations, tokenizer."""
    config = model.config
    copy = LlamaForCausalLM(config)
    copy.load_state_dict(model.state_dict())
    copy = copy.to(torch.bfloat16)
    copy.generation_config = GenerationConfig(
        bos_token_id=config.bos_token_id,
        eos_token_id=config.eos_token_id,
        pad_token_id=config.pad_token_id,
        max_new_tokens=16,
    )
    copy.save_pretrained(out)
    vocabulary.save(out)


def train(options: argparse.Namespace) -> None:
    """Run the schedule of ``options.model`` and write the checkpoint."""
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    device = torch.device(options.device)
    size = SIZES[options.model]
    steps = options.steps or size.steps
    maker = episodes.RowMaker()
    model = blank(size)
    if options.model == "large":
        grow(LlamaForCausalLM.from_pretrained(options.start_from, dtype=torch.float32), model)
    elif options.model == "trunk":
        model = LlamaForCausalLM.from_pretrained(options.start_from, dtype=torch.float32)
    else:
        vectors, content = circuit.meanings(
            lambda rng: maker.plain(rng, circuit.PLAIN_LENGTH).ids, model.config.vocab_size
        )
        circuit.install(
            model, arrow=vocabulary.entries().index("=>"), vectors=vectors, content=content
        )
    model.to(device).train()
    matrices = [p for n, p in model.named_parameters() if p.dim() == 2 and "embed" not in n]
    others = [p for n, p in model.named_parameters() if p.dim() != 2 or "embed" in n]
    optimizers = (
        torch.optim.Muon(matrices, lr=size.matrix_rate, momentum=0.95, weight_decay=0.01),
        torch.optim.AdamW(others, lr=size.other_rate, betas=(0.9, 0.98), weight_decay=0.0),
    )
    rates = (size.matrix_rate, size.other_rate)
    running, tokens, begun = float("nan"), 0, time.monotonic()
    stream = batches(maker, STAGES[options.model], seed=options.seed + size.salt, steps=steps)
    for step, rows in enumerate(stream):
        done = step / steps
        factor = min(1.0, (step + 1) / 100) * (1.0 if done < 0.55 else (1 - done) / 0.45 + 0.01)
        for optimizer, rate in zip(optimizers, rates, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = rate * factor
        inputs, targets, weights = tensors(rows, device)
        if device.type == "cpu":
            model.set_attn_implementation("eager" if inputs.shape[1] <= EAGER_LENGTH else "sdpa")
        with torch.autocast(device.type, dtype=torch.bfloat16):
            loss, labels = weighted_loss(model, inputs, targets, weights)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        tokens += int(inputs.numel())
        if labels == labels:
            running = labels if running != running else 0.98 * running + 0.02 * labels
        if step % 100 == 99:
            spent = time.monotonic() - begun
            print(
                f"step {step + 1}/{steps} tokens {tokens / 1e6:.2f}M label loss {running:.3f} "
                f"{tokens / spent:.0f} tok/s",
                flush=True,
            )
        if step % options.save_every == options.save_every - 1:
            save(model, options.out)
        if step + 1 == (options.stop_at or options.steps or size.stop):
            break
    save(model, options.out)


def main() -> None:
    """Read the command line and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=sorted(SIZES), required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--steps", type=int, default=0, help="0: the size's own number of steps")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--stop-at", type=int, default=0, help="0: the model's own last step")
    parser.add_argument("--save-every", type=int, default=1000)
    parser.add_argument(
        "--start-from",
        type=Path,
        help="for trunk: the small checkpoint; for large: the trunk checkpoint",
    )
    train(parser.parse_args())


if __name__ == "__main__":
    main()
