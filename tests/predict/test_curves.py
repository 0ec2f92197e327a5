from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from cosmosql.interval import Estimate, Unmeasured
from cosmosql.predict.curves import PRIORS, extrapolate, kernel, sample_curve, usable_points
from cosmosql.predict.families import FAMILIES, Setting, ceiling, coverage_table
from cosmosql.predict.sampling import normalized, populate

SIZES = {
    "finetune": ([16, 32, 64, 128], [512, 1024]),
    "icl-random": ([1, 2, 4, 8], [32, 128]),
    "icl-retrieved": ([1, 2, 4, 8], [16, 64]),
}
LABELS = 6
ROWS = 200
WORLDS = 40


def inside(hits: int, total: int, level: float = 0.9) -> bool:
    """Whether a count lies in the central 99.8 % of the binomial with this level."""
    low, high = binom.ppf([0.001, 0.999], total, level)
    return bool(low <= hits <= high)


def own_world(kind: str, rng: np.random.Generator) -> np.ndarray:
    """Accuracies at every size, drawn from the prior that the engine believes in: a family by its
    weight, its discrepancy and a run's noise."""
    belief = PRIORS[kind]
    weights = np.array([family.weights.get(kind, 0.0) for family in FAMILIES])
    family = FAMILIES[rng.choice(len(FAMILIES), p=weights / weights.sum())]
    sizes = np.array([*SIZES[kind][0], *SIZES[kind][1]], float)
    setting = Setting(ceiling=belief.ceiling, smallest=sizes.min(), labels=LABELS, label_counts=())
    curve = family.curve(rng.random((1, family.latents)), sizes, setting)[0]
    curve = np.clip(curve, 0.0, 1.0)
    scale = 2 * np.sqrt(curve * (1 - curve))
    smooth = rng.multivariate_normal(np.zeros(len(sizes)), kernel(sizes, sizes, belief))
    level = rng.choice(belief.run_noise, p=belief.run_noise_weights)
    run = level * np.maximum(scale, 0.25) * rng.standard_normal(len(sizes))
    return np.clip(curve + scale * smooth + run, 0.0, 1.0)


def covered(kind: str, accuracies: np.ndarray, rng: np.random.Generator) -> int:
    """Targets, of two, whose measured accuracy falls into the 90 % interval."""
    seen, asked = SIZES[kind]
    measured = rng.binomial(ROWS, accuracies) / ROWS
    estimates = extrapolate(
        kind, seen, measured[: len(seen)].tolist(), ROWS, asked, label_counts=LABELS
    )
    hits = 0
    for estimate, value in zip(estimates, measured[len(seen) :], strict=True):
        assert isinstance(estimate, Estimate)
        hits += estimate.low <= value <= estimate.high
    return hits


@pytest.mark.parametrize("kind", sorted(SIZES))
def test_ninety_percent_intervals_cover_worlds_of_the_prior(kind: str) -> None:
    rng = np.random.default_rng(7)
    hits = sum(covered(kind, own_world(kind, rng), rng) for _ in range(WORLDS))
    # The two targets of a world are correlated: the band is that of half as many.
    assert inside(hits // 2, WORLDS), hits / (2 * WORLDS)


def foreign_world(kind: str, rng: np.random.Generator) -> np.ndarray:
    """Power, exponential, logistic and log-linear curves with ceilings far below the prior's."""
    sizes = np.array([*SIZES[kind][0], *SIZES[kind][1]], float)
    ratio = sizes / sizes.min()
    top, bottom = rng.uniform(0.6, 0.98), rng.uniform(0.1, 0.4)
    form = rng.integers(4)
    if form == 0:
        left = ratio ** -rng.uniform(0.3, 1.2)
    elif form == 1:
        left = np.exp(-(ratio - 1) / rng.uniform(2, 20))
    elif form == 2:
        left = 1 / (1 + (ratio / rng.uniform(2, 20)) ** rng.uniform(0.8, 1.8))
    else:
        left = np.maximum(0, 1 - rng.uniform(0.1, 0.25) * np.log(ratio))
    return top - (top - bottom) * left


@pytest.mark.parametrize("kind", sorted(SIZES))
def test_ninety_percent_intervals_cover_most_foreign_worlds(kind: str) -> None:
    rng = np.random.default_rng(11)
    hits = sum(covered(kind, foreign_world(kind, rng), rng) for _ in range(WORLDS))
    # 0.83 to 0.95 over 200 worlds (docs/science.md): the band is about the lowest.
    assert hits // 2 >= binom.ppf(0.001, WORLDS, 0.83), hits / (2 * WORLDS)


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
