"""One measured thing. Never holds a row's text: rows are named by SHA-256, answers by label index
or by digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from cosmosql.identity import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """The outcome on one row. `score` is the metric's item score in [0, 1]; `predicted` and
    `target` are indices into the task's sorted labels (None where answers are open). Tokens of a
    recorded answer are 0 where they were not recorded: no prompt has none."""

    row: str
    score: float
    predicted: int | None
    target: int | None
    signals: Mapping[str, float]
    prompt_tokens: int
    completion_tokens: int
    cost: float | None = None
    """Money that was paid for a recorded answer, in USD; None where that is not known."""
    seconds: float | None = None
    """What a recorded answer took to come; None where that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a measurement took. Seconds are real ones; `money` is an amount in the currency of the
    price that was paid, None where no price is known.

    `prompt_tokens` counts every prompt whole, as an endpoint bills it. `cached_tokens` of them were
    taken from a cache and not computed again; None where that was not recorded."""

    prompt_tokens: int = 0
    cached_tokens: int | None = None
    completion_tokens: int = 0
    training_tokens: int = 0
    requests: int = 0
    labels: int = 0
    seconds: float = 0.0
    accelerator_seconds: float = 0.0
    money: Decimal | None = Decimal(0)
    flops: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What was asked, under which conditions, and what came out.

    `asked` holds content only (weights, template, rows, sampling, seed, step version) and its
    digest is `key`; `conditions` hold dtype, device and library versions. While measuring an
    observation counts as had when key and conditions agree; a replay needs the key alone.

    kind `profile`: `values` are the fields of `contracts.backend.DeviceProfile`.
    kind `evaluate`: `items` on the asked rows in the role's order.
    kind `proxy`: `values["sizes"]`, and `values["accuracy"]` at each: light heads on frozen
    embeddings, with `items` the outcomes of the head at the largest size.
    kind `fit`: `values` of a predictor, kept so that a replay has the same digits everywhere.
    kind `choice`: `values` are the probe that was chosen next, or why there was none.
    kind `forecast`: `values` are what a plan states of a candidate, kept before it is measured.
    kind `outcome`: `values` are what was measured of such a forecast.
    kind `resolve`: `values` are the model card, the dataset's fingerprint or the like.
    Where a measurement has no outcome, `values["unmeasured"]` says why and there are no items.
    """

    kind: str
    key: str
    asked: Mapping[str, Json]
    conditions: Mapping[str, str]
    role: str | None
    values: Mapping[str, Json] = field(default_factory=dict)
    items: tuple[Item, ...] = ()
    usage: Usage = Usage()
