from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cosmosql.contracts.backend import DeviceProfile
from cosmosql.evidence.store import Recorded
from cosmosql.interval import Unmeasured
from cosmosql.predict.cost import break_even, exact
from cosmosql.predict.fits import Fits
from cosmosql.predict.forecasting import forecast
from cosmosql.predict.hardware import Rates, memory_reason, rates_of, tariff_of
from cosmosql.units import Quantity

PROFILE = DeviceProfile(device="here", prefill=1000.0, decode=100.0, training=400.0, peak_flops=4e9)


def test_the_machine_at_hand_is_as_measured(world: Any) -> None:
    one = world()
    box = one.program.hardware["hardware.box"]
    found = rates_of(PROFILE, one.facts.cards["model.small"], box)
    assert found == Rates(prefill=1000.0, decode=100.0, training=400.0, basis="measured")


def test_other_hardware_is_a_roofline_at_the_measured_share_of_the_peak(world: Any) -> None:
    """100,000 parameters: a prompt token is 2e5 FLOP, so 1,000 a second are 2e8 of 4e9: 5 %.

    At a peak of 1e12 and 5 %: 5e10 / 2e5 = 250,000 prompt tokens a second. Training: 4e5 FLOP,
    400 a second are 1.6e8 of 4e9: 4 %; 4e10 / 4e5 = 100,000. An answer token reads 4e5 bytes: at
    1 GB/s 4e-4 s, longer than its 2e-7 s of arithmetic; at 5 %: 125 a second.
    """
    one = world()
    box = replace(
        one.program.hardware["hardware.box"],
        peak_flops=1e12,
        bandwidth=Quantity.parse("1 GB/s"),
    )
    found = rates_of(PROFILE, one.facts.cards["model.small"], box)
    assert isinstance(found, Rates) and found.basis == "predicted"
    assert found.prefill == pytest.approx(250_000)
    assert found.training == pytest.approx(100_000)
    assert found.decode == pytest.approx(125)


def test_what_a_roofline_lacks_is_said(world: Any) -> None:
    one = world()
    box = replace(one.program.hardware["hardware.box"], peak_flops=1e12)
    card = one.facts.cards["model.small"]
    assert isinstance(rates_of(PROFILE, card, box), Unmeasured)
    assert isinstance(rates_of(PROFILE, None, box), Unmeasured)
    assert isinstance(rates_of(None, card, box), Unmeasured)


def test_a_missing_price_is_never_zero(world: Any) -> None:
    box = replace(world().program.hardware["hardware.box"], price=None)
    found = tariff_of(box)
    assert isinstance(found, Unmeasured) and "price" in found.reason
    assert isinstance(tariff_of(None), Unmeasured)


def test_a_model_larger_than_the_memory_has_no_costs(world: Any) -> None:
    one = world()
    box = replace(one.program.hardware["hardware.box"], memory=Quantity.parse("0.5 MB"))
    card = one.facts.cards["model.small"]
    assert memory_reason(card, box, trains=False) is None
    reason = memory_reason(card, box, trains=True)
    assert reason is not None and "memory" in reason


def test_costs_break_even_where_the_lines_cross(world: Any) -> None:
    """0.15 once and 0.00006 a request against 0.00054 a request: 0.15 / 0.00048 = 312.5."""
    one = world()
    first = forecast(one.graph, (), one.facts, Fits(Recorded(), replay=False), seed=0, draws=10)[0]

    def priced(once: float, each: float) -> Any:
        return replace(
            first,
            measures={
                "adapt_cost": exact(once, "USD", 10, "predicted"),
                "serve_cost": exact(each, "USD/request", 10, "predicted"),
            },
        )

    assert break_even(priced(0.15, 0.00006), priced(0.0, 0.00054)) == pytest.approx(312.5)
    assert break_even(priced(0.15, 0.00054), priced(0.0, 0.00006)) is None
    assert break_even(priced(0.15, 0.00054), first) is None
