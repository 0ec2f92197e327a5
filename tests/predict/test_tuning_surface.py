"""Fine-tuning forecasts: configurations and models tell of each other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cosmosql.contracts.predictor import CurvePoint, Series, Target
from cosmosql.extensions.predictors.tuning_surface import TuningSurface
from cosmosql.interval import Unmeasured
from cosmosql.predict.tuning import past_runs

DRAWS = 2_000
FULL = Target(size=512, examples=1536)


def point(size: float, value: float, examples: float = 0.0, rows: int = 400) -> CurvePoint:
    hits = value * rows
    rng = np.random.default_rng([int(size), int(examples), int(1000 * value)])
    draws = rng.beta(hits + 0.5, rows - hits + 0.5, DRAWS)
    return CurvePoint(size=size, value=value, draws=draws, n=rows, examples=examples)


def series(
    model: str = "large",
    *,
    rate: float = 0.005,
    rank: int = 16,
    top: float = 0.8,
    runs: tuple[CurvePoint, ...] = (),
    task: str = "a task of no past run",
) -> Series:
    sizes = (16, 32, 64, 128, 256, 512)
    return Series(
        kind="finetune",
        points=(),
        short=runs,
        proxy=tuple(point(size, top - (top - 0.25) / (1 + size / 60)) for size in sizes),
        label_counts=(80,) * 6,
        task=task,
        model=model,
        parameters=2_000_000 if model == "large" else 600_000,
        config={"learning_rate": rate, "rank": float(rank), "epochs": 3.0},
    )


def forecast(*group: Series, target: Target = FULL, seed: int = 1) -> list[np.ndarray]:
    found = TuningSurface().forecast(group, [[target]] * len(group), draws=DRAWS, seed=seed)
    draws = [one for (one,) in found]
    assert not any(isinstance(one, Unmeasured) for one in draws)
    return draws  # type: ignore[return-value]


def test_learning_rate_rank_and_epochs_matter() -> None:
    base, slow, thin = forecast(series(), series(rate=0.0005), series(rank=2))
    (short,) = forecast(series(), target=Target(size=512, examples=256))
    assert np.median(base) > np.median(slow) + 0.01
    assert np.median(base) > np.median(short) + 0.02
    assert np.median(base) != np.median(thin)


def test_a_short_run_of_one_configuration_moves_the_others() -> None:
    good = point(512, 0.75, examples=256)
    poor = point(512, 0.30, examples=256)
    (_, lifted) = forecast(series(runs=(good,)), series(rate=0.0005))
    (_, sunk) = forecast(series(runs=(poor,)), series(rate=0.0005))
    assert np.median(lifted) > np.median(sunk) + 0.02


def test_a_short_run_of_one_model_moves_the_other_less_than_itself() -> None:
    poor = point(512, 0.30, examples=256)
    alone, other_alone = forecast(series(), series("small"))
    own, other = forecast(series(runs=(poor,)), series("small"))
    fall, other_fall = (
        np.median(before) - np.median(after)
        for before, after in ((alone, own), (other_alone, other))
    )
    assert fall > other_fall > 0


def test_a_run_narrows_the_draws() -> None:
    (alone,) = forecast(series())
    (told,) = forecast(series(runs=(point(512, 0.7, examples=512),)))
    assert told.std() < alone.std()


def test_the_heads_set_the_level() -> None:
    low, high = forecast(series(top=0.6), series("small", top=0.95))
    assert np.median(high) > np.median(low) + 0.1


def test_draws_follow_the_rows_that_the_runs_were_judged_on() -> None:
    run = point(512, 0.7, examples=512, rows=60)
    (found,) = forecast(series(runs=(run,)))
    assert np.corrcoef(run.draws, found)[0, 1] > 0.2


def test_a_task_does_not_foretell_itself() -> None:
    known = past_runs().runs.places[0].keys["task"]
    (new,) = forecast(series())
    (same,) = forecast(series(task=known))
    assert abs(np.median(new) - np.median(same)) > 0
    assert known not in {one.keys["task"] for one in past_runs().without(known).places}


def test_without_heads_the_runs_are_extrapolated() -> None:
    bare = replace(series(), proxy=(), points=(point(64, 0.5), point(128, 0.6), point(256, 0.68)))
    (found,) = forecast(bare)
    assert 0.6 < np.median(found) < 0.9


def test_nothing_at_all_is_unmeasured() -> None:
    ((found,),) = TuningSurface().forecast(
        [replace(series(), proxy=())], [[FULL]], draws=DRAWS, seed=0
    )
    assert isinstance(found, Unmeasured)


def test_the_same_question_has_the_same_answer() -> None:
    first, again = forecast(series())[0], forecast(series())[0]
    assert first == pytest.approx(again, abs=0)
