"""Percentiles of a policy's latency: sums over the tiers that a row is answered by."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cosmosql.decide.operating import point_at, wait
from cosmosql.decide.tiers import Pair, pair_of
from cosmosql.interval import Unmeasured
from cosmosql.predict.forecast import Distribution

ROWS = 100


@pytest.fixture
def tiers(candidate: Any) -> Pair:
    """A small tier that answers in 1 s and a large one that takes 10 s."""
    margin = [float(row) for row in range(ROWS)]
    small = candidate("strategy.small", [1.0] * 60 + [0.0] * 40, cost=1.0, margin=margin)
    large = candidate("strategy.large", [1.0] * 90 + [0.0] * 10, cost=4.0)
    found = pair_of(
        replace(small, latencies={f"row {row}": 1.0 for row in range(ROWS)}),
        replace(large, latencies={f"row {row}": 10.0 for row in range(ROWS)}),
        "margin",
        seed=0,
    )
    assert not isinstance(found, Unmeasured)
    return found


def percentile(pair: Pair, kind: str, escalated: Any, name: str) -> float:
    point = point_at(pair, kind, np.asarray(escalated, float), 0.0, n_test=None, seed=0)
    found = point.subject.quantities[name]
    assert isinstance(found, Distribution) and found.draws.shape == (1000,)
    return float(np.median(found.draws))


def test_an_escalated_row_waits_for_both_tiers(tiers: Pair) -> None:
    """A fifth of the rows escalates: 80 wait 1 s, 20 wait 11 s."""
    escalated = [1.0] * 20 + [0.0] * 80
    assert percentile(tiers, "cascade", escalated, "latency_p50") == 1.0
    assert percentile(tiers, "cascade", escalated, "latency_p95") == 11.0


def test_a_row_of_a_mix_waits_for_one_tier(tiers: Pair) -> None:
    """At a share of 0.3 seven in ten wait 1 s and the others 10 s, never 11."""
    assert percentile(tiers, "mix", [0.3] * ROWS, "latency_p50") == 1.0
    assert percentile(tiers, "mix", [0.3] * ROWS, "latency_p95") == 10.0
    assert percentile(tiers, "mix", [0.7] * ROWS, "latency_p50") == 10.0


def test_without_the_rows_of_a_tier_nothing_is_known(tiers: Pair) -> None:
    without = replace(tiers, large=replace(tiers.large, latencies={}))
    assert wait(without, "cascade", np.zeros(ROWS)) is None
    point = point_at(without, "cascade", np.zeros(ROWS), 0.0, n_test=None, seed=0)
    assert isinstance(point.subject.quantities["latency_p99"], Unmeasured)
