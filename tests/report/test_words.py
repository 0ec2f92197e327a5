"""Numbers in words."""

from __future__ import annotations

import doctest
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmosql.artifact.plan import Metric, Quantity
from cosmosql.report import words


def cost(value: str | None, unit: str = "USD/request") -> Quantity:
    return Quantity(value=value, low=value, high=value, unit=unit, basis="predicted")


def test_examples_in_docstrings() -> None:
    found = doctest.testmod(words)
    assert found.failed == 0
    assert found.attempted > 0


@pytest.mark.parametrize(
    ("values", "unit", "texts"),
    [
        (["0.004", "0.02"], "USD per 1,000 requests", ["4.00", "20.00"]),
        (["2", "0"], "USD per request", ["2.00", "0"]),
        (["0.0000002", "0.0000052"], "USD per million requests", ["0.20", "5.20"]),
        (["0", "0"], "USD per request", ["0", "0"]),
        (["0.00000000000001"], "USD per billion requests", ["<0.0001"]),
        ([None, "0.5"], "USD per 1,000 requests", ["unmeasured", "500.00"]),
    ],
)
def test_costs_of_requests_share_one_scale(
    values: list[str | None], unit: str, texts: list[str]
) -> None:
    column = words.money_column([cost(value) for value in values])
    assert column.unit == unit
    assert [column.amount(value, "USD/request") for value in values] == texts


def test_two_currencies_keep_their_units() -> None:
    column = words.money_column([cost("1"), cost("2", "EUR/request")])
    assert column.unit == ""
    assert column.amount("2", "EUR/request") == "2.00 EUR/request"


def test_tiny_sums_are_told_in_millionths() -> None:
    column = words.money_column([cost("0.00004", "USD"), cost("0.000002", "USD")])
    assert column.unit == "10⁻⁶ USD"
    assert column.amount("0.00004", "USD") == "40.00"


def test_an_unmeasured_metric_says_why() -> None:
    metric = Metric(
        name="accuracy",
        value=None,
        low=None,
        high=None,
        confidence=0.9,
        basis="unmeasured",
        n=None,
        reason="no probe fitted",
    )
    worded = words.worded_metric(metric)
    assert (worded.text, worded.interval, worded.note) == ("unmeasured", "", "no probe fitted")


@given(st.decimals(min_value=0, max_value=10**9, allow_nan=False, places=12), st.integers(2, 9))
def test_fixed_digits_are_within_half_a_unit(value: Decimal, decimals: int) -> None:
    text = words.fixed(value, decimals)
    unit = Decimal(1).scaleb(-decimals)
    if text.startswith("<"):
        assert 0 < value < unit
    else:
        assert abs(Decimal(text.replace(",", "")) - value) <= unit / 2


@given(st.floats(0, 1))
def test_a_share_is_called_none_or_all_only_where_it_is(share: float) -> None:
    text = words.whole_percent(share)
    assert (text == "0 %") == (share == 0)
    assert (text == "100 %") == (share == 1)
