"""Quantities: exact, canonical, and never mixed."""

from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmosql.identity import canonical
from cosmosql.units import (
    DIFFERENCE,
    GPU_TIME,
    RATIO,
    REQUESTS,
    TIME,
    Dimension,
    DimensionMismatch,
    Quantity,
    UnknownUnit,
    canonical_unit,
    money,
    number_text,
    split_number,
)

UNITS = [
    None, "%", "pp", "USD", "EUR", "s", "ms", "us", "min", "hour", "day", "month", "year", "GPU",
    "GPU-hour", "GPU-min", "tok", "ktok", "Mtok", "request", "example", "row", "label", "B", "KB",
    "KiB", "GiB", "TB", "FLOP", "TFLOP/s", "GB/s", "USD/Mtok", "USD/GPU-hour", "USD/request",
    "request/month", "examples/min", "USD-s/tok", "%/month",
]  # fmt: skip
numbers = st.decimals(
    min_value=Decimal("-1e12"), max_value=Decimal("1e12"), allow_nan=False, places=6
)
quantities = st.builds(Quantity.of, numbers, st.sampled_from(UNITS))


def q(text: str) -> Quantity:
    return Quantity.parse(text)


@pytest.mark.parametrize(
    ("written", "canonical_text", "base", "dimension"),
    [
        ("40 USD", "40 USD", "40", "money"),
        ("0.10 EUR", "0.1 EUR", "0.1", "money"),
        ("82%", "82%", "0.82", "ratio"),
        ("82 %", "82%", "0.82", "ratio"),
        ("0.25", "0.25", "0.25", "ratio"),
        ("2 pp", "2 pp", "0.02", "ratio difference"),
        ("800 ms", "800 ms", "0.8", "time"),
        ("2 h", "2 hours", "7200", "time"),
        ("1 month", "1 month", "2592000", "time"),
        ("1 year", "1 year", "31536000", "time"),
        ("6 GPU-hours", "6 GPU-hours", "21600", "GPU time"),
        ("1 GPU-hours", "1 GPU-hour", "3600", "GPU time"),
        ("8 GPUs", "8 GPUs", "8", "GPUs"),
        ("0.15 USD/Mtok", "0.15 USD/Mtok", "0.00000015", "money per token"),
        ("0.004 USD/request", "0.004 USD/request", "0.004", "money per request"),
        ("36 USD/GPU-hour", "36 USD/GPU-hour", "0.01", "money per GPU time"),
        ("2592000 requests/month", "2_592_000 requests/month", "1", "requests per time"),
        ("500 examples", "500 examples", "500", "examples"),
        ("500 rows", "500 rows", "500", "examples"),
        ("0 labels", "0 labels", "0", "labels"),
        ("24 GiB", "24 GiB", "25769803776", "bytes"),
        ("1.5 KB", "1.5 KB", "1500", "bytes"),
        ("3 TFLOP/s", "3 TFLOP/s", "3000000000000", "operations per time"),
        ("2 GB/s", "2 GB/s", "2000000000", "bytes per time"),
        ("1e-3 USD", "0.001 USD", "0.001", "money"),
        ("-4 USD", "-4 USD", "-4", "money"),
        ("5 tok/Mtok", "0.000005", "0.000005", "ratio"),
    ],
)
def test_written_canonical_and_base(
    written: str, canonical_text: str, base: str, dimension: str
) -> None:
    quantity = q(written)
    assert str(quantity) == canonical_text
    assert quantity.base == Decimal(base)
    assert quantity.dimension.name == dimension
    assert q(canonical_text) == quantity


@given(quantities)
def test_text_is_inverse_of_parse(quantity: Quantity) -> None:
    again = q(str(quantity))
    assert again == quantity
    assert (again.value, again.unit) == (quantity.value, quantity.unit)
    assert str(again) == str(quantity)
    assert "e" not in number_text(quantity.value).lower()


@given(quantities, quantities)
def test_product_multiplies_base_amounts_and_dimensions(left: Quantity, right: Quantity) -> None:
    product = left * right
    expected = pytest.approx(float(left.base) * float(right.base), rel=1e-14, abs=1e-40)
    assert float(product.base) == expected
    assert float((right * left).base) == expected
    assert product.dimension == (right * left).dimension == left.dimension * right.dimension
    assert q(str(product)).dimension == product.dimension


@given(quantities, quantities)
def test_quotient_undoes_product(left: Quantity, right: Quantity) -> None:
    if right.value:
        back = (left / right) * right
        assert back.dimension == left.dimension
        assert float(back.base) == pytest.approx(float(left.base), rel=1e-12, abs=1e-40)


@given(numbers, numbers, st.sampled_from(UNITS))
def test_order_and_sum_follow_the_numbers_of_one_unit(
    left: Decimal, right: Decimal, unit: str | None
) -> None:
    a, b = Quantity.of(left, unit), Quantity.of(right, unit)
    assert (a < b, a <= b, a > b, a >= b, a == b) == (
        left < right, left <= right, left > right, left >= right, left == right,
    )  # fmt: skip
    assert a + b == Quantity.of(left + right, unit)
    assert (a == b) <= (hash(a) == hash(b))
    if a.dimension != RATIO:
        assert a - b == Quantity.of(left - right, unit)


def test_units_combine() -> None:
    assert q("8 GPUs") * q("30 min") == q("4 GPU-hours")
    assert str(q("4 GPU-hours") / q("8 GPUs")) == "0.5 hours"
    assert str(q("1_200_000 requests/month") * q("0.004 USD/request")) == "4800 USD/month"
    assert str(q("6 GPU-min") * q("2.5 USD/GPU-hour")) == "0.25 USD"
    assert str(q("50%") * q("40 USD")) == "20 USD"
    assert str(q("50%") * q("50%")) == "25%"
    assert str(2 * q("3 USD")) == "6 USD"
    assert q("0.1 USD/hour") == q("2.4 USD/day")
    assert q("90 min").to("hours") == Decimal("1.5")
    assert q("60 s") == q("1 min") and hash(q("60 s")) == hash(q("1 min"))


def test_ratios_and_their_differences() -> None:
    assert str(q("82%") + q("2 pp")) == "84%"
    assert str(q("2 pp") + q("82%")) == "84%"
    assert str(q("82%") - q("2 pp")) == "80%"
    assert str(q("82%") - q("80%")) == "2 pp"
    assert str(q("3") - q("1")) == "2"
    assert RATIO - RATIO == DIFFERENCE
    with pytest.raises(DimensionMismatch):
        _ = q("2 pp") - q("82%")
    with pytest.raises(DimensionMismatch):
        _ = q("2%") <= q("2 pp")


@pytest.mark.parametrize(
    "verb", [operator.lt, operator.le, operator.gt, operator.add, operator.sub]
)
@pytest.mark.parametrize(
    ("left", "right"), [("40 USD", "6 GPU-hours"), ("1 USD", "1 EUR"), ("1 tok", "1 request")]
)
def test_unlike_dimensions_never_meet(
    verb: Callable[[Quantity, Quantity], object], left: str, right: str
) -> None:
    with pytest.raises(DimensionMismatch):
        verb(q(left), q(right))
    assert q(left) != q(right)


def test_a_mismatch_of_currencies_names_them() -> None:
    with pytest.raises(DimensionMismatch, match="EUR and USD"):
        _ = q("1 EUR") < q("1 USD")
    with pytest.raises(DimensionMismatch, match="money and GPU time"):
        _ = q("1 USD") < q("1 GPU-hour")


def test_a_third_is_kept_to_fifty_digits() -> None:
    third = q("1 USD") / 3
    assert third.value == Decimal("0." + "3" * 50)
    assert q(str(third)) == third


@pytest.mark.parametrize(
    ("unit", "suggestion"),
    [("usd", "USD"), ("GPU-huors", "GPU-hours"), ("USD/mtok", "USD/Mtok"), ("USD/n", None)],
)
def test_unknown_units_suggest_the_nearest(unit: str, suggestion: str | None) -> None:
    with pytest.raises(UnknownUnit) as caught:
        Quantity.of(3, unit)
    assert caught.value.unit == unit
    assert caught.value.suggestion == suggestion
    words = f"did you mean `{suggestion}`?" if suggestion else "spaces around `/`"
    assert words in caught.value.advice


@pytest.mark.parametrize("text", ["", "USD", "1__0", "1_", "1e999", "9" * 51, "0x10", "1. USD"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        q(text)


def test_fifty_digits_are_kept_wherever_the_point_is() -> None:
    for text in ("1." + "7" * 49, "7" * 50, "0." + "0" * 9 + "7" * 50, "7" * 50 + "000"):
        assert split_number(text)[0] == Decimal(text)
        with pytest.raises(ValueError, match="range"):
            split_number(text.replace("7", "77", 1))


def test_results_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="range"):
        _ = q("1e40") * q("1e40")
    with pytest.raises(ZeroDivisionError):
        _ = q("1 USD") / q("0 s")


def test_split_number_leaves_the_unit_alone() -> None:
    assert split_number("40 blorbs") == (Decimal(40), "blorbs")
    assert split_number("1e9") == (Decimal(10**9), None)
    assert split_number("1_0.50%") == (Decimal("10.5"), "%")


def test_dimensions() -> None:
    assert (money() / GPU_TIME).name == "money per GPU time"
    assert (money("EUR") / GPU_TIME).precise_name == "EUR per GPU time"
    assert money("EUR").currency == "EUR" and TIME.currency is None
    assert REQUESTS / REQUESTS == RATIO == Dimension()
    assert (TIME * TIME).name == "time^2"


def test_canonical_unit_and_identity() -> None:
    assert canonical_unit("h-GPUs") == "GPU-hour"
    assert canonical(q("6 GPU-h")) == canonical(q("6.0 GPU-hours"))
