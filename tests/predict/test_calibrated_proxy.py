from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from cosmosql.contracts.predictor import CurvePoint, Series
from cosmosql.extensions.predictors.calibrated_proxy import CalibratedProxy, proxy_logit
from cosmosql.interval import Unmeasured
from cosmosql.predict.metric import measured_on

DRAWS = 800
PROXY_SIZES = (16, 32, 64, 128, 256, 512, 1024)


def point(size: float, value: float, rows: int = 300, seed: int = 0) -> CurvePoint:
    rng = np.random.default_rng([seed, int(size)])
    hits = value * rows
    return CurvePoint(
        size=size, value=value, draws=rng.beta(hits + 0.5, rows - hits + 0.5, DRAWS), n=rows
    )


def rising(size: float, top: float = 0.92, scale: float = 50.0) -> float:
    return top - (top - 0.25) / (1 + size / scale)


def proxy(top: float = 0.92) -> tuple[CurvePoint, ...]:
    return tuple(point(size, rising(size, top), rows=1300) for size in PROXY_SIZES)


def forecast(series: Series, size: float = 1024, n_test: int | None = None) -> np.ndarray:
    (draws,) = CalibratedProxy().curve(series, [size], draws=DRAWS, seed=3)
    assert not isinstance(draws, Unmeasured)
    return measured_on(draws, n_test, seed=3)


def test_the_proxy_alone_gives_its_own_level_and_wide_draws() -> None:
    draws = forecast(Series(kind="finetune", points=(), proxy=proxy()))
    assert np.median(draws) == pytest.approx(rising(1024), abs=0.01)
    low, high = np.quantile(draws, [0.05, 0.95])
    assert 0.10 < high - low < 0.25


def test_a_real_run_narrows_the_draws() -> None:
    runs = (point(64, rising(64)), point(128, rising(128)))
    alone = forecast(Series(kind="finetune", points=(), proxy=proxy()))
    calibrated = forecast(Series(kind="finetune", points=runs, proxy=proxy()))
    assert calibrated.std() < alone.std()


def test_a_run_above_the_proxy_lifts_the_forecast_and_less_so_further_on() -> None:
    runs = (point(64, rising(64) + 0.15),)
    series = Series(kind="finetune", points=runs, proxy=proxy())
    lift = [np.median(forecast(series, size)) - rising(size) for size in (128, 1024)]
    assert lift[0] > lift[1] > 0


def test_runs_that_disagree_with_the_proxy_widen_the_draws() -> None:
    agreeing = Series(kind="finetune", points=(point(128, rising(128)),), proxy=proxy())
    opposing = Series(kind="finetune", points=(point(128, 0.30),), proxy=proxy())
    assert forecast(opposing).std() > 1.3 * forecast(agreeing).std()


def test_beyond_the_proxys_sizes_the_draws_widen() -> None:
    series = Series(kind="finetune", points=(point(128, rising(128)),), proxy=proxy())
    near, far = forecast(series, 1024), forecast(series, 16 * 1024)
    arcsine = [np.arcsin(np.sqrt(draws)).std() for draws in (near, far)]
    assert arcsine[1] > arcsine[0]
    assert np.median(far) >= np.median(near)


def test_a_short_run_above_the_proxy_raises_the_forecast() -> None:
    plain = Series(kind="finetune", points=(), proxy=proxy(top=0.7))
    raised = Series(kind="finetune", points=(), proxy=proxy(top=0.7), short=(point(51, 0.85),))
    assert np.median(forecast(raised)) == pytest.approx(0.85, abs=0.03)
    assert np.median(forecast(plain)) < 0.75


def test_test_rows_add_their_noise() -> None:
    series = Series(kind="finetune", points=(point(128, rising(128)),), proxy=proxy())
    assert forecast(series, n_test=50).std() > forecast(series).std()


def test_without_a_proxy_the_curve_families_answer_and_without_points_nobody_does() -> None:
    runs = (point(32, 0.45), point(64, 0.6), point(128, 0.7))
    draws = forecast(Series(kind="finetune", points=runs, labels=4))
    assert 0.7 < np.median(draws) < 0.95
    (nothing,) = CalibratedProxy().curve(
        Series(kind="finetune", points=()), [1024], draws=DRAWS, seed=0
    )
    assert isinstance(nothing, Unmeasured)


def test_the_proxy_curve_is_interpolated_between_its_sizes() -> None:
    curve = proxy_logit(proxy())
    ends = [curve.at(np.full(DRAWS, np.log2(size))) for size in (128, 256)]
    middle = curve.at(np.full(DRAWS, 7.5))
    np.testing.assert_allclose(middle, (ends[0] + ends[1]) / 2)


def test_intervals_cover_worlds_in_which_real_runs_stray_from_the_proxy() -> None:
    """Real curves reach their ceiling up to 4 points from the proxy's and 0.5 to 2 times as
    fast; runs differ by 2 points, probes are judged on 200 rows, the outcome on 400."""
    rng = np.random.default_rng(17)
    worlds, hits = 120, 0
    for world in range(worlds):
        top = rng.uniform(0.7, 0.95)
        shift, speed = rng.uniform(-0.04, 0.04), 2 ** rng.uniform(-1, 1)

        def truth(
            size: float, top: float = top, shift: float = shift, speed: float = speed
        ) -> float:
            noise = 0.02 * rng.standard_normal()
            return float(np.clip(rising(size, min(top + shift, 0.98), 50 / speed) + noise, 0, 1))

        runs = tuple(
            point(size, rng.binomial(200, truth(size)) / 200, 200, world) for size in (64, 128)
        )
        series = Series(kind="finetune", points=runs, proxy=proxy(top))
        draws = forecast(series, n_test=400)
        low, high = np.quantile(draws, [0.05, 0.95])
        hits += low <= rng.binomial(400, truth(1024)) / 400 <= high
    assert hits >= binom.ppf(0.001, worlds, 0.9), hits / worlds
