from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

from cosmosql.interval import Estimate, Unmeasured
from cosmosql.predict.curves import extrapolate, sample_curve, usable_points
from cosmosql.predict.families import FAMILIES, Setting, ceiling, coverage_table
from cosmosql.predict.noise import Observed, likelihood, log_total
from cosmosql.predict.priors import PRIORS, Noise
from cosmosql.predict.sampling import normalized, populate

BENCH = runpy.run_path(str(Path(__file__).parent.parent / "bench" / "coverage.py"))
WORLDS = 60


@pytest.mark.parametrize("kind", sorted(PRIORS))
@pytest.mark.parametrize("worlds", ["own", "foreign"])
def test_ninety_percent_intervals_cover_simulated_worlds(kind: str, worlds: str) -> None:
    """A share of `python tests/bench/coverage.py`, which draws 300."""
    found = BENCH["results"](kind, BENCH[worlds], WORLDS, 7)
    low, high = BENCH["band"](WORLDS)
    for target in (0, 1):
        assert low <= BENCH["share"](found, target) <= high


def test_the_same_points_give_the_same_digits() -> None:
    first = extrapolate("finetune", [32, 64, 128], [0.4, 0.55, 0.7], 200, [512], label_counts=4)
    again = extrapolate("finetune", [32, 64, 128], [0.4, 0.55, 0.7], 200, [512], label_counts=4)
    assert first == again


def test_more_rows_and_nearer_targets_narrow_the_interval() -> None:
    def width(rows: int, target: int) -> float:
        (estimate,) = extrapolate("finetune", [32, 64, 128], [0.5, 0.6, 0.7], rows, [target])
        assert isinstance(estimate, Estimate)
        return estimate.high - estimate.low

    assert width(2000, 256) < width(100, 256)
    assert width(500, 192) < width(500, 4096)


def test_a_better_curve_gets_a_better_forecast() -> None:
    forecasts = []
    for lift in (0.0, 0.08, 0.16):
        values = [0.3 + lift, 0.45 + lift, 0.6 + lift]
        (estimate,) = extrapolate("icl-random", [1, 4, 16], values, 400, [64], label_counts=6)
        assert isinstance(estimate, Estimate)
        forecasts.append(estimate.value)
    assert forecasts == sorted(forecasts) and forecasts[0] < forecasts[-1]


def test_what_does_not_fit_the_context_is_unmeasured() -> None:
    near, far = extrapolate(
        "icl-retrieved", [1, 2, 4], [0.5, 0.6, 0.65], 200, [16, 64], context_limit=32
    )
    assert isinstance(near, Estimate)
    assert isinstance(far, Unmeasured) and "context" in far.reason


def test_without_a_point_of_the_curve_nothing_is_forecast() -> None:
    (nothing,) = extrapolate("icl-random", [0], [0.4], 200, [16])
    assert isinstance(nothing, Unmeasured)


def test_points_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ValueError, match="2 sizes"):
        usable_points(np.array([1.0, 2.0]), np.array([0.5]), np.array([100.0]))
    with pytest.raises(ValueError, match=r"\[0, 1\]"):
        usable_points(np.array([1.0]), np.array([1.5]), np.array([100.0]))


def test_rows_in_common_count_once() -> None:
    """Points judged on the same rows tell less of the level than points on rows of their own."""
    sizes, values = np.array([64.0, 96.0, 128.0]), np.array([0.8, 0.8, 0.8])
    spreads = []
    for correlation in (np.eye(3), np.full((3, 3), 0.95) + 0.05 * np.eye(3)):
        points = usable_points(sizes, values, np.full(3, 100.0), correlation)
        posterior = sample_curve("finetune", points, [128.0], labels=2, draws=2000, seed=0)
        spreads.append(posterior.at_points.mean(axis=1).std())
    assert spreads[1] > 1.2 * spreads[0]


def test_label_coverage_is_the_share_of_rows_whose_label_was_drawn() -> None:
    counts = (60, 25, 10, 5)
    table, effective = coverage_table((1.0, 8.0), None, counts)
    shares = np.array(counts) / 100
    rng = np.random.default_rng(0)
    shown = np.array(
        [np.bincount(rng.choice(4, 8, p=shares), minlength=4) > 0 for _ in range(4000)]
    )
    assert table[0, 0] == pytest.approx(np.sum(shares**2))
    assert table[0, 1] == pytest.approx((shown * shares).sum(axis=1).mean(), abs=0.01)
    assert effective[0] == pytest.approx(1 / np.sum(shares**2))


def test_the_ceiling_prior_has_the_stated_mean() -> None:
    prior = PRIORS["finetune"].ceiling
    drawn = ceiling((np.arange(100_000) + 0.5) / 100_000, prior)
    assert drawn.mean() == pytest.approx(0.9 * 0.93 + 0.1 * 0.65, abs=2e-3)


def test_population_monte_carlo_finds_a_known_posterior() -> None:
    """Standard normal prior times a Gaussian likelihood N(1.5, 0.2): mean 1.5 / 1.04 and evidence
    sqrt(0.04 / 1.04) exp(-1.5^2 / 2.08)."""
    from scipy.special import ndtri

    population = populate(lambda u: -0.5 * ((ndtri(u[:, 0]) - 1.5) / 0.2) ** 2, 2)
    weights = normalized(population.log_weights)
    mean = float(weights @ ndtri(population.u[:, 0]))
    evidence = float(np.mean(np.exp(population.log_weights)))
    assert mean == pytest.approx(1.5 / 1.04, abs=0.01)
    assert evidence == pytest.approx(np.sqrt(0.04 / 1.04) * np.exp(-(1.5**2) / 2.08), rel=0.02)


def forecast(*arguments: object, **named: object) -> Estimate:
    (estimate,) = extrapolate(*arguments, **named)  # type: ignore[arg-type]
    assert isinstance(estimate, Estimate)
    return estimate


def test_one_bad_run_moves_the_forecast_less_than_a_trend_would() -> None:
    """Of five points on one line one is 30 points low: with heavy tails the forecast gives up a
    small part of what a plain least-squares line through them loses."""
    sizes, good = [32, 64, 128, 256, 512], [0.5, 0.58, 0.66, 0.74, 0.82]
    bad = [*good[:3], 0.44, good[4]]
    clean = forecast("finetune", sizes, good, 1000, [1024], label_counts=6)
    struck = forecast("finetune", sizes, bad, 1000, [1024], label_counts=6)
    lines = [np.polyval(np.polyfit(np.log(sizes), y, 1), np.log(1024)) for y in (good, bad)]
    assert abs(struck.value - clean.value) < 0.4 * (lines[0] - lines[1])


def test_repeated_runs_tell_the_noise_between_runs() -> None:
    """The same means at each size: runs that agree give the narrower interval."""
    sizes = [64, 64, 64, 128, 128, 128, 256, 256, 256]
    means = np.repeat([0.6, 0.7, 0.77], 3)
    spread = np.tile([-1.0, 0.0, 1.0], 3)
    steady = forecast("finetune", sizes, (means + 0.001 * spread).tolist(), 5000, [512])
    shaky = forecast("finetune", sizes, (means + 0.06 * spread).tolist(), 5000, [512])
    assert shaky.high - shaky.low > 1.5 * (steady.high - steady.low)


def test_the_order_of_the_points_does_not_matter() -> None:
    forwards = forecast("icl-random", [1, 4, 16], [0.3, 0.4, 0.55], 200, [64], label_counts=6)
    backwards = forecast("icl-random", [16, 4, 1], [0.55, 0.4, 0.3], 200, [64], label_counts=6)
    assert forwards.value == pytest.approx(backwards.value, abs=0.01)
    assert forwards.high == pytest.approx(backwards.high, abs=0.02)


def test_points_beyond_the_context_are_no_evidence() -> None:
    """A model collapses where its context overflows: that is a cliff and no part of the curve."""
    known = forecast(
        "icl-random", [1, 4, 16, 64], [0.4, 0.6, 0.7, 0.02], 250, [32], context_limit=32
    )
    alone = forecast("icl-random", [1, 4, 16], [0.4, 0.6, 0.7], 250, [32], context_limit=32)
    assert known.value == pytest.approx(alone.value, abs=0.01)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_curves_rise_but_for_labels_that_are_not_shown(family: object) -> None:
    sizes = np.geomspace(1, 1e5, 40)
    setting = Setting(
        ceiling=PRIORS["finetune"].ceiling, smallest=1.0, labels=6, label_counts=(5, 4, 3, 2, 1, 1)
    )
    u = np.random.default_rng(0).random((500, family.latents))  # type: ignore[attr-defined]
    curves = family.curve(u, sizes, setting)  # type: ignore[attr-defined]
    assert np.all((curves >= 0) & (curves <= 1))
    falls = np.diff(curves, axis=1).min(axis=1)
    if family.name != "random_coverage":  # type: ignore[attr-defined]
        assert falls.min() >= -1e-12
    else:
        # Labels that are not shown lose to those that are; in most worlds the others gain more.
        assert np.mean(falls < -1e-12) < 0.2


def test_a_mixture_over_bad_points_is_the_mixture_of_their_covariances() -> None:
    """The rank-one step against inverses made from scratch."""
    rng = np.random.default_rng(0)
    noise = Noise(
        discrepancy=0.02,
        length=1.0,
        drift=0.02,
        run_noise=(0.01, 0.05),
        run_noise_weights=(0.7, 0.3),
        bad=0.1,
        bad_deviation=0.3,
    )
    observed = Observed(
        sizes=np.array([1.0, 2.0, 8.0]),
        values=np.array([0.4, 0.5, 0.7]),
        sampling=np.diag([1e-3, 2e-3, 1e-3]),
        scale=np.array([0.98, 1.0, 0.9]),
        smallest=1.0,
    )
    model = likelihood(observed, noise)
    curves = rng.uniform(0.3, 0.8, (5, 3))
    residuals = observed.values - curves
    smooth = model.kernel(observed.sizes, observed.sizes)
    direct = []
    for run, weight in zip(noise.run_noise, noise.run_noise_weights, strict=True):
        for bad in (None, 0, 1, 2):
            covariance = smooth * np.outer(observed.scale, observed.scale) + observed.sampling
            covariance = covariance + np.diag((run * observed.scale) ** 2)
            if bad is not None:
                covariance[bad, bad] += (0.3 * observed.scale[bad]) ** 2
            distance = np.einsum("dp,pq,dq->d", residuals, np.linalg.inv(covariance), residuals)
            odds = 0.0 if bad is None else np.log(0.1 / 0.9)
            logs = np.log(weight) + odds - 0.5 * np.linalg.slogdet(covariance)[1] - 0.5 * distance
            direct.append(logs)
            number, inverse = model.inverse(len(direct) - 1)
            assert number == run
            assert inverse == pytest.approx(np.linalg.inv(covariance))
    assert model.scores(curves) == pytest.approx(np.array(direct))
    assert log_total(np.array(direct)) == pytest.approx(np.log(np.exp(direct).sum(axis=0)))


def test_examples_seen_are_an_axis_like_rows() -> None:
    """A curve over examples seen (steps times batch) is followed as one over rows is."""
    seen = np.array([64.0, 128, 256, 512])
    truth = 0.92 - 0.6 / (1 + (np.array([*seen, 1536]) / 150) ** 1.1)
    answer = forecast("finetune", seen, truth[:-1], 2000, [1536], label_counts=8)
    assert answer.low <= truth[-1] <= answer.high
    assert answer.value == pytest.approx(truth[-1], abs=0.04)
