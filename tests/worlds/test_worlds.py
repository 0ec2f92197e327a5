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


def test_intervals_hold_what_a_run_in_full_gives(share: Any) -> None:
    """Few worlds, and so a wide band; tests/bench/worlds.py has three hundred."""
    from simulated_worlds.law import WRONG
    from simulated_worlds.scores import coverage

    outcomes, _ = share
    known = [one for one in outcomes if one.regime != WRONG]
    found = [coverage(known, level) for level in (50, 80, 90)]
    assert all(one.share > one.band[0] for one in found)
    assert found[0].share < found[1].share <= found[2].share


def test_decisions_are_not_confident_and_wrong(share: Any) -> None:
    from simulated_worlds.scores import confidence

    outcomes, _ = share
    assert confidence(outcomes).kept
    assert {one.status for one in outcomes} <= {"decided", "undecided"}
