"""What a model takes of an accelerator's memory: one formula for `check` and for forecasts.

Weights; for requests the keys and values of their tokens, and one layer's activations; for training
an adapter its weights, gradients and both moments of Adam in 32 bits, and the activations of every
layer. How many these are was counted on a Llama layer under PyTorch, whose attention is never held
as a matrix; docs/benchmarks/costs.md says how far measured peaks are from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

ADAPTER_BYTES = 16
"""Of a trained weight: itself, its gradient and two moments, 4 bytes each."""

LOGIT_BYTES = 4
"""Of a logit, which is always in 32 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The sizes of a decoder that decide what its activations take."""

    parameters: int
    layers: int
    hidden: int
    vocabulary: int

    @property
    def inner(self) -> Fraction:
        """Width of the gated feed-forward part: what four square matrices of attention and the
        embeddings, counted once, leave of the parameters for its three."""
        a_layer = Fraction(self.parameters - self.vocabulary * self.hidden, self.layers)
        return max((a_layer - 4 * self.hidden**2) / (3 * self.hidden), Fraction(self.hidden))


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is in memory at a time: so many sequences of so many tokens in all; `rank` of the
    adapter that is trained on them, None where they are answered."""

    sequences: int
    tokens: float
    rank: int | None = None


def memory_needed(
    parameters: int,
    bytes_per_parameter: Fraction,
    shape: Shape | None = None,
    load: Load | None = None,
) -> Fraction:
    """Bytes; those of the weights alone, a lower bound, where shape or load is not known."""
    weights = parameters * bytes_per_parameter
    if shape is None or load is None:
        return weights
    # Weights in 4 bits are computed with in 16.
    size = max(bytes_per_parameter, Fraction(2))
    tokens = Fraction(load.tokens)
    logits = Fraction(LOGIT_BYTES * load.sequences * shape.vocabulary)
    if load.rank is None:
        cache = 2 * shape.layers * shape.hidden
        layer = 3 * shape.hidden + 5 * shape.inner
        return weights + tokens * (cache + layer) * size + 2 * logits
    layer = 12 * shape.hidden + 3 * shape.inner + 7 * load.rank
    # Logits of the answer's token and the one before, their softmax and their gradient.
    return (
        weights
        + ADAPTER_BYTES * adapter_parameters(shape, load.rank)
        + tokens * shape.layers * layer * size
        + 6 * logits
    )


def adapter_parameters(shape: Shape, rank: int) -> Fraction:
    """Weights of a LoRA adapter on the seven linear layers of every block: rank times what goes in
    and what comes out."""
    return rank * shape.layers * (8 * shape.hidden + 3 * (shape.hidden + shape.inner))
