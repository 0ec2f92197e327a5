"""Simulated worlds through the whole pipeline: what was measured, forecast, decided and spent."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def test_the_pipeline_measures_what_the_law_says(tmp_path: Path) -> None:
    from simulated_worlds.clock import simulated_time
    from simulated_worlds.law import law_of
    from simulated_worlds.world import VALIDATION, setting_of, write_world

    from cosmosql.compiler import compile_spec
    from cosmosql.pipeline import measured

    with simulated_time():
        compiled = compile_spec(write_world(0, tmp_path))
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


def test_spending_stays_below_every_cap() -> None:
    from simulated_worlds.outcome import run_capped

    found = [run_capped(seed) for seed in range(6)]
    assert [one.exceeded for one in found] == [()] * 6
    assert len({meter for one in found for meter in one.caps}) >= 4
