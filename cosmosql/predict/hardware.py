"""Tokens a second and money a second on the declared hardware."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from cosmosql.contracts.backend import DeviceProfile, ModelCard
from cosmosql.evidence.throughput import ADAPTER_TRAINING, FORWARD
from cosmosql.interval import Unmeasured
from cosmosql.model.footprint import Load, Shape, memory_needed
from cosmosql.model.program import Hardware

MARGIN = Fraction(11, 10)
"""Memory that is asked for against what the formula counts: allocators leave gaps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Throughput of one model on one piece of hardware, as in `DeviceProfile`. `basis` is measured
    or predicted."""

    prefill: float
    decode: float
    training: float
    basis: str
    batch_tokens: int = 0
    pass_seconds: float = 0.0
    step_seconds: float = 0.0
    update_seconds: float = 0.0
    request_seconds: float = 0.0
    pair_seconds: float = 0.0
    cached_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """Money for a second of accelerator time, and the share of it that serves requests."""

    money_a_second: Decimal
    currency: str
    utilisation: float


def tariff_of(hardware: Hardware | None) -> Tariff | Unmeasured:
    """What a second costs; Unmeasured, never zero, where no price is declared."""
    if hardware is None:
        return Unmeasured("the strategy names no hardware (`on = …`), so no price applies")
    if hardware.price is None:
        return Unmeasured(f"{hardware.name} declares no price")
    currency = hardware.price.dimension.currency
    if currency is None:
        return Unmeasured(f"the price of {hardware.name} is not money")
    return Tariff(
        money_a_second=hardware.price.base, currency=currency, utilisation=hardware.utilisation
    )


def rates_of(
    profile: DeviceProfile | None, card: ModelCard | None, hardware: Hardware | None
) -> Rates | Unmeasured:
    """Throughput on the hardware: as measured where that is the machine at hand, else a roofline
    (Williams et al. 2009) scaled by the share of the peak that was reached here.

    Reading a prompt, attention and training are bound by FLOP/s; a step of writing reads every
    weight once, so that it takes at least bytes / bandwidth, whatever the rows of its batch; a
    cached token's keys and values are read from memory. What a pass, an update or a request takes
    beside its tokens is the processor's work, and is taken over as it was measured.
    """
    if profile is None:
        return Unmeasured("the model's throughput was not measured")
    if hardware is None or hardware.peak_flops is None:
        return Rates(
            prefill=profile.prefill,
            decode=profile.decode,
            training=profile.training,
            basis="measured",
            **beside(profile),
        )
    if card is None:
        return Unmeasured("the model's size is unknown, so no roofline can be drawn")
    if hardware.bandwidth is None:
        return Unmeasured(f"{hardware.name} declares no memory bandwidth")
    reading = FORWARD * card.parameters
    training = ADAPTER_TRAINING * card.parameters
    prefill_share = min(1.0, profile.prefill * reading / profile.peak_flops)
    training_share = min(1.0, profile.training * training / profile.peak_flops)
    bandwidth = float(hardware.bandwidth.base)
    weights = card.parameters * card.bytes_per_parameter
    # Without a step of its own every token pays for the weights; with one they are paid a step.
    token_seconds = reading / hardware.peak_flops
    step_seconds = weights / bandwidth
    if not profile.step_seconds:
        token_seconds, step_seconds = max(token_seconds, step_seconds), 0.0
    speedup = prefill_share * hardware.peak_flops / (profile.prefill * reading)
    kept = 2 * card.layers * card.hidden * card.bytes_per_parameter
    return Rates(
        prefill=prefill_share * hardware.peak_flops / reading,
        decode=prefill_share / token_seconds,
        training=training_share * hardware.peak_flops / training,
        basis="predicted",
        **{
            **beside(profile),
            "step_seconds": profile.step_seconds and profile.step_seconds + step_seconds,
            "pair_seconds": profile.pair_seconds / speedup,
            "cached_seconds": profile.cached_seconds and kept / bandwidth,
        },
    )


def beside(profile: DeviceProfile) -> dict[str, Any]:
    """What a profile has beside its rates."""
    return {
        name: getattr(profile, name)
        for name in (
            "batch_tokens",
            "pass_seconds",
            "step_seconds",
            "update_seconds",
            "request_seconds",
            "pair_seconds",
            "cached_seconds",
        )
    }


def memory_reason(
    card: ModelCard | None, hardware: Hardware | None, load: Load | None, *, quantized: bool = False
) -> str | None:
    """Why a model does not fit into the hardware's memory; None where it does, or where one of
    the two is unknown. `quantized`: its weights are held in 4 bits."""
    if card is None or hardware is None or hardware.memory is None:
        return None
    needed = MARGIN * memory_needed(
        card.parameters,
        Fraction(1, 2) if quantized else Fraction(card.bytes_per_parameter),
        Shape(
            parameters=card.parameters,
            layers=card.layers,
            hidden=card.hidden,
            vocabulary=card.vocabulary,
        ),
        load,
    )
    if needed <= Fraction(hardware.memory.base):
        return None
    gigabytes = float(needed) / 10**9
    return f"needs about {gigabytes:.3g} GB of memory; {hardware.name} has {hardware.memory}"
