"""Percentiles of a policy's latency: sums over the tiers that a row is answered by."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmosql.contracts.policy import Ways
from cosmosql.decide.operating import lot_spread, point_at
from cosmosql.decide.tiers import Tiers, tiers_of
from cosmosql.decide.waits import wait, waits
from cosmosql.interval import Unmeasured
from cosmosql.predict.forecast import Distribution

ROWS = 100


@pytest.fixture
def tiers(candidate: Any) -> Tiers:
    """A small tier that answers in 1 s and a large one that takes 10 s."""
    margin = [float(row) for row in range(ROWS)]
    small = candidate("strategy.small", [1.0] * 60 + [0.0] * 40, cost=1.0, margin=margin)
    large = candidate("strategy.large", [1.0] * 90 + [0.0] * 10, cost=4.0)
    found = tiers_of(
        [
            replace(small, latencies={f"row {row}": 1.0 for row in range(ROWS)}),
            replace(large, latencies={f"row {row}": 10.0 for row in range(ROWS)}),
        ],
        {},
        seed=0,
    )
    assert not isinstance(found, Unmeasured)
    return found


def cascade(share: list[float]) -> Ways:
    on = np.array([share])
    return Ways(asked=np.stack([np.ones_like(on), on], 1), answers=np.stack([1 - on, on], 1))


def mix(share: float) -> Ways:
    both = np.array([[[1 - share] * ROWS, [share] * ROWS]])
    return Ways(asked=both, answers=both)


def percentile(tiers: Tiers, way: Ways, name: str) -> float:
    point = point_at(tiers, way, None, n_test=None, seed=0)
    found = point.subject.quantities[name]
    assert isinstance(found, Distribution) and found.draws.shape == (1000,)
    return float(np.median(found.draws))


def test_an_escalated_row_waits_for_both_tiers(tiers: Tiers) -> None:
    """A fifth of the rows escalates: 80 wait 1 s, 20 wait 11 s."""
    way = cascade([1.0] * 20 + [0.0] * 80)
    assert percentile(tiers, way, "latency_p50") == 1.0
    assert percentile(tiers, way, "latency_p95") == 11.0


def test_a_row_of_a_mix_waits_for_one_tier(tiers: Tiers) -> None:
    """At a share of 0.3 seven in ten wait 1 s and the others 10 s, never 11."""
    assert percentile(tiers, mix(0.3), "latency_p50") == 1.0
    assert percentile(tiers, mix(0.3), "latency_p95") == 10.0
    assert percentile(tiers, mix(0.7), "latency_p50") == 10.0


def test_of_three_tiers_a_row_waits_for_those_that_it_reached() -> None:
    """Tier 0 is asked for every row and answers half of them; of what goes on, half to tier 1 and
    half past it to tier 2. Nobody who reached tier 2 waited for tier 1."""
    seconds = np.array([[1.0], [3.0], [9.0]])
    asked = np.array([[1.0], [0.25], [0.25]])
    answers = np.array([[0.5], [0.25], [0.25]])
    found = wait(seconds, asked, answers)
    assert dict(zip(found.seconds, found.shares, strict=True)) == {1.0: 0.5, 4.0: 0.25, 10.0: 0.25}


@given(st.lists(st.floats(0, 1), min_size=2, max_size=5))
def test_a_chain_of_tiers_waits_for_every_one_before(reached: list[float]) -> None:
    """What is waited in all is what every tier is asked for."""
    asked = np.cumprod([1.0, *reached])[:, None]
    answers = asked - np.concatenate([asked[1:], [[0.0]]])
    seconds = 2.0 ** np.arange(len(asked))[:, None]
    found = wait(seconds, asked, answers)
    assert found.shares.sum() == pytest.approx(1.0)
    assert found.shares @ found.seconds == pytest.approx(float((asked * seconds).sum()))


def test_lots_spread_what_is_paid(tiers: Tiers) -> None:
    """Half of the queries at 4 instead of 1: a deviation of 1.5 each, 0.15 of the mean of 100. Of
    a cascade that asks a fifth more no lot decides anything."""
    assert lot_spread(np.array([1.0, 4.0]), mix(0.5)) == pytest.approx(1.5)
    assert lot_spread(np.array([1.0, 4.0]), cascade([1.0] * 20 + [0.0] * 80)) == 0
    cost = point_at(tiers, mix(0.5), None, n_test=100, seed=0).subject.quantities["serve_cost"]
    assert isinstance(cost, Distribution) and cost.draws.std() == pytest.approx(0)
    assert cost.shown is not None
    assert cost.shown[1] - cost.shown[0] == pytest.approx(2 * 1.645 * 0.15, rel=0.1)


def test_without_the_rows_of_a_tier_nothing_is_known(tiers: Tiers) -> None:
    small, large = tiers.members
    without = replace(tiers, members=(small, replace(large, latencies={})))
    assert waits(without, mix(0.5)) is None
    point = point_at(without, mix(0.5), None, n_test=None, seed=0)
    assert isinstance(point.subject.quantities["latency_p99"], Unmeasured)
