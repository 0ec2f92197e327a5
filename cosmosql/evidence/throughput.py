"""Tokens to seconds and to floating-point operations: the only timings that enter a plan.

Seconds are modelled from a device profile measured first and kept, never taken from a single
step, so that interrupting and repeating a run gives the same numbers.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Protocol, cast

from cosmosql.contracts.backend import DeviceProfile
from cosmosql.evidence.measured import UNMEASURED
from cosmosql.evidence.observation import Observation


class Tokens(Protocol):
    """What `Workload` and `Usage` share."""

    @property
    def prompt_tokens(self) -> int: ...

    @property
    def completion_tokens(self) -> int: ...

    @property
    def training_tokens(self) -> int: ...


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
