"""Signals by their rank among known rows."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.special import ndtri

from cosmosql.contracts.policy import Array

KNOTS = 65


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
    """By some finite values, shape (rows,)."""
    known = values[np.isfinite(values)]
    shares = (np.arange(KNOTS) + 0.5) / KNOTS
    knots, places = np.unique(np.quantile(known, shares), return_inverse=True)
    grades = np.bincount(places, weights=ndtri(shares)) / np.bincount(places)
    return Graded(name=name, knots=knots, grades=grades)
