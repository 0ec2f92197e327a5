"""Tokens to seconds and to floating-point operations: the only timings that enter a plan.

Seconds are modelled from a device profile measured first and kept, never taken from a single
step, so that interrupting and repeating a run gives the same numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Protocol, cast

from cosmosql.contracts.backend import DeviceProfile
from cosmosql.evidence.measured import UNMEASURED
from cosmosql.evidence.observation import Observation, Usage


class Tokens(Protocol):
    """What `Workload` and `Work` share."""

    @property
    def prompt_tokens(self) -> float: ...

    @property
    def completion_tokens(self) -> float: ...

    @property
    def training_tokens(self) -> float: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Tokens that one model really computes: what came from a cache is not among them."""

    prompt_tokens: float = 0
    completion_tokens: float = 0
    training_tokens: float = 0


FORWARD = 2
"""FLOPs a parameter and token of a forward pass: one multiplication, one addition (Kaplan et al.
2020, arXiv 2001.08361, section 2.1; attention over the context left out)."""

ADAPTER_TRAINING = 4
"""FLOPs a parameter and token of training an adapter: forward, and backward for activations. The
gradient of the frozen weights, another 2 of full training's 6, is never computed."""


def profile_of(observation: Observation) -> DeviceProfile | None:
    """The profile that an observation holds; None where it is none or has no outcome."""
    names = [field.name for field in fields(DeviceProfile)]
    if observation.kind != "profile" or UNMEASURED in observation.values:
        return None
    values = {name: observation.values[name] for name in names}
    device = str(values.pop("device"))
    rates = {name: float(cast(float, value)) for name, value in values.items()}
    return DeviceProfile(device=device, **rates)


def work_of(usage: Usage) -> Work:
    """What a usage computed; one that does not say what was cached computed everything."""
    return Work(
        prompt_tokens=usage.prompt_tokens - (usage.cached_tokens or 0),
        completion_tokens=usage.completion_tokens,
        training_tokens=usage.training_tokens,
    )


def seconds(work: Tokens, profile: DeviceProfile) -> float:
    """Modelled seconds of some work at a profile's throughput."""
    return (
        work.prompt_tokens / profile.prefill
        + work.completion_tokens / profile.decode
        + work.training_tokens / profile.training
    )


def flops(work: Tokens, parameters: int) -> float:
    """Floating-point operations of some work by a model of so many parameters."""
    read = work.prompt_tokens + work.completion_tokens
    return float(parameters * (FORWARD * read + ADAPTER_TRAINING * work.training_tokens))
