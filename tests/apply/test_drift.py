"""Streams of signals against what a bundle keeps of its calibration rows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ks_2samp

from cosmosql.apply.drift import ALARM, WINDOW, Watch, distance, p_value
from cosmosql.apply.fitting import quantiles
from cosmosql.artifact.bundle import SignalReference
from cosmosql.diagnostics.diagnostic import Diagnostic


def reference(values: np.ndarray, member: str = "small") -> SignalReference:
    return SignalReference(
        member=member, signal="margin", rows=len(values), quantiles=quantiles(np.sort(values))
    )


def warned(watch: Watch, stream: np.ndarray) -> list[Diagnostic]:
    found = [watch.asked("small", {"margin": float(value)}) for value in stream]
    return [one for one in (*found, *watch.ended()) if one is not None]


def test_the_distance_is_that_of_scipy() -> None:
    rng = np.random.default_rng(0)
    known, found = rng.normal(size=300), rng.normal(0.3, size=200)
    theirs = ks_2samp(known, found, method="asymp")
    assert distance(reference(known), found.tolist()) == pytest.approx(theirs.statistic, abs=0.005)
    assert p_value(theirs.statistic, 300, 200) == pytest.approx(theirs.pvalue, rel=0.5)


def test_what_has_not_drifted_seldom_warns() -> None:
    """Over 400 streams of three windows at most 1 % warn, by binomial noise up to 2.5 %."""
    rng = np.random.default_rng(1)
    alarms = 0
    for _ in range(400):
        watch = Watch([reference(rng.normal(size=300))])
        alarms += bool(warned(watch, rng.normal(size=3 * WINDOW)))
    assert alarms / 400 <= ALARM + 3 * np.sqrt(ALARM * (1 - ALARM) / 400)


def test_a_drift_is_told_once_and_where() -> None:
    rng = np.random.default_rng(2)
    watch = Watch([reference(rng.normal(size=300))])
    stream = np.concatenate([rng.normal(size=WINDOW), rng.normal(0.8, size=2 * WINDOW)])
    (finding,) = warned(watch, stream)
    assert finding.code == "W0813"
    assert f"the answers {WINDOW + 1} to {2 * WINDOW}" in finding.notes[0]
    (found,) = watch.summary.drift
    assert found.drifted == [WINDOW, 2 * WINDOW]
    assert (found.windows, found.reference) == (3, 300)


def test_a_short_stream_is_tested_from_fifty_rows_on() -> None:
    rng = np.random.default_rng(3)
    known = rng.normal(size=300)
    assert warned(Watch([reference(known)]), rng.normal(3.0, size=49)) == []
    assert len(warned(Watch([reference(known)]), rng.normal(3.0, size=50))) == 1


def test_a_long_reference_is_kept_as_per_milles() -> None:
    values = np.random.default_rng(4).normal(size=20_000)
    kept = reference(values)
    assert len(kept.quantiles) == 1001 and kept.rows == 20_000
    assert distance(kept, np.sort(values).tolist()) < 0.003


def test_answers_without_the_signal_are_not_tested() -> None:
    watch = Watch([reference(np.arange(100.0))])
    for _ in range(60):
        assert watch.asked("small", {"margin": float("nan")}) is None
        assert watch.asked("large", {}) is None
        watch.answered("large")
    assert watch.ended() == ()
    assert watch.summary.asked == {"large": 60, "small": 60}
    assert watch.summary.answered == {"large": 60} and watch.summary.rows == 60
    assert watch.summary.drift == ()
