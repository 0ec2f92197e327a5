"""Accelerator memory while answering: weights, adapters, and the longest request.

Tiers that answer by the same weights hold them once, whatever adapters they have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

from cosmosql.contracts.backend import ModelCard
from cosmosql.model.fit import FOUR_BIT, TRAINED
from cosmosql.model.footprint import Load, Shape, adapter_parameters, memory_needed
from cosmosql.plan.candidate import Candidate
from cosmosql.predict.hardware import MARGIN

GIGABYTE = 10**9
NOTHING = ""
"""The base of what holds no weights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """Bytes of one member: of the weights that `base` names, of its own adapter, and of a request
    while it is answered."""

    base: str = NOTHING
    weights: float = 0.0
    adapter: float = 0.0
    request: float = 0.0


def footprint_of(candidate: Candidate, card: ModelCard, load: Load) -> Footprint:
    """Of a candidate that answers one request of this load at a time."""
    four = candidate.kind in FOUR_BIT
    size = Fraction(1, 2) if four else Fraction(card.bytes_per_parameter)
    shape = Shape(
        parameters=card.parameters,
        layers=card.layers,
        hidden=card.hidden,
        vocabulary=card.vocabulary,
    )
    weights = memory_needed(card.parameters, size)
    adapter = Fraction(0)
    if candidate.kind in TRAINED:
        rank = cast(int, candidate.config["rank"])
        adapter = adapter_parameters(shape, rank) * max(size, Fraction(2))
    return Footprint(
        base=f"{candidate.model}, {float(size):g} bytes",
        weights=float(weights),
        adapter=float(adapter),
        request=float(memory_needed(card.parameters, size, shape, load) - weights),
    )


def gigabytes(members: Sequence[Footprint]) -> float:
    """What members take that stay in memory together and answer one request at a time, with what
    allocators leave unused.

    >>> small = Footprint(base="small", weights=1e9, adapter=1e8, request=3e8)
    >>> gigabytes([small]), gigabytes([small, small])
    (1.54, 1.65)
    """
    weights = sum({one.base: one.weights for one in members}.values())
    adapters = sum(one.adapter for one in members)
    longest = max((one.request for one in members), default=0.0)
    return round(float(MARGIN) * (weights + adapters + longest) / GIGABYTE, 9)
