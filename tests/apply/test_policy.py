"""Cascades and mixes over hand-made answers."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmosql.apply.policy import calibrated, confidence, drawn_for_last, goes_on
from cosmosql.apply.scores import tiers
from cosmosql.artifact.bundle import BundlePolicy
from cosmosql.artifact.storage import document_bytes
from cosmosql.evidence.observation import Item


def cascade(signal: str, threshold: float, share: float | None = None) -> BundlePolicy:
    return BundlePolicy(
        kind="cascade",
        members=("small", "large"),
        signal=signal,
        thresholds=(threshold,),
        share=share,
    )


def mix(share: float | None) -> BundlePolicy:
    return BundlePolicy(kind="mix", members=("small", "large"), share=share)


def item(score: float, row: str = "r", **signals: float) -> Item:
    return Item(
        row=row,
        score=score,
        predicted=None,
        target=None,
        signals=signals,
        prompt_tokens=1,
        completion_tokens=1,
    )


WRONG, RIGHT = 0.0, 1.0


@pytest.mark.parametrize(("margin", "asked"), [(1.4, (0, 1)), (1.5, (0,)), (9.0, (0,))])
def test_a_low_margin_goes_on(margin: float, asked: tuple[int, ...]) -> None:
    row = tiers(cascade("margin", 1.5), [item(WRONG, margin=margin), item(RIGHT)])
    assert row.asked == asked
    assert row.item.score == (RIGHT if len(asked) == 2 else WRONG)


@pytest.mark.parametrize(("entropy", "asked"), [(0.9, (0, 1)), (0.7, (0,)), (0.1, (0,))])
def test_a_high_entropy_goes_on(entropy: float, asked: tuple[int, ...]) -> None:
    """Entropy falls as an answer gets surer, so its confidence is its negative."""
    assert confidence({"entropy": entropy}, "entropy") == -entropy
    row = tiers(cascade("entropy", -0.7), [item(WRONG, entropy=entropy), item(RIGHT)])
    assert row.asked == asked


@pytest.mark.parametrize("signals", [{}, {"margin": math.nan}, {"max_probability": 0.9}])
def test_an_answer_without_the_signal_goes_on(signals: dict[str, float]) -> None:
    assert confidence(signals, "margin") == -math.inf
    assert goes_on(cascade("margin", -1e300), signals)
    assert tiers(cascade("margin", 0.0), [item(WRONG, **signals), item(RIGHT)]).asked == (0, 1)


def test_the_threshold_sends_on_the_planned_share_of_the_calibration_rows() -> None:
    sure = [index / 100 for index in range(100)]
    for share in (0.0, 0.25, 0.5, 1.0):
        policy = calibrated(cascade("margin", math.pi, share), sure)
        on = sum(goes_on(policy, {"margin": one}) for one in sure)
        assert on == pytest.approx(100 * share, abs=1)


@pytest.mark.parametrize(
    ("sure", "share", "on"),
    [
        ([-math.inf, -math.inf, 0.5], 0.4, [True, True, False]),
        ([-math.inf] * 3, 0.5, [True] * 3),
        ([0.1, 0.2, 0.3], 1.0, [True] * 3),
    ],
)
def test_a_threshold_without_bound_can_be_written(
    sure: list[float], share: float, on: list[bool]
) -> None:
    policy = calibrated(cascade("margin", 0.0, share), sure)
    read = BundlePolicy.model_validate_json(document_bytes(policy))
    assert read == policy
    signals = [{} if one == -math.inf else {"margin": one} for one in sure]
    assert [goes_on(read, one) for one in signals] == on


def test_without_a_threshold_only_rows_without_the_signal_go_on() -> None:
    policy = cascade("margin", 0.0).model_copy(update={"thresholds": ()})
    assert goes_on(policy, {})
    assert not goes_on(policy, {"margin": -1e9})


def test_only_a_cascade_with_a_share_and_rows_is_calibrated() -> None:
    written = cascade("margin", 1.5)
    assert calibrated(written, [0.1, 0.2]) == written
    assert calibrated(cascade("margin", 1.5, 0.5), []) == cascade("margin", 1.5, 0.5)
    assert calibrated(mix(0.5), [0.1, 0.2]) == mix(0.5)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_a_mix_sends_its_share_of_many_rows(share: float) -> None:
    rows = [f"row {index}" for index in range(4000)]
    drawn = [drawn_for_last(mix(share), row) for row in rows]
    deviation = math.sqrt(share * (1 - share) / len(rows))
    assert abs(sum(drawn) / len(rows) - share) <= 4 * deviation
    assert drawn == [drawn_for_last(mix(share), row) for row in rows]


@given(row=st.text(), low=st.floats(0, 1), high=st.floats(0, 1))
def test_a_larger_share_keeps_the_rows_of_a_smaller_one(row: str, low: float, high: float) -> None:
    low, high = sorted((low, high))
    assert drawn_for_last(mix(high), row) >= drawn_for_last(mix(low), row)


def test_a_mix_asks_one_member_alone() -> None:
    answers = [item(WRONG), item(RIGHT)]
    assert tiers(mix(0.0), answers).asked == (0,)
    assert tiers(mix(1.0), answers).asked == (1,)
    assert tiers(mix(1.0), answers).item.score == RIGHT
    assert tiers(mix(None), answers).asked == (0,)


def test_a_single_asks_the_only_member() -> None:
    single = BundlePolicy(kind="single", members=("small",))
    assert tiers(single, [item(RIGHT)]).asked == (0,)
