"""The Gaussian process over runs: its algebra, and that its intervals hold what it foretells."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom, multivariate_normal

from cosmosql.predict.surface import (
    SCALES,
    Place,
    Runs,
    Surface,
    Term,
    angle,
    covariance,
    drawn,
    expected,
    informed,
    log_evidence,
    nearness,
    run_noise,
    scale_odds,
    share,
    variances,
)

SURFACE = Surface(
    mean={"one": 0.0, "level": 1.0},
    weights={"one": 0.1, "level": 0.2},
    terms=(
        Term(shared="", deviation=0.15, lengths={"size": 2.0, "rate": 1.0}),
        Term(shared="task", deviation=0.08, lengths={"size": 2.0}),
    ),
    noise={"level": -4.0, "rate": 0.2},
    unlike=0.4,
)

ALIKE = replace(SURFACE, unlike=1e-6)
"""All tasks are as like each other as the past ones."""


def place(task: str, size: float, rate: float = 0.0, level: float = 0.8) -> Place:
    return Place(
        features={"one": 1.0, "level": level},
        coordinates={"size": size, "rate": rate},
        scales={},
        keys={"task": task},
    )


def runs(places: list[Place], values: list[float], rows: int = 500) -> Runs:
    count = len(places)
    return Runs(
        places=tuple(places),
        values=np.array(values),
        rows=np.full(count, float(rows)),
        repeats=np.ones(count),
    )


PAST = runs([place("old", size, rate) for size in (-1, 0, 2) for rate in (-1, 1)], [0.5] * 6)
SEEN = [place("new", 0.0, -1.0), place("new", 1.0, 1.0)]
TARGETS = [place("new", 2.0, 1.0), place("new", 0.0, 0.0)]


def test_angles_are_shares_again() -> None:
    shares = np.array([0.0, 0.2, 0.5, 1.0])
    assert share(angle(shares)) == pytest.approx(shares)
    assert share(np.array([-0.3, 2.0])) == pytest.approx([0.0, 1.0])


def test_terms_are_shared_by_those_they_name() -> None:
    old, new = place("old", 0.0), place("new", 0.0)
    common = 0.1**2 + (0.2 * 0.8) ** 2 + 0.15**2
    assert covariance(SURFACE, [old], [new]) == pytest.approx(common)
    assert covariance(SURFACE, [old], [old]) == pytest.approx(common + 0.08**2)


def test_past_runs_are_conditioned_on_in_closed_form() -> None:
    belief = informed(SURFACE, PAST, TARGETS)
    known = covariance(SURFACE, PAST.places, PAST.places) + np.diag(variances(SURFACE, PAST))
    cross = covariance(SURFACE, TARGETS, PAST.places)
    gain = cross @ np.linalg.inv(known)
    mean = expected(SURFACE, TARGETS) + gain @ (angle(PAST.values) - expected(SURFACE, PAST.places))
    assert belief.mean == pytest.approx(mean, abs=1e-5)
    left = covariance(SURFACE, TARGETS, TARGETS) - gain @ cross.T
    assert belief.covariance == pytest.approx(left, abs=1e-5)


def test_draws_have_the_posterior_of_a_gaussian_process() -> None:
    draws = 40_000
    belief = informed(SURFACE, PAST, [*SEEN, *TARGETS])
    rng = np.random.default_rng(5)
    noise = 0.02
    values = np.array([0.75, 0.85])
    data = share(values + noise * rng.standard_normal((draws, 2)))
    found = angle(drawn(ALIKE, belief, SEEN, data, TARGETS, seed=1))

    own = np.diag(run_noise(SURFACE, SEEN) ** 2) + noise**2 * np.eye(2)
    gain = belief.covariance[2:, :2] @ np.linalg.inv(belief.covariance[:2, :2] + own)
    mean = belief.mean[2:] + gain @ (values - belief.mean[:2])
    left = belief.covariance[2:, 2:] - gain @ belief.covariance[:2, 2:]
    left += np.diag(run_noise(SURFACE, TARGETS) ** 2)
    assert found.mean(axis=0) == pytest.approx(mean, abs=0.003)
    assert np.cov(found, rowvar=False) == pytest.approx(left, rel=0.1, abs=2e-4)


def test_a_draw_of_lucky_rows_is_lucky_elsewhere() -> None:
    draws = 4_000
    belief = informed(SURFACE, PAST, [*SEEN, *TARGETS])
    data = share(0.8 + 0.1 * np.random.default_rng(2).standard_normal((draws, 1)) + np.zeros(2))
    found = drawn(SURFACE, belief, SEEN, data, TARGETS, seed=1)
    assert np.corrcoef(data[:, 0], found[:, 0])[0, 1] > 0.2


def test_nearness_ends_with_the_lengths() -> None:
    near, far = place("new", 0.5, -1.0), place("new", 40.0, 30.0)
    found = nearness(SURFACE, PAST.places, [near, far])
    assert found[0] > 0.9
    assert found[1] < 1e-6


def told(values: list[float], *, noise: float = 0.01) -> np.ndarray:
    """Draws at the targets of a task whose runs came out as `values`."""
    rng = np.random.default_rng(3)
    data = np.array(values) + noise * rng.standard_normal((4_000, len(values)))
    belief = informed(SURFACE, PAST, [*SEEN, *TARGETS])
    return drawn(SURFACE, belief, SEEN, data, TARGETS, seed=1)


def spread(draws: np.ndarray) -> np.ndarray:
    return angle(np.quantile(draws, 0.9, axis=0)) - angle(np.quantile(draws, 0.1, axis=0))


def test_runs_that_surprise_widen_what_is_left_open() -> None:
    expected_values = list(share(informed(SURFACE, PAST, SEEN).mean))
    strange = [expected_values[0] - 0.4, expected_values[1] + 0.3]
    assert (spread(told(strange)) > 1.3 * spread(told(expected_values))).all()


def test_the_evidence_of_a_scale_is_its_density() -> None:
    belief = informed(SURFACE, PAST, SEEN)
    noise = 0.02**2 * np.eye(2)
    found = log_evidence(belief, angle(np.array([0.3, 0.9])), noise)
    known = [
        multivariate_normal(belief.mean, scale**2 * belief.covariance + noise).logpdf(
            angle(np.array([0.3, 0.9]))
        )
        for scale in SCALES
    ]
    assert found - found[0] == pytest.approx(np.array(known) - known[0], abs=1e-6)


def test_without_runs_a_scale_is_as_likely_as_among_past_tasks() -> None:
    odds = scale_odds(0.4, log_evidence(informed(SURFACE, PAST, TARGETS), np.zeros(0), np.eye(0)))
    assert odds == pytest.approx(SCALES**-2.5 / (SCALES**-2.5).sum())
    assert scale_odds(1e-6, np.zeros(len(SCALES)))[0] == pytest.approx(1.0)


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_the_scale_of_a_task_is_found(scale: float) -> None:
    rng = np.random.default_rng(7)
    sites = [place("new", size, rate) for size in (-2, 0, 2, 4) for rate in (-2, 0, 2)]
    belief = informed(SURFACE, PAST, sites)
    noise = 1e-4 * np.eye(len(sites))
    root = np.linalg.cholesky(scale**2 * belief.covariance + noise)
    found = []
    for _ in range(40):
        angles = belief.mean + root @ rng.standard_normal(len(sites))
        found.append(scale_odds(0.4, log_evidence(belief, angles, noise)) @ np.log(SCALES))
    assert np.mean(found) == pytest.approx(np.log(scale), abs=0.25)


def test_intervals_hold_what_the_surface_itself_makes() -> None:
    rng = np.random.default_rng(11)
    worlds, inside = 150, 0
    every = [*PAST.places, *SEEN, *TARGETS]
    root = np.linalg.cholesky(covariance(SURFACE, every, every) + 1e-9 * np.eye(len(every)))
    for world in range(worlds):
        curves = expected(SURFACE, every) + root @ rng.standard_normal(len(every))
        own = run_noise(SURFACE, every) * rng.standard_normal(len(every))
        values = share(curves + own)
        past = runs(list(PAST.places), list(rng.binomial(500, values[:6]) / 500))
        hits = rng.binomial(300, values[6:8])
        data = rng.beta(hits + 0.5, 300 - hits + 0.5, size=(1000, 2))
        belief = informed(SURFACE, past, [*SEEN, *TARGETS])
        found = drawn(SURFACE, belief, SEEN, data, TARGETS, seed=world)
        low, high = np.quantile(found[:, 0], [0.05, 0.95])
        inside += low <= values[8] <= high
    assert inside >= binom.ppf(0.001, worlds, 0.9)
    assert inside <= binom.ppf(0.999, worlds, 0.97)
