"""LoRA fine-tuning on completions with peft: what `train` does."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch.nn.functional import cross_entropy

from cosmosql.contracts.backend import Progress, TrainingOptions, TrainingResult
from cosmosql.diagnostics.diagnostic import reject
from cosmosql.extensions.backends.huggingface.forward import (
    Engine,
    call,
    left_padded,
    positions_of,
)
from cosmosql.extensions.backends.huggingface.tokens import Split

WARM_UP = 0.1
"""Share of the steps over which the learning rate rises; then it falls linearly towards 0."""
GRADIENT_NORM = 1.0
WINDOW = 8
"""Batches among which rows are sorted by length: less padding, order still random."""
IGNORED = -100


def attach_adapter(model: Any, options: TrainingOptions, name: str) -> Any:
    """A peft model with a fresh LoRA adapter on every linear layer of attention and MLP.

    The initial values depend on the seed alone; the caller's random state is left as it was. Raises
    InputError E0539 where peft has no such adapter for the model.
    """
    config = LoraConfig(
        r=options.rank,
        lora_alpha=options.alpha,
        lora_dropout=options.dropout,
        target_modules="all-linear",
        fan_in_fan_out="Conv1D" in {type(module).__name__ for module in model.modules()},
        task_type="CAUSAL_LM",
    )
    with seeded(options.seed), _renamed_by_transformers():
        try:
            adapted = get_peft_model(model, config)
        except ValueError as error:
            # Fused experts of a mixture, for example, take no dropout.
            reject(
                "E0539",
                "no such adapter for this model",
                notes=(f"`{name}`: {str(error).splitlines()[0]}",),
                help="leave `dropout` out, or adapt a model without experts",
            )
    # peft writes where it found the base model; an adapter names it as the spec does.
    adapted.peft_config["default"].base_model_name_or_path = name
    return adapted


def attach_saved_adapter(model: Any, directory: Path) -> Any:
    """A peft model with the adapter that a PEFT directory holds."""
    with _renamed_by_transformers():
        return PeftModel.from_pretrained(model, str(directory))


@contextmanager
def _renamed_by_transformers() -> Iterator[None]:
    """Silences a warning that is not for the user: peft asks transformers by an older name."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Torch's global random state set to a seed inside the block and restored after it."""
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        yield


def optimise(
    engine: Engine,
    examples: Sequence[Split],
    options: TrainingOptions,
    progress: Progress | None = None,
) -> TrainingResult:
    """Trains the parameters of the active model that ask for gradients, for `options.steps` steps
    of AdamW, on the loss of the answers' tokens. Rows come in a new random order each pass; the
    same seed gives the same run."""
    trained = [weight for weight in engine.model.parameters() if weight.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=options.learning_rate, weight_decay=0.0)
    losses: list[float] = []
    tokens = 0
    engine.model.train()
    try:
        with seeded(options.seed):
            for step, batch in enumerate(_schedule(examples, options)):
                rate = options.learning_rate * learning_rate_factor(step, options.steps)
                for group in optimiser.param_groups:
                    group["lr"] = rate
                loss = _loss(engine, batch)
                optimiser.zero_grad(set_to_none=True)
                loss.backward()
                torch.nn.utils.clip_grad_norm_(trained, GRADIENT_NORM)
                optimiser.step()
                losses.append(loss.item())
                tokens += sum(len(row.context) + len(row.answers[0]) for row in batch)
                if progress:
                    progress(step + 1, options.steps)
    finally:
        engine.model.eval()
    return TrainingResult(tokens=tokens, steps=len(losses), losses=tuple(losses))


def learning_rate_factor(step: int, steps: int) -> float:
    """Share of the learning rate at a step: up over the first tenth, then linearly down.

    >>> [round(learning_rate_factor(step, 20), 2) for step in (0, 1, 2, 19)]
    [0.5, 1.0, 1.0, 0.06]
    """
    warm = max(1, round(steps * WARM_UP))
    if step < warm:
        return (step + 1) / warm
    return (steps - step) / (steps - warm)


def _schedule(examples: Sequence[Split], options: TrainingOptions) -> list[list[Split]]:
    """The batches of a run: passes over the rows one after another, cut into batches of rows that
    are near in time and alike in length."""
    generator = torch.Generator().manual_seed(options.seed)
    wanted = options.steps * options.batch_size
    order: list[int] = []
    while len(order) < wanted:
        order += torch.randperm(len(examples), generator=generator).tolist()
    order = order[:wanted]
    lengths = [len(row.context) + len(row.answers[0]) for row in examples]
    found: list[list[Split]] = []
    for start in range(0, wanted, WINDOW * options.batch_size):
        window = sorted(order[start : start + WINDOW * options.batch_size], key=lengths.__getitem__)
        cut = [
            [examples[index] for index in window[place : place + options.batch_size]]
            for place in range(0, len(window), options.batch_size)
        ]
        found += [cut[index] for index in torch.randperm(len(cut), generator=generator).tolist()]
    return found


def _loss(engine: Engine, batch: Sequence[Split]) -> torch.Tensor:
    """Mean loss in nats a token of the answers."""
    tokens, mask = left_padded(
        [row.context + row.answers[0] for row in batch], engine.tokens.pad, engine.device
    )
    keep = 1 + max(len(row.answers[0]) for row in batch)
    targets = torch.tensor(
        [[IGNORED] * (keep - 1 - len(row.answers[0])) + list(row.answers[0]) for row in batch],
        device=engine.device,
    )
    output = call(engine, tokens, mask, positions_of(mask), keep=keep, use_cache=False)
    logits = output.logits[:, -keep:-1].float()
    return cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED)
