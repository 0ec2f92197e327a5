"""Tokens to seconds and to floating-point operations: the only timings that enter a plan.

Seconds are modelled from a device profile measured first and kept, never taken from a single
step, so that interrupting and repeating a run gives the same numbers.
"""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from typing import TYPE_CHECKING, Protocol, TypeAlias, cast

from cosmosql.contracts.backend import DeviceProfile, ModelCard
from cosmosql.evidence.measured import UNMEASURED
from cosmosql.evidence.observation import Observation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Amount: TypeAlias = "float | NDArray[np.float64]"
"""One number, or draws of it."""

FORWARD = 2
"""FLOPs a parameter and token of a forward pass: one multiplication, one addition (Kaplan et al.
2020, arXiv 2001.08361, section 2.1)."""

ADAPTER_TRAINING = 4
"""FLOPs a parameter and token of training an adapter: forward, and backward for activations. The
gradient of the frozen weights, another 2 of full training's 6, is never computed."""

ATTENTION = 4
"""FLOPs a layer, hidden unit and pair of a token with one that it attends to: the products with
keys and with values (Chowdhery et al. 2022, arXiv 2204.02311, appendix B)."""

BACKWARD = 3
"""Attention when training against a forward pass: both factors of a product have a gradient."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What one model computes for some requests and for training.

    `prompt_tokens` lack the `cached_tokens`, which are attended to but not read again. `pairs` are
    those of a token with each that it attends to, itself included; `training_pairs` likewise."""

    requests: float = 0.0
    prompt_tokens: Amount = 0.0
    cached_tokens: Amount = 0.0
    completion_tokens: Amount = 0.0
    pairs: Amount = 0.0
    training_tokens: Amount = 0.0
    training_pairs: Amount = 0.0
    updates: Amount = 0.0
    """Optimiser steps."""

    def __add__(self, other: Work) -> Work:
        return Work(**{name: getattr(self, name) + getattr(other, name) for name in Work.__slots__})

    def times(self, count: float) -> Work:
        """So much work again and again."""
        return Work(**{name: getattr(self, name) * count for name in Work.__slots__})


def answering(prompt: Amount, cached: Amount, completion: Amount) -> Work:
    """One request: a prompt of so many tokens, of which the cached ones were read before, and its
    answer, written token by token."""
    read = prompt - cached
    return Work(
        requests=1.0,
        prompt_tokens=read,
        cached_tokens=cached,
        completion_tokens=completion,
        pairs=read * cached + read * read / 2 + completion * (prompt + completion / 2),
    )


def embedding(tokens: float, texts: float) -> Work:
    """Reading so many texts of so many tokens in all."""
    pairs = tokens**2 / (2 * texts) if texts else 0.0
    return Work(requests=texts, prompt_tokens=tokens, pairs=pairs)


def training(tokens: Amount, *, length: float, batch: int) -> Work:
    """Training on so many tokens, in batches of examples of such a mean length."""
    if length <= 0:
        return Work(training_tokens=tokens)
    return Work(
        training_tokens=tokens,
        training_pairs=tokens * length / 2,
        updates=tokens / (length * batch),
    )


class Throughput(Protocol):
    """What `DeviceProfile` and the rates of other hardware share: tokens a second of reading,
    writing and training, and seconds of everything beside the tokens (0: none is known)."""

    @property
    def prefill(self) -> float: ...

    @property
    def decode(self) -> float: ...

    @property
    def training(self) -> float: ...

    @property
    def batch_tokens(self) -> int: ...

    @property
    def pass_seconds(self) -> float: ...

    @property
    def step_seconds(self) -> float: ...

    @property
    def update_seconds(self) -> float: ...

    @property
    def request_seconds(self) -> float: ...

    @property
    def pair_seconds(self) -> float: ...

    @property
    def cached_seconds(self) -> float: ...


def seconds(work: Work, rates: Throughput) -> Amount:
    """Modelled seconds of some work, its requests answered in batches that fill the device: what a
    pass and a step of writing take whatever their size is shared by the requests of a batch."""
    passes = work.prompt_tokens / rates.batch_tokens if rates.batch_tokens else 0.0
    return (
        reading(work, rates)
        + passes * rates.pass_seconds
        + _steps(work, rates) * rates.step_seconds
        + work.completion_tokens / rates.decode
        + work.updates * rates.update_seconds
        + work.training_tokens / rates.training
        + BACKWARD * work.training_pairs * rates.pair_seconds
    )


def latency(work: Work, rates: Throughput) -> Amount:
    """Modelled seconds of one request that is answered alone."""
    writing = work.completion_tokens * (rates.step_seconds + 1 / rates.decode)
    return rates.pass_seconds + reading(work, rates) + writing


def reading(work: Work, rates: Throughput) -> Amount:
    """Seconds that grow with what is read, however it is cut into passes."""
    return (
        work.prompt_tokens / rates.prefill
        + work.pairs * rates.pair_seconds
        + work.cached_tokens * rates.cached_seconds
        + work.requests * rates.request_seconds
    )


def _steps(work: Work, rates: Throughput) -> Amount:
    """Steps of writing, each for as many requests as one pass reads."""
    if not rates.batch_tokens or not work.requests:
        return 0.0
    # A request fills its share of a pass: its own tokens of those that a pass takes.
    taken = work.prompt_tokens + work.completion_tokens
    return work.completion_tokens * taken / (rates.batch_tokens * work.requests)


def flops(work: Work, card: ModelCard) -> Amount:
    """Floating-point operations of some work by a model: those of its weights, and attention."""
    read = work.prompt_tokens + work.completion_tokens
    weights = card.parameters * (FORWARD * read + ADAPTER_TRAINING * work.training_tokens)
    pairs = work.pairs + BACKWARD * work.training_pairs
    return weights + ATTENTION * card.layers * card.hidden * pairs


def profile_of(observation: Observation) -> DeviceProfile | None:
    """The profile that an observation holds; None where it is none or has no outcome. One that was
    measured before a field existed has that field's default."""
    if observation.kind != "profile" or UNMEASURED in observation.values:
        return None
    found = {
        field.name: observation.values[field.name]
        for field in fields(DeviceProfile)
        if field.default is MISSING or field.name in observation.values
    }
    device = str(found.pop("device"))
    batch = int(cast(float, found.pop("batch_tokens", 0)))
    rates = {name: float(cast(float, value)) for name, value in found.items()}
    return DeviceProfile(device=device, batch_tokens=batch, **rates)
