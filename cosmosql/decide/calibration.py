"""How well the signals of the policies' members foretell whether these are right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cosmosql.decide.decision import PolicyForecast
from cosmosql.identity import rounded, seed_of
from cosmosql.policies.calibration import (
    FITS,
    Reliability,
    as_it_is,
    cross_fitted,
    reliability,
)
from cosmosql.policies.combination import combined, varies
from cosmosql.policies.rows import folds_by
from cosmosql.predict.forecast import Forecast, ItemForecast
from cosmosql.predict.pairing import row_weights
from cosmosql.schema.kinds import COMBINED, RISING, SIGNALS

Array = NDArray[np.float64]

LEAST_ROWS = 40
DRAWS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """A member's signal as a chance of being right, cross-fitted on the rows that it answered.

    `fit` is the one of logistic and isotonic with the smaller Brier score; `basis` is predicted
    where the outcomes are those of the member's nearest probe; `used` says whether a policy decides
    by the signal.
    """

    member: str
    signal: str
    fit: str
    basis: str
    used: bool
    reliability: Reliability = field(repr=False)


def calibrations(
    forecasts: Sequence[Forecast], policies: Sequence[PolicyForecast], *, seed: int
) -> tuple[Calibration, ...]:
    """Of every signal of every member that a policy may pass over for a dearer one. Members and
    signals on fewer than 40 rows are left out."""
    measured = {one.candidate.name: one for one in forecasts if one.items is not None}
    members = dict.fromkeys(name for policy in policies for name in policy.members[:-1])
    used = {(name, policy.signal) for policy in policies for name in policy.members[:-1]}
    return tuple(
        Calibration(
            member=name,
            signal=signal,
            fit=fit,
            basis="measured" if items.shift is None else "predicted",
            used=(name, signal) in used,
            reliability=found,
        )
        for name in members
        if name in measured and (items := measured[name].items) is not None
        for signal, fit, found in of_member(items, seed=seed)
    )


def of_member(items: ItemForecast, *, seed: int) -> list[tuple[str, str, Reliability]]:
    """Signal, fit and reliability of each signal that varies, in the order of the schema."""
    if len(items.rows) < LEAST_ROWS:
        return []
    folds = folds_by(items.rows)
    weights = row_weights(items.rows, draws=DRAWS, seed=seed)
    sure = confidences(items.signals, items.score, folds)
    found = []
    for signal, confidence in sure.items():
        fits = {"logistic": as_it_is} if signal == COMBINED else FITS
        chances = {
            name: cross_fitted(fit, confidence, items.score, folds) for name, fit in fits.items()
        }
        squares = {
            name: rounded(float(((one - items.score) ** 2).mean())) for name, one in chances.items()
        }
        best = min(squares, key=squares.__getitem__)
        judged = reliability(
            chances[best], items.score, weights, seed=seed_of("calibration", seed, signal)
        )
        found.append((signal, best, judged))
    return found


def confidences(
    signals: Mapping[str, Array], right: Array, folds: NDArray[np.intp]
) -> dict[str, Array]:
    """How sure each row's answer is by each signal that varies, larger is surer, and by all of
    them together where there are several."""
    known = {
        name: signals[name]
        for name in SIGNALS
        if name in signals and name != COMBINED and varies(signals[name])
    }
    found = {name: values if name in RISING else -values for name, values in known.items()}
    if len(known) > 1:
        found[COMBINED] = combined(known, right, folds)
    return found
