"""What is true in a simulated world is what its models do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

SIZES = (0, 1, 4, 16, 64, 256)


@pytest.mark.parametrize("seed", range(16))
def test_saturating_curves_rise_and_humps_fall(seed: int) -> None:
    from simulated_worlds.law import law_of

    law = law_of(seed)
    for skills in law.skills.values():
        values = np.array([skills.tuned.at(size) for size in SIZES])
        rising = bool((np.diff(values) >= -1e-12).all())
        assert rising == (law.regime != "humped")


def test_every_regime_takes_its_turn() -> None:
    from simulated_worlds.law import REGIMES, law_of

    assert [law_of(seed).regime for seed in range(16)] == [*REGIMES, *REGIMES]


def test_nobody_can_do_a_task_of_chance_and_ties_are_near() -> None:
    from simulated_worlds.law import REGIMES, Setting, law_of

    chance, ties = law_of(REGIMES.index("chance")), law_of(REGIMES.index("ties"))
    shown = [Setting(size=size, way="retrieved", shots=16) for size in ("small", "large")]
    assert [chance.accuracy(one) for one in shown] == [1 / len(chance.labels)] * 2
    ceilings = [skills.tuned.ceiling for skills in ties.skills.values()]
    assert all(
        abs(ties.skills[one.size].shown["retrieved"].ceiling - ceiling) < 0.01
        for one, ceiling in zip(shown, ceilings, strict=True)
    )


def test_training_takes_passes_and_its_own_learning_rate() -> None:
    from simulated_worlds.law import Setting, law_of

    law = law_of(0)
    best = law.skills["small"].best_rate
    setting = Setting(size="small", way="tuned", rows=256, seen=256, rank=8, learning_rate=best)
    more = replace(setting, seen=1024.0)
    hot = replace(setting, learning_rate=8 * best)
    cold = replace(setting, learning_rate=best / 8)
    assert law.accuracy(more) > law.accuracy(setting) > law.accuracy(cold)
    assert law.accuracy(setting) > law.accuracy(hot)


def test_rows_come_out_as_often_right_as_the_run_is_good() -> None:
    from simulated_worlds.law import MOST_ROWS, Setting, law_of

    law = law_of(3)
    setting = Setting(size="large", way="random", shots=4)
    places = np.arange(MOST_ROWS)
    for run in ("one", "two"):
        share = float((law.right(setting, run, places) > 0).mean())
        known = law.accuracy_of_run(setting, run)
        assert abs(share - known) < 4 * np.sqrt(known * (1 - known) / MOST_ROWS)
    runs = [law.accuracy_of_run(setting, run) for run in range(400)]
    spread = float(np.std(runs))
    assert spread > 0.005
    assert abs(np.mean(runs) - law.expected(setting)) < 4 * spread / 20


def test_outcomes_of_two_models_go_together() -> None:
    from simulated_worlds.law import MOST_ROWS, Setting, law_of

    law = law_of(0)
    places = np.arange(MOST_ROWS)
    answers = [
        law.right(Setting(size=size, way="retrieved", shots=8), 8, places) > 0
        for size in ("small", "large")
    ]
    assert np.corrcoef(answers)[0, 1] > 0.2
