"""The algebra of units: exact, and in agreement with itself."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmosql.units import (
    DIFFERENCE,
    RATIO,
    DimensionMismatch,
    Quantity,
)

Desk = Any

UNITS = [
    "", "%", "pp", "USD", "EUR", "JPY", "s", "ms", "us", "min", "hours", "days", "months", "years",
    "GPUs", "GPU-hours", "GPU-min", "GPU-s", "tok", "ktok", "Mtok", "requests", "examples",
    "labels", "B", "KB", "MiB", "GiB", "TB", "FLOP", "TFLOP/s", "GB/s", "USD/Mtok",
    "USD/GPU-hour", "USD/request", "requests/month", "examples/min",
]  # fmt: skip
numbers = st.decimals(min_value=-(10**9), max_value=10**9, allow_nan=False, places=4)
units = st.sampled_from(UNITS)
quantities = st.builds(Quantity.of, numbers, units)


def exact(quantity: Quantity) -> Fraction:
    """The amount in base units, not rounded to any number of digits."""
    return quantity._exact


def same(left: Quantity, right: Quantity) -> bool:
    """Equal, but for the fiftieth digit where a result is no finite decimal."""
    if left.dimension != right.dimension:
        return False
    gap = abs(exact(left) - exact(right))
    return gap <= Fraction(1, 10**45) * max(abs(exact(left)), abs(exact(right)))


@given(quantities, quantities)
def test_products_commute(a: Quantity, b: Quantity) -> None:
    assert same(a * b, b * a)
    assert (a * b).dimension == (b * a).dimension == a.dimension * b.dimension


@given(quantities, quantities, quantities)
def test_products_associate(a: Quantity, b: Quantity, c: Quantity) -> None:
    assert same((a * b) * c, a * (b * c))


@given(units, numbers, numbers, numbers)
def test_sums_commute_and_associate(unit: str, a: Decimal, b: Decimal, c: Decimal) -> None:
    x, y, z = (Quantity.of(number, unit) for number in (a, b, c))
    assert x + y == y + x
    assert (x + y) + z == x + (y + z)
    assert exact(x + y) == exact(x) + exact(y)


@given(quantities, units, numbers, numbers)
def test_products_distribute_over_sums(a: Quantity, unit: str, b: Decimal, c: Decimal) -> None:
    x, y = Quantity.of(b, unit), Quantity.of(c, unit)
    assert (
        same(a * (x + y), a * x + a * y)
        or exact(x + y) == 0
        or abs(exact(a * (x + y)) - exact(a * x + a * y)) <= Fraction(1, 10**30) * abs(exact(a * x))
    )


@given(quantities, st.integers(1, 10**6), units)
def test_a_quotient_undoes_a_product(a: Quantity, number: int, unit: str) -> None:
    b = Quantity.of(number, unit)
    assert same((a * b) / b, a)
    assert same((a / b) * b, a)
    assert ((a / b) * b).dimension == a.dimension


@given(quantities, st.integers(0, 6), st.integers(0, 6))
def test_what_is_a_finite_decimal_is_exact(a: Quantity, twos: int, fives: int) -> None:
    b = Quantity.of(2**twos * 5**fives)
    assert (a / b) * b == a
    assert exact(a / b) == exact(a) / (2**twos * 5**fives)


@given(units, units, numbers, numbers)
def test_comparison_agrees_with_subtraction(
    unit: str, other: str, left: Decimal, right: Decimal
) -> None:
    a, b = Quantity.of(left, unit), Quantity.of(right, other)
    if a.dimension != b.dimension:
        assert a != b
        for compare in (lambda: a < b, lambda: a <= b, lambda: a > b, lambda: a >= b):
            with pytest.raises(DimensionMismatch):
                compare()
        return
    gap = exact(a) - exact(b)
    assert (a < b, a == b, a > b) == (gap < 0, gap == 0, gap > 0)
    assert (a <= b, a >= b) == (gap <= 0, gap >= 0)
    assert (a == b) <= (hash(a) == hash(b))


@given(quantities, quantities)
def test_only_equal_dimensions_add(a: Quantity, b: Quantity) -> None:
    pair = {a.dimension, b.dimension}
    if len(pair) == 1 or pair == {RATIO, DIFFERENCE}:
        assert (a + b).dimension in pair
    else:
        with pytest.raises(DimensionMismatch):
            _ = a + b


@given(quantities)
def test_parse_is_the_inverse_of_str(a: Quantity) -> None:
    again = Quantity.parse(str(a))
    assert (again, again.value, again.unit, again.dimension) == (a, a.value, a.unit, a.dimension)


@given(quantities)
def test_double_negation_and_the_neutral_ones(a: Quantity) -> None:
    negative = -a
    assert -negative == a
    assert a * Quantity.of(1) == a / Quantity.of(1) == a
    assert exact(a + -a) == 0


@given(numbers, numbers)
def test_percent_and_percentage_points_are_two_things(left: Decimal, right: Decimal) -> None:
    ratio, points = Quantity.of(left, "%"), Quantity.of(right, "pp")
    assert ratio.dimension == RATIO != DIFFERENCE == points.dimension
    assert ratio != points
    assert (ratio + points).dimension == (ratio - points).dimension == RATIO
    assert (ratio - ratio).dimension == DIFFERENCE
    with pytest.raises(DimensionMismatch):
        _ = points - ratio
    with pytest.raises(DimensionMismatch):
        _ = ratio < points


@given(numbers, numbers)
def test_currencies_never_mix(left: Decimal, right: Decimal) -> None:
    dollars, euros = Quantity.of(left, "USD"), Quantity.of(right, "EUR")
    for mixed in (
        lambda: dollars + euros,
        lambda: dollars - euros,
        lambda: dollars < euros,
        lambda: dollars.to("EUR"),
    ):
        with pytest.raises(DimensionMismatch):
            mixed()
    assert dollars != euros
    rate = Quantity.of(2, "USD/EUR")
    assert (rate * euros).dimension == dollars.dimension


def test_money_is_never_a_float() -> None:
    tenth = Quantity.parse("0.1 USD")
    assert tenth + tenth + tenth == Quantity.parse("0.3 USD")
    assert isinstance(tenth.value, Decimal)
    assert isinstance(tenth.base, Decimal)
    assert str(Quantity.parse("0.15 USD/Mtok") * Quantity.parse("3 Mtok")) == "0.45 USD"


def test_the_examples_of_the_language() -> None:
    q = Quantity.parse
    assert q("8 GPUs") * q("30 min") == q("4 GPU-hours")
    assert q("6 GPU-hours") * q("3.50 USD/GPU-hour") == q("21 USD")
    assert q("1_200_000 requests/month") * q("0.004 USD/request") == q("4_800 USD/month")
    assert q("82%") + q("2 pp") == q("84%")
    assert q("24 GiB") > q("25 GB")
    assert q("800 ms") < q("1 s")


LET = "let a = {}\n"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("8 GPUs * 30 min - 4 GPU-hours", None),
        ("8 GPUs * 30 min + 1 USD", "E0301"),
        ("1 USD + 1 EUR", "E0301"),
        ("82% + 2 pp", None),
        ("2 pp - 82%", "E0301"),
        ("1 hour + 1 GPU-hour", "E0301"),
        ("1 request + 1 example", "E0301"),
        ("1 label + 1 example", "E0301"),
        ("1 B + 1 tok", "E0301"),
        ("1 USD/month + 1 USD/day", None),
        ("1 / 0", "E0304"),
        ("1 USD / (3 s - 3 s)", "E0304"),
        ("1e40 * 1e40", "E0304"),
        ("1e-40 * 1e-40", "E0304"),
        ("1e60", None),
        ("1e61", "E0106"),
        ("1e999999999999", "E0106"),
        ("0." + "0" * 70 + "1", "E0106"),
        ("9" * 51, "E0106"),
        ("-(1 USD)", None),
        ("-true", "E0302"),
        ('"a" + 1', "E0302"),
        ("1 + true", "E0302"),
        ("word * 2", "E0302"),
        ("1 < 2", "E0102"),
        ("40 USD/n", "E0103"),
        ("40 usd", "E0103"),
    ],
)
def test_arithmetic_of_a_spec(desk: Desk, value: str, code: str | None) -> None:
    assert desk.codes(LET.format(value)) == ([] if code is None else [code])


def test_a_division_by_a_unit_says_where_the_spaces_go(desk: Desk) -> None:
    (found,) = desk.found(LET.format("40 USD/n"))
    assert found.help is not None and "spaces around `/`" in found.help


@pytest.mark.parametrize("large", ["1" + "0" * 5_000, "1e" + "9" * 5_000, "0." + "0" * 5_000 + "1"])
def test_numbers_beyond_all_bounds_are_refused(desk: Desk, large: str) -> None:
    assert desk.codes(LET.format(large)) == ["E0106"]


def test_gpu_time_becomes_money_by_a_declared_price_alone(desk: Desk) -> None:
    require = "accuracy\n  require adapt_cost <= 6 GPU-hours{}\n"
    (found,) = desk.found(desk.whole.replace("accuracy\n", require.format("")))
    assert found.code == "E0301"
    assert found.title == "cannot compare money with GPU time"
    assert found.help == "multiply by a declared price: `6 GPU-hours * hw.h100.price`"
    assert [label.text for label in found.labels] == ["this is GPU time", "this is money"]
    priced = desk.whole.replace("accuracy\n", require.format(" * hw.cpu.price"))
    assert desk.codes(priced) == []
    unpriced = priced + "\nhardware bare {\n  memory = 1 GB\n}\n"
    assert desk.codes(unpriced.replace("hw.cpu.price", "hardware.bare.price")) == ["E0201"]


def test_a_missing_price_is_an_error_and_never_zero(desk: Desk) -> None:
    text = desk.whole.replace("hw.cpu", "hardware.bare") + "\nhardware bare {\n}\n"
    assert desk.codes(text) == ["E0407"]
    assert desk.codes(desk.whole.replace("  on = hw.cpu\n", "")) == ["E0407"]
