"""Reserve, spend, settle: never over a cap while worst cases hold, and honest where they do not."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmosql.evidence.metering import Meter, OverBudgetError, amounts
from cosmosql.evidence.observation import Usage

AMOUNT = st.decimals(min_value=0, max_value=100, places=3)
METERS = ("money", "wall", "tokens")


@st.composite
def steps(draw):
    """Worst cases with the share of each that is really taken, and whether two run at once."""
    worst = {meter: draw(AMOUNT) for meter in METERS}
    share = draw(st.decimals(min_value=0, max_value=1, places=2))
    return worst, {meter: amount * share for meter, amount in worst.items()}, draw(st.booleans())


@given(
    caps=st.fixed_dictionaries({}, optional=dict.fromkeys(METERS, AMOUNT)),
    before=st.dictionaries(st.sampled_from(METERS), st.just(Decimal(1))),
    work=st.lists(steps(), max_size=30),
)
def test_the_sum_never_passes_a_cap(caps, before, work):
    spent = {meter: min(amount, caps.get(meter, amount)) for meter, amount in before.items()}
    meter = Meter(caps, spent)
    waiting = []
    for worst, actual, at_once in work:
        try:
            waiting.append((meter.reserve(worst), actual))
        except OverBudgetError as refusal:
            assert refusal.needed > refusal.left
        if not at_once:
            while waiting:
                meter.settle(*waiting.pop())
        for name, cap in caps.items():
            assert meter.spent.get(name, Decimal(0)) <= cap
    assert all(meter.spent.get(name, Decimal(0)) <= cap for name, cap in caps.items())


def test_what_does_not_fit_holds_nothing_back():
    meter = Meter({"tokens": Decimal(10)})
    with pytest.raises(OverBudgetError) as refused:
        meter.reserve({"tokens": Decimal(11)})
    assert refused.value.meter == "tokens"
    assert meter.left("tokens") == 10


def test_a_broken_worst_case_is_counted_as_it_was():
    meter = Meter({"tokens": Decimal(10)})
    meter.settle(meter.reserve({"tokens": Decimal(5)}), {"tokens": Decimal(12)})
    assert meter.spent["tokens"] == 12
    with pytest.raises(OverBudgetError):
        meter.reserve({"tokens": Decimal(1)})


def test_meters_without_a_cap_are_counted_and_never_refuse():
    meter = Meter({})
    meter.settle(meter.reserve({"wall": Decimal(10**9)}), {"wall": Decimal(3)})
    assert meter.spent == {"wall": Decimal(3)}


def test_a_worst_case_that_is_silent_about_a_limit_is_refused():
    with pytest.raises(ValueError, match="money"):
        Meter({"money": Decimal(1)}).reserve({"tokens": Decimal(1)})


def test_an_unknown_price_is_no_amount():
    assert "money" not in amounts(Usage(money=None))
    assert amounts(Usage(money=Decimal("0.1")))["money"] == Decimal("0.1")
