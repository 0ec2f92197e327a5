from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cosmosql.decide.promises import Pledge, pledge_of
from cosmosql.decide.subject import by_strategy
from cosmosql.model.program import Literal, Measure, Operation
from cosmosql.units import Quantity

OWN = Measure(name="accuracy")
BIG = Measure(name="accuracy", strategy="strategy.big")


def number(text: str) -> Literal:
    return Literal(quantity=Quantity.parse(text))


def op(operator: str, left: Any, right: Any) -> Operation:
    return Operation(operator=operator, left=left, right=right)


@pytest.fixture
def asked(candidate: Any, requirement: Any) -> Any:
    strategies = by_strategy([candidate("strategy.big", [1, 0, 1]), candidate("strategy.s", [0])])

    def make(left: Any, comparison: str, right: Any, **more: Any) -> Pledge | None:
        text = replace(
            requirement("accuracy", ">=", "0.5"),
            left=left,
            comparison=comparison,
            right=right,
            stated=more.get("stated", True),
        )
        return pledge_of(text, "accuracy", more.get("strategies", strategies))

    return make


@pytest.mark.parametrize(
    ("left", "comparison", "right", "weights", "floor"),
    [
        (OWN, ">=", number("90%"), {}, 0.9),
        (OWN, ">", op("*", number("99%"), BIG), {"strategy.big": 0.99}, 0.0),
        (OWN, ">=", op("-", BIG, number("1%")), {"strategy.big": 1.0}, -0.01),
        (op("-", BIG, number("1%")), "<=", OWN, {"strategy.big": 1.0}, -0.01),
        (op("/", OWN, number("2")), ">=", op("*", BIG, number("50%")), {"strategy.big": 1.0}, 0.0),
        (op("-", OWN, BIG), ">=", number("0%"), {"strategy.big": 1.0}, 0.0),
        (number("80%"), "<=", op("+", OWN, number("10%")), {}, 0.7),
    ],
)
def test_lower_bounds_of_the_metric_are_pledges(
    asked: Any, left: Any, comparison: str, right: Any, weights: Any, floor: float
) -> None:
    found = asked(left, comparison, right)
    assert found is not None
    assert found.weights == pytest.approx(weights)
    assert found.floor == pytest.approx(floor)


@pytest.mark.parametrize(
    ("left", "comparison", "right"),
    [
        (OWN, "<=", number("90%")),
        (Measure(name="serve_cost"), "<=", number("1")),
        (OWN, ">=", op("*", BIG, BIG)),
        (OWN, ">=", op("/", number("1"), BIG)),
        (OWN, ">=", op("*", Measure(name="serve_cost"), number("2"))),
        (OWN, ">=", Measure(name="accuracy", strategy="strategy.unknown")),
        (BIG, ">=", number("50%")),
    ],
)
def test_everything_else_is_forecast(asked: Any, left: Any, comparison: str, right: Any) -> None:
    assert asked(left, comparison, right) is None


def test_a_confidence_that_is_not_written_is_forecast(asked: Any) -> None:
    assert asked(OWN, ">=", number("90%"), stated=False) is None


def test_a_strategy_of_several_candidates_is_no_reference(asked: Any, candidate: Any) -> None:
    two = {"strategy.big": [candidate("strategy.big[a=1]", [1]), candidate("strategy.big", [1])]}
    assert asked(OWN, ">=", BIG, strategies=two) is None


def test_a_pledge_is_a_promise_over_tiers_in_their_order(asked: Any) -> None:
    promise = asked(OWN, ">=", op("-", BIG, number("1%"))).over(("strategy.s", "strategy.big"))
    assert np.array_equal(promise.weights, [0.0, 1.0])
    assert promise.reference == 1
