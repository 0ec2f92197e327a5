from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from cosmosql.decide.volume import break_even, break_evens
from cosmosql.interval import Unmeasured
from cosmosql.predict.forecast import Distribution, Forecast


def distribution(draws: Any, unit: str) -> Distribution:
    values = np.asarray(draws, np.float64)
    return Distribution(draws=values, value=float(np.median(values)), unit=unit, basis="", n=1)


def forecast(name: str, once: Any, each: Any, metric: float = 0.5) -> Forecast:
    draws = np.ones(100)
    return Forecast(
        candidate=cast(Any, SimpleNamespace(name=name)),
        metric_name="accuracy",
        metric=distribution(metric * draws, ""),
        measures={
            "adapt_cost": once
            if isinstance(once, Unmeasured)
            else distribution(once * draws, "USD"),
            "serve_cost": distribution(each * draws, "USD/request"),
        },
        items=None,
    )


def test_costs_break_even_where_the_lines_cross() -> None:
    """0.15 once and 0.00006 a request against 0.00054 a request: 0.15 / 0.00048 = 312.5."""
    tuned, shots = forecast("tuned", 0.15, 0.00006), forecast("shots", 0.0, 0.00054)
    found = break_even(tuned, shots)
    assert found is not None and found.requests is not None
    assert (found.cheaper, found.requests.value) == ("from", pytest.approx(312.5))
    back = break_even(shots, tuned)
    assert back is not None and back.requests is not None
    assert (back.cheaper, back.requests.value) == ("up to", pytest.approx(312.5))


def test_what_is_dearer_both_ways_never_pays() -> None:
    dear, cheap = forecast("dear", 0.15, 0.0006), forecast("cheap", 0.0, 0.0005)
    assert [break_even(*pair).cheaper for pair in ((dear, cheap), (cheap, dear))] == [  # type: ignore[union-attr]
        "never",
        "always",
    ]
    unknown = forecast("unknown", Unmeasured("no price"), 0.0005)
    assert break_even(unknown, cheap) is None


def test_the_interval_is_over_the_draws_on_the_same_side() -> None:
    """A one-off cost of 100 to 199 and one unit saved a request: from 100 to 199 requests on; in a
    tenth of the draws nothing is saved."""
    saved = np.where(np.arange(100) < 10, 1.0, -1.0)
    own = forecast("own", np.arange(100.0, 200.0), 5.0 + saved)
    found = break_even(own, forecast("other", 0.0, 5.0))
    assert found is not None and found.requests is not None
    assert found.cheaper == "from" and found.probability == pytest.approx(0.9)
    assert 110 <= found.requests.low < found.requests.value < found.requests.high <= 199


def test_the_neighbours_are_the_next_cheaper_and_the_next_dearer() -> None:
    all_four = [
        forecast("free", 0.0, 0.0, 0.3),
        forecast("cheap", 0.0, 1.0, 0.5),
        forecast("chosen", 3.0, 2.0, 0.7),
        forecast("dear", 0.0, 4.0, 0.9),
        forecast("beaten", 0.0, 5.0, 0.6),
    ]
    found = break_evens(all_four, "chosen")
    assert [(one.other, one.cheaper) for one in found] == [("cheap", "never"), ("dear", "from")]
    assert found[1].requests is not None and found[1].requests.value == pytest.approx(1.5)
    assert break_evens(all_four, "a policy") == ()
    assert break_evens(all_four, None) == ()
