"""What recorded answers cost and took: from their own rows, or unmeasured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cosmosql.evidence.observation import Item
from cosmosql.interval import Unmeasured
from cosmosql.predict.forecast import Distribution
from cosmosql.predict.recorded import recorded_latencies, recorded_measures

DRAWS = 4_000
COSTS = np.array([0.001, 0.002, 0.004, 0.001] * 25)
SECONDS = np.arange(1, 101) / 10


def item(place: int) -> Item:
    return Item(
        row=f"row {place}",
        score=1.0,
        predicted=None,
        target=None,
        signals={},
        prompt_tokens=10 + place,
        completion_tokens=2,
        cost=float(COSTS[place]),
        seconds=float(SECONDS[place]),
    )


ITEMS = [item(place) for place in range(100)]


def measured(
    items: list[Item], currency: str = "USD", n_test: int = 100
) -> dict[str, Distribution | Unmeasured]:
    return recorded_measures(items, currency, draws=DRAWS, n_test=n_test, seed=0)


def known(found: dict[str, Distribution | Unmeasured], name: str) -> Distribution:
    one = found[name]
    assert isinstance(one, Distribution), one
    return one


def test_money_is_the_rows_own_with_the_error_of_their_mean() -> None:
    """The Bayesian bootstrap's deviation of a mean is the sample's over the root of n + 1."""
    cost = known(measured(ITEMS), "serve_cost")
    assert (cost.unit, cost.basis, cost.n) == ("USD/request", "measured", 100)
    assert cost.draws.mean() == pytest.approx(COSTS.mean(), rel=0.01)
    assert cost.draws.std() == pytest.approx(COSTS.std() / np.sqrt(101), rel=0.06)
    shown = cost.estimate()
    assert shown.low < COSTS.mean() < shown.high
    narrow = known(measured(ITEMS, n_test=100_000), "serve_cost").estimate()
    assert narrow.high - narrow.low < shown.high - shown.low


def test_latency_has_its_percentiles() -> None:
    found = measured(ITEMS)
    assert known(found, "latency").value == pytest.approx(SECONDS.mean(), rel=0.05)
    middle, late = known(found, "latency_p50").value, known(found, "latency_p99").value
    assert middle == pytest.approx(5.0, abs=0.5)
    assert middle < known(found, "latency_p95").value < late <= 10.0
    assert recorded_latencies(ITEMS)["row 3"] == SECONDS[3]


def test_tokens_are_counted_and_nothing_is_paid_once() -> None:
    found = measured(ITEMS)
    assert known(found, "prompt_tokens").value == pytest.approx(59.5, abs=1.5)
    assert known(found, "completion_tokens").value == pytest.approx(2.0)
    assert known(found, "adapt_cost").value == known(found, "labels").value == 0.0
    assert isinstance(found["cached_tokens"], Unmeasured)


def test_what_one_answer_does_not_say_is_unmeasured() -> None:
    silent = replace(ITEMS[7], cost=None, seconds=None, prompt_tokens=0)
    found = measured([*ITEMS[:7], silent, *ITEMS[8:]])
    assert found["serve_cost"] == Unmeasured("99 of 100 recorded answers say their `cost_usd`")
    assert found["latency_p95"] == Unmeasured("99 of 100 recorded answers say their `latency_ms`")
    assert found["prompt_tokens"] == Unmeasured(
        "not every recorded answer says its `prompt_tokens`"
    )
    assert recorded_latencies([silent]) == {}


def test_tokens_of_one_kind_are_known_without_those_of_the_other() -> None:
    """A count that is not said is no count of zero, which the mean would take for one."""
    silent = replace(ITEMS[7], completion_tokens=0)
    found = measured([*ITEMS[:7], silent, *ITEMS[8:]])
    assert isinstance(found["prompt_tokens"], Distribution)
    assert found["completion_tokens"] == Unmeasured(
        "not every recorded answer says its `completion_tokens`"
    )


def test_dollars_are_not_taken_for_another_currency() -> None:
    found = measured(ITEMS, "EUR")
    assert found["serve_cost"] == Unmeasured("its costs were recorded in USD, not in EUR")
    assert known(found, "adapt_cost").unit == "EUR"


def test_nothing_measured_is_nothing_known() -> None:
    found = measured([])
    assert all(isinstance(found[name], Unmeasured) for name in ("serve_cost", "latency"))
