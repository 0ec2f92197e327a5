"""What requests of a policy wait: for every tier that is asked, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from cosmosql.contracts.policy import Ways
from cosmosql.decide.subject import Subject
from cosmosql.decide.tiers import Tiers
from cosmosql.interval import Unmeasured
from cosmosql.predict.cost import quantiles
from cosmosql.predict.forecast import Distribution
from cosmosql.predict.pairing import Array
from cosmosql.schema.measures import PERCENTILES


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """The ways in which rows may be answered, each row's that can occur: whose row it is, seconds,
    and its share; all of shape (cases,)."""

    rows: NDArray[np.intp] = field(repr=False)
    seconds: Array = field(repr=False)
    shares: Array = field(repr=False)


def waits(tiers: Tiers, ways: Ways) -> list[Wait] | None:
    """Of every way to serve; None where the latency of a tier's rows is unknown."""
    if not all(row in one.latencies for one in tiers.members for row in tiers.rows):
        return None
    seconds = np.array([[one.latencies[row] for row in tiers.rows] for one in tiers.members])
    return [
        wait(seconds, asked, answers)
        for asked, answers in zip(ways.asked, ways.answers, strict=True)
    ]


def wait(seconds: Array, asked: Array, answers: Array) -> Wait:
    """What a tier is asked for and does not answer goes on to later ones in the proportions in
    which they answer. Where several were asked before, the least often asked was asked only
    together with the others: exact for two tiers, and for cascades. All of shape (tiers, rows).
    """
    parts, shares = [], []
    for tier in range(len(seconds)):
        before = np.zeros((tier, answers.shape[1]))
        for earlier in range(tier):
            later = np.maximum(answers[earlier + 1 :].sum(axis=0), 1e-300)
            passed = np.maximum(asked[earlier] - answers[earlier], 0.0)
            before[earlier] = np.minimum(passed / later, 1.0)
        order = np.argsort(-before, axis=0, kind="stable")
        chances = np.take_along_axis(before, order, axis=0)
        waited = np.cumsum(np.take_along_axis(seconds[:tier], order, axis=0), axis=0)
        edges = np.concatenate([np.ones((1, before.shape[1])), chances])
        following = np.concatenate([chances, np.zeros((1, before.shape[1]))])
        for count in range(tier + 1):
            shares.append(answers[tier] * (edges[count] - following[count]))
            parts.append(seconds[tier] + (waited[count - 1] if count else 0.0))
    likely = np.stack(shares)
    cases, rows = np.nonzero(likely > 0)
    return Wait(rows=rows, seconds=np.stack(parts)[cases, rows], shares=likely[cases, rows])


def with_percentiles(subject: Subject, found: Sequence[Wait] | None, weights: Array) -> Subject:
    """The subject with the percentiles of its latency, which are no sum of the tiers': under each
    draw of row weights for every way to serve, shape (draws, ways)."""
    if found is None:
        unknown = Unmeasured("the latency of its tiers' rows is unknown")
        return replace(
            subject, quantities={**subject.quantities, **dict.fromkeys(PERCENTILES, unknown)}
        )
    percentiles: dict[str, Distribution | Unmeasured] = {}
    for name, share in PERCENTILES.items():
        draws = np.stack(
            [quantiles(one.seconds, weights[:, one.rows] * one.shares, share) for one in found],
            axis=1,
        )
        percentiles[name] = Distribution(
            draws=draws,
            value=float(np.median(draws)),
            unit="s",
            basis="predicted",
            n=weights.shape[1],
        )
    return replace(subject, quantities={**subject.quantities, **percentiles})


def in_row(subject: Subject) -> Subject:
    """The subject of one way with draws alone, of shape (draws,)."""
    found = {
        name: replace(one, draws=one.draws[:, 0]) if isinstance(one, Distribution) else one
        for name, one in subject.quantities.items()
    }
    return replace(subject, quantities=found)
