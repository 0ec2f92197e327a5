"""Measured costs and metrics by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cosmosql.apply.scores import Answered, Paid, metric_measured, serving, total, within
from cosmosql.artifact.plan import Metric, Quantity
from cosmosql.evidence.observation import Item
from cosmosql.interval import Estimate, Unmeasured
from cosmosql.predict.hardware import Rates, Tariff

PAID = Paid(
    rates=Rates(prefill=100.0, decode=10.0, training=50.0, basis="measured"),
    tariff=Tariff(money_a_second=Decimal(2), currency="USD", utilisation=0.5),
)


def item(row: int, score: float = 1.0, prompt: int = 100, completion: int = 10) -> Item:
    return Item(
        row=str(row),
        score=score,
        predicted=None,
        target=None,
        signals={},
        prompt_tokens=prompt,
        completion_tokens=completion,
    )


def test_a_request_costs_its_tokens_at_the_rates() -> None:
    """(100 / 100 + 10 / 10) s * 2 USD/s / 0.5."""
    assert PAID.request(item(0)) == pytest.approx(8.0)


def test_every_member_that_was_asked_is_paid() -> None:
    both = Answered(items=(item(0), item(0, prompt=300)), asked=(0, 1), tier=1)
    one = Answered(items=(item(1), item(1, prompt=300)), asked=(0,), tier=0)
    found = serving([both, one], [PAID, PAID], seed=0)
    assert isinstance(found, Estimate)
    assert found.value == pytest.approx((8.0 + 16.0 + 8.0) / 2)
    assert found.low <= found.value <= found.high


def test_a_member_without_a_model_is_free_and_an_unknown_price_is_unknown() -> None:
    rows = [Answered(items=(item(0), item(0)), asked=(0,), tier=0)]
    free = serving(rows, [None, PAID], seed=0)
    assert isinstance(free, Estimate) and free.value == 0
    reason = Unmeasured("no price is known")
    assert serving(rows, [reason, PAID], seed=0) == reason
    assert isinstance(serving(rows, [PAID, reason], seed=0), Estimate), "it was never asked"
    assert total([1.0, reason]) == reason
    assert total([1.0, 2.0]) == Estimate.exact(3.0)


def test_the_metric_is_of_the_answers_that_were_given() -> None:
    rows = [
        Answered(
            items=(item(row, 0.0), item(row, 1.0)),
            asked=(0, 1) if row < 15 else (0,),
            tier=int(row < 15),
        )
        for row in range(20)
    ]
    found = metric_measured("accuracy", rows, 0)
    assert found.value == pytest.approx(0.75)
    assert found.low is not None and found.high is not None
    assert 0.4 < found.low < 0.75 < found.high < 1.0
    assert (found.basis, found.n) == ("measured", 20)


def quantity(value: str | None, low: str | None = None, high: str | None = None) -> Quantity:
    basis = "unmeasured" if value is None else "predicted"
    return Quantity(value=value, low=low, high=high, unit="USD", basis=basis)


@pytest.mark.parametrize(
    ("measured", "expected"),
    [("1", True), ("3", True), ("3.1", False), ("0.5", False), (None, None)],
)
def test_within_is_inside_the_forecast_interval(
    measured: str | None, expected: bool | None
) -> None:
    assert within(quantity("2", "1", "3"), quantity(measured)) is expected


def test_nothing_is_within_an_unknown_forecast() -> None:
    assert within(quantity(None), quantity("1", "1", "1")) is None
    unknown = Metric(
        name="accuracy", value=None, low=None, high=None, confidence=0.9, basis="unmeasured", n=None
    )
    assert within(unknown, unknown) is None
