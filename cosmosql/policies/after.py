"""What a larger tier still gains once a smaller one has answered, by the signals of its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.special import ndtri

from cosmosql.contracts.policy import Array
from cosmosql.policies.linear import Block, Linear, fit
from cosmosql.policies.waves import Waves, waves

KNOTS = 65
SPREAD = 40
"""Values that stand for the distribution of what an answer adds to the expected gain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """A signal as a normal score among the known rows: what counts of it is its rank. `knots` are
    values of the signal, rising, `grades` their normal scores; where it is absent the grade is 0.
    """

    name: str
    knots: Array = field(repr=False)
    grades: Array = field(repr=False)

    def of(self, values: Array) -> Array:
        found = np.interp(values, self.knots, self.grades)
        return np.where(np.isfinite(values), found, 0.0)


def graded(name: str, values: Array) -> Graded:
    known = values[np.isfinite(values)]
    shares = (np.arange(KNOTS) + 0.5) / KNOTS
    knots, places = np.unique(np.quantile(known, shares), return_inverse=True)
    grades = np.bincount(places, weights=ndtri(shares)) / np.bincount(places)
    return Graded(name=name, knots=knots, grades=grades)


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """Expected gains of every dearer tier over one that has answered: what the question promises
    plus what the answer's signals say. `shifts` and `spread` hold that addition: one model a
    dearer tier, and values of it among the known rows, shape (SPREAD, dearer tiers)."""

    signals: tuple[Graded, ...]
    waves: Waves
    shifts: tuple[Linear, ...]
    spread: Array = field(repr=False)

    def of(self, promised: Array, signals: Mapping[str, Array]) -> Array:
        """`promised` gains over this tier and the result: shape (dearer tiers, rows)."""
        rows = promised.shape[1]
        grades = [one.of(signals.get(one.name, np.full(rows, np.nan))) for one in self.signals]
        waving = self.waves.of(np.column_stack([*grades, *promised]))
        return promised + np.stack([shift.of(waving) for shift in self.shifts])


def fit_after(
    promised: Array, signals: Mapping[str, Array], gains: Array, *, seed: int
) -> tuple[After, Array]:
    """The model and its left-out gains of the fitted rows. `promised` are left-out gains by the
    question, `gains` the true ones, both of shape (dearer tiers, rows)."""
    present = [name for name in sorted(signals) if np.isfinite(signals[name]).any()]
    grading = tuple(graded(name, signals[name]) for name in present)
    features = np.column_stack([*(one.of(signals[one.name]) for one in grading), *promised])
    waving = waves(features, length=2.5, seed=seed)
    values = waving.of(features)
    fits = [
        fit((Block.plain(values, scales=(0.02, 0.05, 0.1, 0.2, 0.4)),), gain - expected)
        for gain, expected in zip(gains, promised, strict=True)
    ]
    shifts = np.stack([one.left_out for one in fits])
    model = After(
        signals=grading,
        waves=waving,
        shifts=tuple(one.linear for one in fits),
        spread=spread_of(shifts),
    )
    return model, promised + shifts


def spread_of(shifts: Array) -> Array:
    """Evenly spaced rows of the shifts in the order of the dearest tier's, with mean zero: before
    an answer nothing is known of which way it will point."""
    order = np.argsort(shifts[-1], kind="stable")
    places = ((np.arange(SPREAD) + 0.5) / SPREAD * len(order)).astype(np.intp)
    chosen = shifts[:, order[places]].T
    return np.asarray(chosen - chosen.mean(axis=0))
