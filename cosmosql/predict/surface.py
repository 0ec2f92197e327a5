"""A Gaussian process over runs: those of one task tell of each other, those of past tasks of all.

Values are arcsine roots of the metric, on which the sampling noise of a share is the same
everywhere (Anscombe 1948). The mean is linear in a few features, its weights Gaussian; around it
stand smooth terms in the runs' coordinates (size, learning rate, rank, …), each shared by all runs,
by those of one task, of one model on it, or of one series (an additive multi-task Gaussian process;
Rasmussen and Williams 2006, chapter 2). Hyper-parameters are learnt from past runs
(`predict.past`). One thing the task at hand tells itself: how much wider than among past tasks that
has to be taken which these leave open of it, a scale that is averaged over by its evidence (a scale
mixture of Gaussian processes, as a Student-t process is: Shah et al. 2014, arXiv 1402.4306).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.linalg import cho_solve, cholesky

from cosmosql.predict.pairing import Array
from cosmosql.predict.sampling import systematic

JITTER = 1e-8

SCALES = 2.0 ** np.arange(0.0, 3.01, 0.25)
"""By how much the deviation of what past runs leave open of a task may have to be multiplied. Never
below one: a few runs that came out as foretold tell nothing of those that are unlike them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A smooth term: covariance `deviation`² exp(-½ Σ ((x - x') / length)²) between runs with the
    same `shared` key (empty: between all), times the `scale` of both (empty: 1). A coordinate
    without a length plays no part."""

    shared: str
    deviation: float
    lengths: Mapping[str, float]
    scale: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """What past runs taught. `mean` and `weights`: by feature, the expected weight and its
    deviation. `noise`: deviation of a run's value from run to run, arcsine scale: the
    exponential of a line in these coordinates (`level` is its constant). `unlike`: the expected
    logarithm of a new task's scale, above 0; it is exponentially distributed."""

    mean: Mapping[str, float]
    weights: Mapping[str, float]
    terms: tuple[Term, ...]
    noise: Mapping[str, float]
    unlike: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a run stands: `features` of its mean, `coordinates`, `scales` of what may change there,
    and `keys` of what it shares."""

    features: Mapping[str, float]
    coordinates: Mapping[str, float]
    scales: Mapping[str, float]
    keys: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """Runs with what was measured: the metric's `values`, the mean over `repeats` seeds, and the
    number of `rows` that judged them; shapes (runs,)."""

    places: tuple[Place, ...]
    values: Array = field(repr=False)
    rows: Array = field(repr=False)
    repeats: Array = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """The curves at some places, Gaussian on the arcsine scale: `mean`, shape (places,), and
    `covariance`, shape (places, places)."""

    mean: Array = field(repr=False)
    covariance: Array = field(repr=False)


def angle(share: Array | float) -> Array:
    """Arcsine root of shares in [0, 1]."""
    return np.asarray(np.arcsin(np.sqrt(np.clip(share, 0.0, 1.0))), np.float64)


def share(angle: Array) -> Array:
    """The share of an angle, which is first brought into [0, pi / 2]."""
    return np.asarray(np.sin(np.clip(angle, 0.0, np.pi / 2)) ** 2, np.float64)


def above_chance(value: float, chance: float) -> float:
    """A value with chance at 0 and perfection at 1; no lower than a fifth below chance.

    >>> above_chance(0.75, 0.5), above_chance(0.2, 0.2)
    (0.5, 0.0)
    """
    return max((value - chance) / (1 - chance), -0.2) if chance < 1 else 0.0


def expected(surface: Surface, places: Sequence[Place]) -> Array:
    """The mean before any run was seen, shape (places,)."""
    weights = np.array(list(surface.mean.values()), np.float64)
    return np.asarray(feature_table(surface, places) @ weights)


def feature_table(surface: Surface, places: Sequence[Place]) -> Array:
    """Features in the order of the mean's weights, shape (places, features)."""
    table = [[one.features[name] for name in surface.mean] for one in places]
    return np.array(table, np.float64).reshape(len(places), len(surface.mean))


def covariance(surface: Surface, left: Sequence[Place], right: Sequence[Place]) -> Array:
    """Prior covariance of the curves at two lists of places, shape (left, right)."""
    spread = np.array([surface.weights[name] for name in surface.mean])
    matrix = (feature_table(surface, left) * spread**2) @ feature_table(surface, right).T
    for term in surface.terms:
        matrix = matrix + covariance_of(term, left, right)
    return np.asarray(matrix, np.float64)


def covariance_of(term: Term, left: Sequence[Place], right: Sequence[Place]) -> Array:
    matrix = term.deviation**2 * likeness(term, left, right)
    if term.scale:
        ours = np.array([one.scales[term.scale] for one in left])
        theirs = np.array([one.scales[term.scale] for one in right])
        matrix = matrix * ours[:, None] * theirs[None, :]
    if term.shared:
        own = np.array([one.keys[term.shared] for one in left])
        other = np.array([one.keys[term.shared] for one in right])
        matrix = matrix * (own[:, None] == other[None, :])
    return np.asarray(matrix, np.float64)


def likeness(term: Term, left: Sequence[Place], right: Sequence[Place]) -> Array:
    """Correlation of the term by coordinates alone."""
    ours, theirs = scaled(term, left), scaled(term, right)
    squares = (ours**2).sum(axis=1)[:, None] + (theirs**2).sum(axis=1)[None, :]
    return np.asarray(np.exp(-0.5 * np.maximum(squares - 2 * ours @ theirs.T, 0.0)), np.float64)


def scaled(term: Term, places: Sequence[Place]) -> Array:
    """Coordinates in units of the term's lengths, shape (places, lengths)."""
    return np.array(
        [
            [one.coordinates[name] / length for name, length in term.lengths.items()]
            for one in places
        ],
        np.float64,
    ).reshape(len(places), len(term.lengths))


def run_noise(surface: Surface, places: Sequence[Place]) -> Array:
    """Deviation from run to run at each place, arcsine scale, shape (places,)."""
    logarithm = [
        sum(
            slope * (1.0 if name == "level" else one.coordinates[name])
            for name, slope in surface.noise.items()
        )
        for one in places
    ]
    return np.exp(np.array(logarithm, np.float64))


def informed(surface: Surface, past: Runs, places: Sequence[Place]) -> Belief:
    """What past runs, all of other tasks, leave to be believed of the curves at some places of a
    task that is like theirs (a scale of one)."""
    known = covariance(surface, past.places, past.places)
    known += np.diag(variances(surface, past) + JITTER)
    cross = covariance(surface, past.places, places)
    gain = cho_solve((cholesky(known, lower=True), True), cross)
    surprise = angle(past.values) - expected(surface, past.places)
    return Belief(
        mean=expected(surface, places) + gain.T @ surprise,
        covariance=covariance(surface, places, places) - cross.T @ gain,
    )


def nearness(surface: Surface, past: Sequence[Place], places: Sequence[Place]) -> Array:
    """Prior correlation of places with the nearest past run in what all runs share, by the term
    that reaches furthest, shape (places,): 1 amid past runs, 0 far away."""
    shared = [term for term in surface.terms if not term.shared]
    nearest = [likeness(term, past, places).max(axis=0) for term in shared]
    return np.asarray(np.max(nearest, axis=0), np.float64)


def variances(surface: Surface, runs: Runs) -> Array:
    """Of the measured values around their curves: the rows' sampling noise (a quarter of one over
    their number, whatever the share) and the runs' own."""
    return np.asarray(0.25 / runs.rows + run_noise(surface, runs.places) ** 2 / runs.repeats)


def log_evidence(belief: Belief, angles: Array, noise: Array) -> Array:
    """Log density of measured `angles`, shape (runs,), under each of `SCALES`, shape (scales,), up
    to a constant. The belief begins with the runs' curves; `noise`, shape (runs, runs), is the
    covariance of what stands between them and the measured."""
    known = len(angles)
    spread, surprise = belief.covariance[:known, :known], angles - belief.mean[:known]
    found = []
    for scale in SCALES:
        factor = cholesky(scale**2 * spread + noise, lower=True)
        fit = surprise @ cho_solve((factor, True), surprise)
        found.append(-0.5 * fit - np.log(np.diag(factor)).sum())
    return np.array(found)


def scale_odds(unlike: float, evidence: Array) -> Array:
    """Probability of each of `SCALES` in a task whose runs give this log evidence, shape (scales,).
    Their logarithms are exponentially distributed about an expectation of `unlike`."""
    log_odds = evidence - np.log(SCALES) / unlike
    odds = np.exp(log_odds - log_odds.max())
    return np.asarray(odds / odds.sum())


def drawn(
    surface: Surface,
    belief: Belief,
    seen: Sequence[Place],
    seen_draws: Array,
    targets: Sequence[Place],
    *,
    seed: int,
) -> Array:
    """Draws of the metric of one run at each target, shape (draws, targets).

    `belief` is of the curves at `seen` and `targets`, in this order. `seen_draws`, shape (draws,
    seen), are draws of the seen runs' metric under common draws of rows, and draw i of the result
    belongs to draw i of them: under the scale that it drew the process is conditioned by Matheron's
    rule (Wilson et al. 2021, arXiv 2011.04026, section 3), what draw i is off the data being its
    sampling error.
    """
    count, known = seen_draws.shape
    rng = np.random.default_rng(seed)
    data = angle(seen_draws)
    noise = np.atleast_2d(np.cov(data, rowvar=False)) if known else np.zeros((0, 0))
    noise = noise + np.diag(run_noise(surface, seen) ** 2 + JITTER)
    odds = scale_odds(surface.unlike, log_evidence(belief, data.mean(axis=0), noise))
    chosen = systematic(odds, count, rng)
    root = lower_root(belief.covariance)
    around = rng.standard_normal((count, len(root))) @ root.T
    curves = belief.mean + SCALES[chosen, None] * around
    own = run_noise(surface, seen) * rng.standard_normal((count, known))
    surprise = data - curves[:, :known] - own
    found = curves[:, known:]
    for number in np.unique(chosen):
        prior = SCALES[number] ** 2 * belief.covariance[:known]
        rows = chosen == number
        found[rows] += surprise[rows] @ np.linalg.solve(prior[:, :known] + noise, prior[:, known:])
    return share(found + run_noise(surface, targets) * rng.standard_normal(found.shape))


def lower_root(matrix: Array) -> Array:
    """A root of a covariance whose smallest eigenvalues rounding may have made negative."""
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)), np.float64)
