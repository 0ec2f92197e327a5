"""Linear models with priors: closed forms against brute force."""

import numpy as np
import pytest

from cosmosql.policies.linear import Block, fit


def example(rows: int = 40, features: int = 5, seed: int = 0):
    generator = np.random.default_rng(seed)
    values = generator.standard_normal((rows, features))
    return values, values @ generator.normal(0.3, 0.3, features) + generator.standard_normal(rows)


def ridge(values, targets, *, mean, deviation, noise):
    """Weights and intercept that maximise the posterior, the intercept free."""
    design = np.column_stack([np.ones(len(values)), values])
    precision = np.diag([0.0, *(1 / deviation**2)])
    known = np.concatenate([[0.0], mean / deviation**2])
    return np.linalg.solve(
        design.T @ design / noise + precision, design.T @ targets / noise + known
    )


def test_left_out_predictions_are_those_of_models_without_the_row():
    values, targets = example()
    mean, deviation = np.full(5, 0.2), np.array([0.1, 0.2, 0.3, 0.4, 0.5])
    found = fit((Block(values=values, mean=mean, deviation=deviation, scales=(1.0,)),), targets)
    noise = targets.var()
    for row in range(len(targets)):
        others = np.arange(len(targets)) != row
        solved = ridge(values[others], targets[others], mean=mean, deviation=deviation, noise=noise)
        shift = targets.mean() - targets[others].mean()
        expected = solved[0] + values[row] @ solved[1:] + shift
        assert found.left_out[row] == pytest.approx(expected)


def test_weights_are_the_mode_of_the_posterior():
    values, targets = example()
    mean, deviation = np.zeros(5), np.full(5, 0.3)
    linear = fit(
        (Block(values=values, mean=mean, deviation=deviation, scales=(1.0,)),), targets
    ).linear
    solved = ridge(values, targets, mean=mean, deviation=deviation, noise=targets.var())
    assert [linear.intercept, *linear.weights] == pytest.approx(solved)


def test_the_scale_follows_what_the_targets_show():
    values, _ = example(400)
    noise = np.random.default_rng(1).standard_normal(400)
    scales = (0.01, 0.1, 1.0)
    silent = fit((Block.plain(values, scales=scales),), noise)
    telling = fit((Block.plain(values, scales=scales),), 2 * values.sum(axis=1) + noise)
    assert np.abs(silent.linear.weights).max() < 0.2
    assert telling.linear.weights == pytest.approx(np.full(5, 2.0), abs=0.3)


def test_with_few_rows_the_prior_speaks():
    values, targets = example(4)
    block = Block(values=values, mean=np.full(5, 3.0), deviation=np.full(5, 1e-4), scales=(1.0,))
    assert fit((block,), targets).linear.weights == pytest.approx(np.full(5, 3.0), abs=1e-3)
