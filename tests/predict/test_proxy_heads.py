from __future__ import annotations

import numpy as np
import pytest

from cosmosql.extensions.predictors.proxy_heads import (
    ProxyHeads,
    accuracy_at,
    best_ridge,
    kernels,
)
from cosmosql.schema import registry


def separable(rows: int, noise: float, seed: int = 0) -> tuple[np.ndarray, list[int]]:
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(rows, 12))
    weights = np.random.default_rng(99).normal(size=(12, 3))
    labels = (features @ weights + noise * rng.normal(size=(rows, 3))).argmax(axis=1)
    return features, labels.tolist()


def test_left_out_predictions_are_those_of_a_head_without_the_row() -> None:
    features, labels = separable(20, 0.5)
    targets = np.where(np.arange(3) == np.array(labels)[:, None], 1.0, -1.0)
    known = kernels(features, features)
    for kernel in known:
        for alpha in (1e-3, 30.0):
            inverse = np.linalg.inv(kernel + alpha * np.eye(20))
            closed = targets - (inverse @ targets) / np.diag(inverse)[:, None]
            for row in range(20):
                others = np.arange(20) != row
                system = kernel[np.ix_(others, others)] + alpha * np.eye(19)
                expected = kernel[row, others] @ np.linalg.solve(system, targets[others])
                np.testing.assert_allclose(closed[row], expected, atol=1e-6)
    left_out, predicted = best_ridge(known, known, targets)
    assert left_out.shape == predicted.shape == (20,)


def test_the_curve_rises_to_what_can_be_learnt() -> None:
    features, labels = separable(500, 0.3)
    curve = ProxyHeads().curve(
        features[:300], labels[:300], features[300:], labels[300:], [16, 64, 300, 900], seed=0
    )
    assert curve.sizes == (16, 64, 300)
    assert list(curve.accuracies) == sorted(curve.accuracies)
    assert curve.accuracies[-1] > 0.85
    right = np.mean(curve.eval_predictions == np.array(labels[300:]))
    assert right == pytest.approx(curve.accuracies[-1], abs=0.06)


def test_unlearnable_labels_stay_at_chance() -> None:
    rng = np.random.default_rng(5)
    features, labels = rng.normal(size=(400, 8)), rng.integers(0, 4, 400).tolist()
    value, _ = accuracy_at(
        features[:200], np.array(labels[:200]), features[200:], np.array(labels[200:]), 4
    )
    assert 0.15 < value < 0.36


def test_the_same_seed_gives_the_same_curve_and_another_seed_other_subsets() -> None:
    features, labels = separable(120, 1.0)
    arguments = (features[:80], labels[:80], features[80:], labels[80:], [16, 32])
    first = ProxyHeads().curve(*arguments, seed=0)
    assert first.accuracies == ProxyHeads().curve(*arguments, seed=0).accuracies
    assert first.accuracies != ProxyHeads().curve(*arguments, seed=1).accuracies


def test_too_few_train_rows_are_refused() -> None:
    features, labels = separable(20, 1.0)
    with pytest.raises(ValueError, match="no size"):
        ProxyHeads().curve(features[:10], labels[:10], features[10:], labels[10:], [16], seed=0)


@pytest.mark.parametrize("name", ["proxy", "finetune", "icl"])
def test_predictors_are_found_by_name(name: str) -> None:
    assert registry.load(registry.extension("predictor", name)) is not None
