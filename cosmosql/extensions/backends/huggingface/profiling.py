"""Throughput of a model on this device, measured by short runs: what `profile` does."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from time import perf_counter

import torch

from cosmosql.contracts.backend import DeviceProfile
from cosmosql.extensions.backends.huggingface.forward import (
    Engine,
    Prefix,
    call,
    left_padded,
    positions_of,
    prefill,
)

ROWS = 8
"""Rows of a measured batch."""
WIDTH = 96
"""Tokens of a measured row, less where the context is shorter."""
NEW_TOKENS = 8
RUNS = 3


def device_name(device: torch.device) -> str:
    """The device as it is written in a profile: `cpu`, or the accelerator's product name."""
    return str(torch.cuda.get_device_name(device)) if device.type == "cuda" else device.type


def measure_inference(engine: Engine) -> tuple[float, float]:
    """Tokens a second of reading prompts and of writing answers, in batches of `ROWS`."""
    width = max(2, min(WIDTH, engine.context - NEW_TOKENS))
    rows = [
        tuple((row + place) % engine.vocabulary for place in range(width)) for row in range(ROWS)
    ]
    none = Prefix(length=0, layers=())
    reading = _seconds(lambda: prefill(engine, none, rows), engine.device)
    both = _seconds(lambda: _read_and_write(engine, rows), engine.device)
    # Noise can make the two runs equal; a step of writing costs at least a row's share of reading.
    writing = max(both - reading, reading * NEW_TOKENS / width)
    return ROWS * width / reading, ROWS * NEW_TOKENS / writing


def _read_and_write(engine: Engine, rows: list[tuple[int, ...]]) -> None:
    prefilled = prefill(engine, Prefix(length=0, layers=()), rows)
    mask, logits = prefilled.mask, prefilled.logits
    for step in range(NEW_TOKENS):
        mask = torch.cat([mask, mask.new_ones((len(rows), 1))], dim=1)
        output = call(
            engine,
            logits.argmax(dim=-1)[:, None],
            mask,
            (prefilled.lengths + step)[:, None],
            keep=1,
            past_key_values=prefilled.cache,
            use_cache=True,
        )
        logits = output.logits[:, -1].float()


def measure_training(engine: Engine) -> float:
    """Tokens a second of forward and backward passes with the adapter that is attached."""
    width = min(WIDTH, engine.context)
    rows = [
        tuple((row + place) % engine.vocabulary for place in range(width)) for row in range(ROWS)
    ]
    tokens, mask = left_padded(rows, engine.tokens.pad, engine.device)

    def step() -> None:
        output = call(engine, tokens, mask, positions_of(mask), keep=8, use_cache=False)
        output.logits.float().logsumexp(dim=-1).mean().backward()

    seconds = _seconds(step, engine.device)
    engine.model.zero_grad(set_to_none=True)
    return ROWS * width / seconds


def measure_peak(device: torch.device, dtype: torch.dtype) -> float:
    """The device's dense matrix rate in FLOP/s at the model's precision."""
    size = 8192 if device.type == "cuda" else 512
    matrix = torch.ones((size, size), device=device, dtype=dtype)
    return 2 * size**3 / _seconds(lambda: matrix @ matrix, device)


def _seconds(run: Callable[[], object], device: torch.device) -> float:
    """The median time of a few runs after one that warms up."""
    times = []
    for _ in range(1 + RUNS):
        start = perf_counter()
        run()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        times.append(perf_counter() - start)
    return max(statistics.median(times[1:]), 1e-9)


def profile_of(
    engine: Engine, *, dtype: torch.dtype, inference: tuple[float, float], training: float
) -> DeviceProfile:
    prefill_rate, decode_rate = inference
    return DeviceProfile(
        device=device_name(engine.device),
        prefill=prefill_rate,
        decode=decode_rate,
        training=training,
        peak_flops=measure_peak(engine.device, dtype),
    )
