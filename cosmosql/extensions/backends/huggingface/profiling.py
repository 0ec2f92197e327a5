"""Throughput of a model on this device, measured by short runs: what `profile` does.

A verb's time is overhead plus tokens times a rate. A few shapes of batches, far apart in rows,
width and cached beginning, tell the parts from each other by non-negative least squares of the
relative error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import nnls

from cosmosql.contracts.backend import ScoreRequest, TrainingOptions
from cosmosql.evidence.throughput import BACKWARD
from cosmosql.extensions.backends.huggingface.forward import (
    Engine,
    Prefix,
    call,
    prefill,
    read_prefix,
)
from cosmosql.extensions.backends.huggingface.scoring import score
from cosmosql.extensions.backends.huggingface.tokens import Split
from cosmosql.extensions.backends.huggingface.training import optimise

READ = ((1, 8, 0), (1, 96, 0), (1, 384, 0), (8, 96, 0), (40, 24, 0), (16, 24, 320))
"""Shapes that are read: rows, tokens of each, tokens of their cached beginning."""

TRAINED = ((2, 16), (8, 32), (8, 64))
"""Shapes of a training batch: rows and tokens of each."""

WRITTEN = (1, 8)
"""Rows that are written at a time."""

WIDTH = 32
"""Tokens of the prompts that are written after."""

NEW_TOKENS = 8
REQUESTS = 32
"""Short requests whose time beside the tokens is measured."""

UPDATES = 2
"""Optimiser steps of a measured training run."""

RUNS = 2
NONE = Prefix(length=0, layers=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Inference:
    """What reading and writing take, as in `DeviceProfile`."""

    prefill: float
    decode: float
    pass_seconds: float
    step_seconds: float
    request_seconds: float
    pair_seconds: float
    cached_seconds: float


def device_name(device: torch.device) -> str:
    """The device as it is written in a profile: `cpu`, or the accelerator's product name."""
    return str(torch.cuda.get_device_name(device)) if device.type == "cuda" else device.type


def measure_inference(engine: Engine) -> Inference:
    """Reading: seconds of a pass, a token, a pair of a token with one that it attends to, and a
    cached token. Writing: seconds of a step and of a row of it. And of a request, what is left."""
    shapes = [
        (rows, min(width, engine.context - cached), cached)
        for rows, width, cached in READ
        if width + cached <= engine.context or not cached
        if engine.shares or not cached
    ]
    parts = fitted([_parts(*shape) for shape in shapes], [read(engine, one) for one in shapes])
    step, row = measure_writing(engine)
    return Inference(
        prefill=1 / max(parts[1], 1e-12),
        decode=1 / max(row, 1e-12),
        pass_seconds=parts[0],
        step_seconds=step,
        request_seconds=measure_requests(engine, parts),
        pair_seconds=parts[2],
        cached_seconds=parts[3],
    )


def read(engine: Engine, shape: tuple[int, int, int]) -> float:
    """Seconds of reading a batch; its cached beginning has been read before."""
    prefix, rows = _batch(engine, shape)
    return _seconds(lambda: prefill(engine, prefix, rows), engine.device)


def _parts(rows: int, width: int, cached: int) -> tuple[float, float, float, float]:
    pairs = rows * (width * cached + width * width / 2)
    return 1.0, rows * width, pairs, rows * cached


def fitted(parts: Sequence[Sequence[float]], taken: Sequence[float]) -> tuple[float, ...]:
    """Seconds of each part, none of them negative, that explain what the shapes took with the
    least relative error."""
    design = np.asarray(parts, np.float64) / np.asarray(taken, np.float64)[:, None]
    scale: NDArray[np.float64] = np.maximum(design.max(axis=0), 1e-12)
    found, _ = nnls(design / scale, np.ones(len(taken)))
    return tuple(float(value) for value in found / scale)


def measure_writing(engine: Engine) -> tuple[float, float]:
    """Seconds of a step, and of a row of it."""
    width = max(2, min(WIDTH, engine.context - NEW_TOKENS))
    taken = []
    for rows in WRITTEN:
        _, prompts = _batch(engine, (rows, width, 0))
        reading = _seconds(partial(prefill, engine, NONE, prompts), engine.device)
        both = _seconds(partial(_read_and_write, engine, prompts), engine.device)
        # Noise can make the two equal; a step of writing costs at least a row's share of reading.
        writing = max(both - reading, reading * NEW_TOKENS / width)
        taken.append(writing / NEW_TOKENS)
    step, row = fitted([(1.0, float(rows)) for rows in WRITTEN], taken)
    # Where a batch takes no longer than one row, a row's share of the larger batch is the bound.
    return step, max(row, 0.01 * min(taken) / max(WRITTEN))


def _read_and_write(engine: Engine, prompts: Sequence[tuple[int, ...]]) -> None:
    prefilled = prefill(engine, NONE, prompts)
    mask, logits = prefilled.mask, prefilled.logits
    for step in range(NEW_TOKENS):
        mask = torch.cat([mask, mask.new_ones((len(logits), 1))], dim=1)
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


def measure_requests(engine: Engine, parts: Sequence[float]) -> float:
    """Seconds of a request beside its tokens: cutting it into tokens, building batches, reading
    the answers off the logits."""
    asked = [ScoreRequest(prompt=_text(engine, row), options=("a", "b")) for row in range(REQUESTS)]
    rests = [split.context for split in engine.tokens.competing(asked)]
    longest = max(map(len, rests))
    if longest + 8 > engine.context:
        return 0.0
    explained = float(np.dot(_parts(len(rests), longest, 0), parts))
    taken = _seconds(lambda: score(engine, asked), engine.device)
    return max(taken - explained, 0.0) / REQUESTS


def _text(engine: Engine, row: int) -> str:
    """A short prompt that begins as no other does."""
    text = f"{row} what is this, and what was it {row * 7}"
    templated = engine.tokens.templated
    return engine.tokens.render([("user", text)]) if templated else text


def measure_training(
    engine: Engine, options: TrainingOptions, pair_seconds: float
) -> tuple[float, float]:
    """Seconds of an update and of a token, attention left out, of training the adapter that is
    attached as `train` does."""
    shapes = [(rows, min(width, engine.context)) for rows, width in TRAINED]
    taken = []
    for rows, width in shapes:
        _, prompts = _batch(engine, (rows, width, 0))
        examples = [
            Split(prompt_tokens=width - 1, context=prompt[:-1], answers=(prompt[-1:],))
            for prompt in prompts
        ]
        asked = replace(options, learning_rate=0.0, batch_size=rows, steps=UPDATES)
        run = _seconds(partial(optimise, engine, examples, asked), engine.device) / UPDATES
        attention = BACKWARD * rows * width**2 / 2 * pair_seconds
        taken.append(max(run - attention, run / 2))
    update, token = fitted([(1.0, rows * width) for rows, width in shapes], taken)
    return update, max(token, 1e-12)


def measure_peak(device: torch.device, dtype: torch.dtype) -> float:
    """The device's dense matrix rate in FLOP/s at the model's precision."""
    size = 8192 if device.type == "cuda" else 512
    matrix = torch.ones((size, size), device=device, dtype=dtype)
    return 2 * size**3 / _seconds(lambda: matrix @ matrix, device)


def _batch(engine: Engine, shape: tuple[int, int, int]) -> tuple[Prefix, list[tuple[int, ...]]]:
    """Rows of different tokens, behind a beginning that has been read."""
    rows, width, cached = shape
    beginning = [place % engine.vocabulary for place in range(cached)]
    prefix = read_prefix(engine, beginning) if cached else NONE
    return prefix, [
        tuple((row + place) % engine.vocabulary for place in range(width)) for row in range(rows)
    ]


def _seconds(run: Callable[[], object], device: torch.device) -> float:
    """The least time of a few runs after one that warms up: what else the machine does only adds
    to it."""
    times = []
    for _ in range(1 + RUNS):
        start = perf_counter()
        run()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        times.append(perf_counter() - start)
    return max(min(times[1:]), 1e-9)
