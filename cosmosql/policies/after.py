"""What a larger tier still gains once a smaller one has answered, by the signals of its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from cosmosql.contracts.policy import Array
from cosmosql.policies.confidence import signal_of
from cosmosql.policies.graded import Graded, graded
from cosmosql.policies.linear import Block, Linear, fit
from cosmosql.policies.prior import Prior, level, rank_features
from cosmosql.policies.waves import Waves, waves

LENGTH = 2.5
LOOKING_LENGTH = 5.0
"""Standard deviations over which what signals add changes: of signals and promises alone, and of
these and the question's surface."""

SCALES = (0.02, 0.05, 0.1, 0.2, 0.4)

SPREAD = 40
"""Values that stand for the distribution of what an answer adds to the expected gain."""

MAIN = "margin"


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """Expected gains of every dearer tier over one that has answered: what the question promises
    plus what the answer's signals say. That addition is, a dearer tier each, a line of `slopes`
    (dearer tiers, rank features) on the rank of the `main` signal, and `shifts` on waves of all
    signals, and of these and the surface; `levels` are mean gains. `spread`: its values among the
    known rows, shape (SPREAD, dearer tiers)."""

    signals: tuple[Graded, ...]
    main: str
    levels: Array = field(repr=False)
    slopes: Array = field(repr=False)
    waves: Waves
    looking: Waves
    shifts: tuple[Linear, ...]
    spread: Array = field(repr=False)

    def of(self, promised: Array, signals: Mapping[str, Array], surfaces: Array) -> Array:
        """`promised` gains over this tier and the result: shape (dearer tiers, rows); `surfaces` of
        the questions, (rows, features)."""
        rows = promised.shape[1]
        grades = {
            one.name: one.of(signals.get(one.name, np.full(rows, np.nan))) for one in self.signals
        }
        told = np.column_stack([*grades.values(), *promised])
        waving = np.hstack(
            [self.waves.of(told), self.looking.of(np.column_stack([told, surfaces]))]
        )
        rank = grades.get(self.main, np.zeros(rows))
        return np.stack(
            [
                gain + rank_features(rank, gain / size) @ slopes + shift.of(waving)
                for gain, size, slopes, shift in zip(
                    promised, self.levels, self.slopes, self.shifts, strict=True
                )
            ]
        )


def fit_after(
    promised: Array,
    signals: Mapping[str, Array],
    surfaces: Array,
    gains: Array,
    prior: Prior,
    *,
    seed: int,
) -> tuple[After, Array]:
    """The model and its left-out gains of the fitted rows. `promised` are left-out gains by the
    question, `gains` the true ones, both of shape (dearer tiers, rows); `surfaces` of the
    questions, (rows, features)."""
    present = [name for name in sorted(signals) if np.isfinite(signals[name]).any()]
    grading = tuple(graded(name, signals[name]) for name in present)
    grades = {one.name: one.of(signals[one.name]) for one in grading}
    main = signal_of(signals, MAIN) or MAIN
    rank = grades.get(main, np.zeros(promised.shape[1]))
    features = np.column_stack([*grades.values(), *promised])
    looks = np.column_stack([features, surfaces])
    waving = waves(features, length=LENGTH, seed=seed)
    looking = waves(looks, length=LOOKING_LENGTH, seed=seed)
    waved, looked = waving.of(features), looking.of(looks)
    slopes, shifts, left_out, levels = [], [], [], []
    for gain, expected in zip(gains, promised, strict=True):
        size = level(gain)
        line = rank_features(rank, expected / size) @ prior.signal * size
        found = fit(
            (
                prior.signal_slope.block(line),
                Block.plain(waved, scales=SCALES),
                Block.plain(looked, scales=SCALES),
            ),
            gain - expected,
        )
        slopes.append(found.linear.weights[0] * size * prior.signal)
        shifts.append(Linear(weights=found.linear.weights[1:], intercept=found.linear.intercept))
        left_out.append(found.left_out)
        levels.append(size)
    told = np.stack(left_out)
    model = After(
        signals=grading,
        main=main,
        levels=np.array(levels),
        slopes=np.stack(slopes),
        waves=waving,
        looking=looking,
        shifts=tuple(shifts),
        spread=spread_of(told),
    )
    return model, promised + told


def spread_of(shifts: Array) -> Array:
    """Evenly spaced rows of the shifts in the order of the dearest tier's, with mean zero: before
    an answer nothing is known of which way it will point."""
    order = np.argsort(shifts[-1], kind="stable")
    places = ((np.arange(SPREAD) + 0.5) / SPREAD * len(order)).astype(np.intp)
    chosen = shifts[:, order[places]].T
    return np.asarray(chosen - chosen.mean(axis=0))
