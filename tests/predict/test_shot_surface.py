"""In-context forecasts: models and kinds of demonstrations tell of each other, within reach."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cosmosql.contracts.predictor import CurvePoint, Series, Target
from cosmosql.extensions.predictors.shot_surface import ShotSurface
from cosmosql.interval import Unmeasured
from cosmosql.predict.demonstrating import ShownRun, past_runs

DRAWS = 2_000


def point(shots: float, value: float, rows: int = 400) -> CurvePoint:
    hits = value * rows
    rng = np.random.default_rng([int(shots), int(1000 * value)])
    draws = rng.beta(hits + 0.5, rows - hits + 0.5, DRAWS)
    return CurvePoint(size=shots, value=value, draws=draws, n=rows)


def series(model: str = "large", *, kind: str = "icl-retrieved", **points: float) -> Series:
    return Series(
        kind=kind,
        points=tuple(point(float(name[1:]), value) for name, value in points.items()),
        zero_shot=point(0.0, 0.3),
        label_counts=(80,) * 6,
        task="a task of no past run",
        model=model,
        parameters=2_000_000 if model == "large" else 600_000,
    )


def forecast(*group: Series, shots: float = 8) -> list[np.ndarray | Unmeasured]:
    asked = [[Target(size=shots)]] * len(group)
    return [one for (one,) in ShotSurface().forecast(group, asked, draws=DRAWS, seed=3)]


def median(found: np.ndarray | Unmeasured) -> float:
    assert not isinstance(found, Unmeasured)
    return float(np.median(found))


def test_a_probe_moves_the_forecast_of_its_series() -> None:
    low, high = (forecast(series(k4=value))[0] for value in (0.35, 0.6))
    assert median(high) > median(low) + 0.1


def test_a_series_without_probes_is_told_of_by_the_others() -> None:
    told = [forecast(series(kind="icl-random", k4=value), series())[1] for value in (0.35, 0.6)]
    assert median(told[1]) > median(told[0]) + 0.02
    model = [forecast(series(k4=value), series("small"))[1] for value in (0.35, 0.6)]
    assert median(model[1]) > median(model[0])


def test_a_task_of_which_nothing_was_measured_is_unmeasured() -> None:
    assert all(isinstance(one, Unmeasured) for one in forecast(series(), series("small")))


def test_what_overflows_the_context_and_size_0_are_unmeasured() -> None:
    short = replace(series(k1=0.4, k4=0.5), largest_fitting=6.0)
    assert isinstance(forecast(short)[0], Unmeasured)
    assert isinstance(forecast(series(k4=0.5), shots=0)[0], Unmeasured)


def test_past_runs_reach_as_far_as_they_are_like() -> None:
    def run(shots: float, parameters: float) -> ShownRun:
        return ShownRun(
            task="new",
            model="any",
            parameters=parameters,
            chance=1 / 6,
            shots=shots,
            retrieved=True,
            zero_shot=0.3,
        )

    near, many, huge = past_runs().reach(
        [run(8, 2e6).place(), run(2_000, 2e6).place(), run(8, 7e9).place()]
    )
    assert near > 0.8
    assert many < near - 0.1
    assert huge < near - 0.1


def test_beyond_their_reach_the_series_own_points_answer() -> None:
    points = {"k1": 0.4, "k2": 0.5, "k4": 0.58, "k8": 0.66}
    giant = replace(series(**points), parameters=70_000_000_000)
    bare = replace(giant, parameters=None)
    assert median(forecast(giant, shots=64)[0]) == pytest.approx(
        median(forecast(bare, shots=64)[0]), abs=0.1
    )


def test_the_same_question_has_the_same_answer() -> None:
    one = series(k1=0.4, k4=0.5)
    assert median(forecast(one)[0]) == median(forecast(one)[0])
