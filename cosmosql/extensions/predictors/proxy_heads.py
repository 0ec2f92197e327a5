"""Kernel ridge classifiers on frozen features, kernel and penalty chosen by leave-one-out.

One forward pass gives the features; the heads cost a few eigendecompositions. Their accuracy at
growing sizes is the proxy curve that `TuningSurface` starts a forecast of fine-tuning from
(docs/science.md, "Fine-tuning").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from cosmosql.identity import seed_of

Array = NDArray[np.float64]

GAMMAS = (0.1, 0.5)
ALPHAS = (1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
SUBSETS = ((16, 8), (32, 6), (64, 4), (128, 3), (256, 2))
"""(size, random subsets averaged up to it); one subset beyond the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyCurve:
    """Accuracy of the heads by size. `eval_predictions` are the labels that the head at the
    largest size gives to the evaluation rows, shape (evaluation rows,)."""

    sizes: tuple[int, ...]
    accuracies: tuple[float, ...]
    eval_predictions: NDArray[np.int64] = field(repr=False)


class ProxyHeads:
    """The implementation behind predictor `proxy`."""

    def curve(
        self,
        train_features: NDArray[np.floating],
        train_labels: Sequence[int],
        eval_features: NDArray[np.floating],
        eval_labels: Sequence[int],
        sizes: Sequence[int],
        *,
        seed: int,
    ) -> ProxyCurve:
        """The proxy curve at `sizes` (those beyond the train rows are left out).

        Features have shape (rows, features), labels are class indices. The accuracy at size n
        counts the evaluation rows and the leave-one-out predictions of the n training rows, and
        is the mean over nested random subsets. Raises ValueError where no size fits.
        """
        features = np.asarray(train_features, np.float64)
        labels = np.asarray(train_labels, np.int64)
        kept = sorted({int(size) for size in sizes if 2 <= size <= len(labels)})
        if not kept:
            raise ValueError(f"no size of {list(sizes)} fits {len(labels)} train rows")
        classes = int(max(labels.max(), np.max(eval_labels, initial=0))) + 1
        judged = np.asarray(eval_features, np.float64), np.asarray(eval_labels, np.int64)
        accuracies = []
        predictions = np.empty(0, np.int64)
        # Threads of the linear algebra spin against any other process: minutes instead of seconds.
        with threadpool_limits(limits=1, user_api="blas"):
            for size in kept:
                values = []
                for subset in reversed(range(subsets_at(size))):
                    rng = np.random.default_rng(seed_of("proxy", seed, subset))
                    order = rng.permutation(len(labels))[:size]
                    value, predictions = accuracy_at(
                        features[order], labels[order], *judged, classes
                    )
                    values.append(value)
                accuracies.append(float(np.mean(values)))
        return ProxyCurve(
            sizes=tuple(kept), accuracies=tuple(accuracies), eval_predictions=predictions
        )


def subsets_at(size: int) -> int:
    return next((count for limit, count in SUBSETS if size <= limit), 1)


def accuracy_at(
    features: Array,
    labels: NDArray[np.int64],
    eval_features: Array,
    eval_labels: NDArray[np.int64],
    classes: int,
) -> tuple[float, NDArray[np.int64]]:
    """Accuracy over evaluation rows and left-out training rows, and the evaluation predictions."""
    mean, deviation = features.mean(axis=0), features.std(axis=0) + 1e-3
    known = (features - mean) / deviation
    asked = np.clip((eval_features - mean) / deviation, -8, 8)
    targets = np.where(np.arange(classes) == labels[:, None], 1.0, -1.0)
    left_out, predicted = best_ridge(kernels(known, known), kernels(asked, known), targets)
    right = np.sum(left_out == labels) + np.sum(predicted == eval_labels)
    return float(right / (len(labels) + len(eval_labels))), predicted


def kernels(left: Array, right: Array) -> list[Array]:
    """Linear and Gaussian kernels between rows, each plus 1 for the intercept."""
    width = left.shape[1]
    products = left @ right.T / width
    squares = (left**2).sum(axis=1)[:, None] / width + (right**2).sum(axis=1)[None, :] / width
    distances = np.maximum(squares - 2 * products, 0)
    return [products + 1, *(np.exp(-gamma * distances) + 1 for gamma in GAMMAS)]


def best_ridge(
    known: list[Array], asked: list[Array], targets: Array
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Labels of the left-out training rows and of the asked rows under the kernel and penalty
    with the smallest leave-one-out squared error (closed form: residual of row i over the i-th
    diagonal element of the inverse, Rasmussen and Williams 2006, section 5.4.2)."""
    best = np.inf
    left_out = predicted = np.empty((0, targets.shape[1]))
    for kernel, cross in zip(known, asked, strict=True):
        eigenvalues, vectors = np.linalg.eigh(kernel)
        rotated, squared = vectors.T @ targets, vectors**2
        for alpha in ALPHAS:
            inverse = 1 / (np.maximum(eigenvalues, 0) + alpha)
            coefficients = vectors @ (inverse[:, None] * rotated)
            residuals = coefficients / (squared @ inverse)[:, None]
            error = float(np.mean(residuals**2))
            if error < best:
                best = error
                left_out, predicted = targets - residuals, cross @ coefficients
    return left_out.argmax(axis=1), predicted.argmax(axis=1)
