"""Bayesian extrapolation of learning curves: a few measured sizes in, draws at other sizes out.

A size is what a curve runs along: train rows, examples seen in training (steps times batch, epochs
times rows) or demonstrations. The posterior over a few curve families (`families`) is sampled by
population Monte Carlo (`sampling`); what stands between a curve and its points is told in `noise`.
See docs/science.md, "Learning curves".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from cosmosql.identity import seed_of
from cosmosql.interval import Estimate, Unmeasured
from cosmosql.predict.families import FAMILIES, Array, Family, Setting
from cosmosql.predict.mixture import Form, draw_values
from cosmosql.predict.noise import Observed, likelihood
from cosmosql.predict.priors import PRIORS, Priors

DRAWS = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Measured points of one curve, sizes at least 1. `rows` each rest on; `correlation` of their
    sampling noise, shape (points, points): the identity where each has rows of its own."""

    sizes: Array
    values: Array
    rows: Array
    correlation: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Posterior:
    """Draws of the metric of a run in full, without the sampling noise of the rows it will be
    tested on: `at_targets` has shape (draws, targets), `at_points` (draws, points)."""

    at_targets: Array
    at_points: Array


def extrapolate(
    kind: str,
    sizes: Sequence[float],
    accuracies: Sequence[float],
    n_test: int | Sequence[int],
    targets: Sequence[float],
    *,
    label_counts: Sequence[int] | int | None = None,
    context_limit: float | None = None,
    priors: Priors | None = None,
) -> list[Estimate | Unmeasured]:
    """For each target size the posterior median of the accuracy that would be measured there, with
    its 90 % interval: run-to-run noise and the sampling noise of `n_test` rows are in it.

    `kind` is finetune, icl-random or icl-retrieved. Sizes may come in any order and more than once
    (repeated runs); size 0 is another mechanism and is left out. `n_test` rows judged each point
    (one number, or one a point, of which the targets get the largest). `label_counts` are the train
    rows of each label, or only the number of labels. Targets below 1 or beyond `context_limit`, and
    all of them where no point is usable, come back Unmeasured; points beyond the limit are ignored.
    Without `priors` those of the kind stand (docs/science.md says what they rest on).

    Raises KeyError for an unknown kind and ValueError for arguments that cannot be a curve's.
    """
    belief = prior_of(kind, priors)
    rows = rows_of(n_test, len(sizes))
    labels, counts = labels_of(label_counts)
    asked = finite("targets", targets)
    limit = np.inf if context_limit is None else float(context_limit)
    if np.isnan(limit):
        raise ValueError("the context limit is a number, got nan")
    points = usable_points(finite("sizes", sizes), finite("accuracies", accuracies), rows)
    points = within(points, limit)
    if len(points.sizes) == 0:
        return [Unmeasured("no point of the curve was measured")] * len(asked)
    fitting = [float(target) for target in asked if 1 <= target <= limit]
    posterior = sample_curve(
        kind,
        points,
        fitting,
        labels=labels,
        label_counts=counts,
        priors=belief,
        draws=DRAWS,
        seed=seed_of("extrapolate", kind, [float(size) for size in sizes]),
    )
    test_rows = int(np.max(rows))
    rng = np.random.default_rng(seed_of("test rows", test_rows))
    measured = rng.binomial(test_rows, posterior.at_targets) / test_rows
    quantiles = np.quantile(measured, [0.05, 0.5, 0.95], axis=0)
    known = {
        target: Estimate(float(middle), float(low), float(high), test_rows)
        for target, low, middle, high in zip(fitting, *quantiles, strict=True)
    }
    return [known.get(float(target)) or outside(float(target), limit) for target in asked]


def prior_of(kind: str, priors: Priors | None) -> Priors:
    if kind not in PRIORS:
        raise KeyError(f"no kind of curve {kind!r}; there are {', '.join(PRIORS)}")
    return priors or PRIORS[kind]


def rows_of(n_test: int | Sequence[int], count: int) -> Array:
    """Rows that judged each point, shape (count,)."""
    rows = np.asarray(n_test, float)
    if rows.ndim > 1 or (rows.ndim == 1 and len(rows) != count):
        raise ValueError(f"n_test is one number, or one for each of the {count} sizes")
    if not np.all(np.isfinite(rows)) or np.any(rows < 1) or np.any(rows != np.floor(rows)):
        raise ValueError("n_test is a whole number of rows, at least 1")
    return np.asarray(np.broadcast_to(rows, (count,)))


def labels_of(label_counts: Sequence[int] | int | None) -> tuple[int | None, Sequence[int]]:
    """The number of labels and the train rows of each, as far as they are known. Labels without a
    row are no labels."""
    if label_counts is None:
        return None, ()
    if isinstance(label_counts, int | np.integer):
        if label_counts < 1:
            raise ValueError(f"a task has at least one label, got {label_counts}")
        return int(label_counts), ()
    counts = finite("label counts", label_counts)
    if np.any(counts < 0) or not np.any(counts > 0):
        raise ValueError("label counts are numbers of rows, at least one of them above 0")
    present = tuple(int(count) for count in counts if count > 0)
    return len(present), present


def finite(name: str, numbers: Sequence[float]) -> Array:
    """The numbers as an array. Raises ValueError where one is not finite."""
    array = np.asarray(numbers, float)
    if array.ndim != 1:
        raise ValueError(f"{name} are a flat list of numbers")
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name} are finite numbers, got {array.tolist()}")
    return array


def outside(target: float, limit: float) -> Unmeasured:
    if target > limit:
        return Unmeasured(f"{target:g} demonstrations do not fit the context ({limit:g})")
    return Unmeasured("the curve starts at size 1")


def usable_points(
    sizes: Array, values: Array, rows: Array, correlation: Array | None = None
) -> Points:
    """The points of size 1 and more; size 0 is another mechanism (a first demonstration shows the
    format) and tells nothing of the curve."""
    if not len(sizes) == len(values) == len(rows):
        raise ValueError(f"{len(sizes)} sizes, {len(values)} values, {len(rows)} row counts")
    if np.any(sizes < 0):
        raise ValueError("a curve's sizes are not negative")
    if not np.all((values >= 0) & (values <= 1)) or not np.all(rows >= 1):
        raise ValueError("a curve's values lie in [0, 1] and rest on at least one row each")
    matrix = np.eye(len(sizes)) if correlation is None else correlation
    every = Points(sizes=sizes, values=values, rows=rows, correlation=matrix)
    return subset(every, sizes >= 1)


def within(points: Points, limit: float) -> Points:
    return subset(points, points.sizes <= limit)


def subset(points: Points, chosen: NDArray[np.bool_]) -> Points:
    kept = np.flatnonzero(chosen)
    return Points(
        sizes=points.sizes[kept],
        values=points.values[kept],
        rows=points.rows[kept],
        correlation=points.correlation[np.ix_(kept, kept)],
    )


def sample_curve(
    kind: str,
    points: Points,
    targets: Sequence[float],
    *,
    labels: int | None = None,
    label_counts: Sequence[int] = (),
    priors: Priors | None = None,
    draws: int,
    seed: int,
) -> Posterior:
    """Posterior draws at the targets and, from the same curves, at the points. Without points the
    prior answers. Raises KeyError for an unknown kind."""
    belief = prior_of(kind, priors)
    asked = np.asarray(targets, float)
    every = np.concatenate([points.sizes, asked])
    setting = Setting(
        ceiling=belief.ceiling,
        smallest=float(every.min()) if len(every) else 1.0,
        labels=labels,
        label_counts=tuple(label_counts),
    )
    at_points, at_targets = draw_values(
        forms_of(kind, setting, belief),
        likelihood(observed(points, setting.smallest), belief.noise),
        asked,
        row_scale,
        draws=draws,
        rng=np.random.default_rng(seed),
    )
    return Posterior(at_targets=np.clip(at_targets, 0.0, 1.0), at_points=at_points)


def forms_of(kind: str, setting: Setting, belief: Priors) -> list[Form]:
    """The families of a kind for one task, with their prior weights."""
    return [
        Form(
            name=family.name,
            latents=family.latents,
            weight=weight,
            curve=partial(curve_of, family, setting),
            learnt=belief.learnt.get(family.name),
        )
        for family in FAMILIES
        if (weight := belief.family_weights.get(family.name, family.weights.get(kind, 0.0))) > 0
    ]


def curve_of(family: Family, setting: Setting, u: Array, sizes: Array) -> Array:
    return family.curve(u, sizes, setting)


def row_scale(values: Array) -> Array:
    """Twice the binomial deviation of one row at an accuracy."""
    bounded = np.clip(values, 0.0, 1.0)
    return np.asarray(2 * np.sqrt(bounded * (1 - bounded)))


def observed(points: Points, smallest: float) -> Observed:
    """Accuracies as the likelihood takes them: the deviation of a row from a smoothed share."""
    scale = row_scale((points.values * points.rows + 2) / (points.rows + 4))
    deviation = 0.5 * scale / np.sqrt(points.rows)
    return Observed(
        sizes=points.sizes,
        values=points.values,
        sampling=np.outer(deviation, deviation) * points.correlation,
        scale=scale,
        smallest=smallest,
    )
