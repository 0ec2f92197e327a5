"""Simulated worlds through the whole pipeline: what was measured, forecast, decided and spent."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest


def test_the_pipeline_measures_what_the_law_says(tmp_path: Path) -> None:
    from simulated_worlds.clock import simulated_time
    from simulated_worlds.law import law_of
    from simulated_worlds.world import VALIDATION, setting_of, write_world

    from cosmosql.compiler import compile_spec
    from cosmosql.pipeline import measured

    with simulated_time():
        compiled = compile_spec(write_world(0, tmp_path, order="complete"))
        line, fresh = measured(compiled, 0, None)
        again, more = measured(compiled, 0, None)
    assert fresh > 0
    assert more == 0
    assert again.decision == line.decision
    law = law_of(0)
    errors = []
    for one in line.measured:
        request = one.measurement
        if request.kind != "evaluate" or request.candidate.model is None:
            continue
        setting = setting_of(request.candidate, request.fidelity)
        assert setting is not None
        share = float(np.mean([item.score for item in one.observation.items]))
        known = law.accuracy(setting)
        spread = np.hypot(np.sqrt(known * (1 - known) / VALIDATION), 0.25 * law.spread(setting))
        errors.append((share - known) / spread)
    assert len(errors) > 30
    assert np.abs(errors).max() < 4.5


@pytest.fixture(scope="module")
def share() -> tuple[Sequence[Any], Sequence[Any]]:
    """One world of each regime: what became of them, and what was spent."""
    from simulated_worlds.law import REGIMES
    from simulated_worlds.outcome import run_world

    found = [run_world(seed) for seed in range(len(REGIMES))]
    return [outcome for outcome, _ in found], [spent for _, spent in found]


def test_spending_stays_below_every_cap(share: Any) -> None:
    _, spent = share
    assert [one.exceeded for one in spent] == [()] * len(spent)
    assert len({meter for one in spent for meter in one.caps}) >= 4
    assert any(one.taken for one in spent)
    assert all(one.taken or not one.began for one in spent)


LEAST = {50: 0.15, 80: 0.35, 90: 0.5}
"""The least share of forecasts that intervals of these levels may hold, far below what they
promise: eight worlds are few, and forecasts of one world stand and fall together. The promise is
judged on three hundred (docs/benchmarks/worlds.md)."""


def test_intervals_hold_what_a_run_in_full_gives(share: Any) -> None:
    from simulated_worlds.law import WRONG
    from simulated_worlds.scores import coverage

    outcomes, _ = share
    known = [one for one in outcomes if one.regime != WRONG]
    found = {level: coverage(known, level) for level in LEAST}
    assert all(one.share >= LEAST[level] for level, one in found.items())
    assert found[50].share < found[80].share <= found[90].share


def test_decisions_are_not_confident_and_wrong(share: Any) -> None:
    from simulated_worlds.scores import confidence

    outcomes, _ = share
    assert confidence(outcomes).kept
    assert {one.status for one in outcomes} <= {"decided", "undecided"}
