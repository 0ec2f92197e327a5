"""What a larger tier gains over the cheapest one on each row, from the question alone.

The target is the gain (score of the larger tier minus score of the smaller), never "the smaller one
is wrong": what both get wrong is not worth sending up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from scipy import sparse

from cosmosql.contracts.policy import Array, Question
from cosmosql.policies.linear import Block, Linear, fit
from cosmosql.policies.looked import looked_at, spoken_of
from cosmosql.policies.ngrams import dampened, hashes
from cosmosql.policies.prior import Prior, level
from cosmosql.policies.surface import surface_of
from cosmosql.policies.waves import Standard, Waves, waves

LENGTH = 4.0
"""Standard deviations of surface features over which the gain changes."""

SURFACE_SCALES = (0.02, 0.05, 0.1, 0.2, 0.4)
TOPIC_SCALES = (0.05, 0.15, 0.3, 0.6)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Before:
    """Expected gains over the cheapest tier. `looks` weigh, a dearer tier each, the waves of a
    question's surface, `slopes` of shape (tiers - 1, features) the surface itself; its n-grams
    weigh `rarity` times `words`, shape (tiers - 1, BUCKETS), over the length of its rarities."""

    standard: Standard
    slopes: Array = field(repr=False)
    waves: Waves
    looks: tuple[Linear, ...]
    rarity: Array = field(repr=False)
    words: Array = field(repr=False)

    def of(self, questions: Sequence[Question]) -> Array:
        """Shape (tiers, rows); the first row is zero."""
        surfaces, matrix = looked_at(tuple(questions))
        weighted = sparse.csr_array(matrix.multiply(self.rarity[None, :]))
        lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
        said = (weighted @ self.words.T).T / np.maximum(lengths, 1e-12)
        gains = self.look(surfaces) + said
        return np.vstack([np.zeros(len(questions)), gains])

    def of_one(self, question: Question) -> Array:
        """The same of one question, shape (tiers,)."""
        places, values = dampened(hashes(question))
        values = values * self.rarity[places]
        length = max(float(np.sqrt(values @ values)), 1e-12)
        said = self.words[:, places] @ values / length
        return np.concatenate([[0.0], self.look(surface_of(question)) + said])

    def look(self, surfaces: Array) -> Array:
        """What the surface says, shape (tiers - 1, …) for surfaces of shape (…, features)."""
        known = self.slopes @ self.standard.of(surfaces).T
        waving = self.waves.of(surfaces)
        return np.asarray(known + np.stack([look.of(waving) for look in self.looks]))


def fit_before(
    questions: tuple[Question, ...], scores: Array, prior: Prior, *, seed: int
) -> tuple[Before, Array]:
    """The model and its left-out gains of the fitted rows, shape (tiers, rows). Policies that are
    compared on the same rows ask for the same one."""
    return _fit_before(questions, scores.tobytes(), prior, seed)


@lru_cache(maxsize=64)
def promised(before: Before, question: Question) -> Array:
    """`of_one`, computed once however often a rule looks at the question."""
    return before.of_one(question)


@lru_cache(maxsize=4)
def _fit_before(
    questions: tuple[Question, ...], content: bytes, prior: Prior, seed: int
) -> tuple[Before, Array]:
    scores = np.frombuffer(content).reshape(-1, len(questions))
    surfaces = looked_at(questions)[0]
    topics, spoken = spoken_of(questions, seed=seed)
    shape = prior.shape(surfaces)
    waving = waves(surfaces, length=LENGTH, seed=seed)
    waved = waving.of(surfaces)
    slopes, looks, words, left_out = [], [], [], [np.zeros(len(questions))]
    for scored in scores[1:]:
        gains = scored - scores[0]
        size = level(gains)
        found = fit(
            (
                prior.surface_slope.block(shape * size),
                Block.plain(waved, scales=SURFACE_SCALES),
                Block.plain(spoken, scales=TOPIC_SCALES),
            ),
            gains,
        )
        slope, rest = found.linear.weights[0], found.linear.weights[1:]
        slopes.append(slope * size * prior.surface)
        ends = waved.shape[1]
        looks.append(Linear(weights=rest[:ends], intercept=found.linear.intercept))
        words.append(topics.directions @ rest[ends:])
        left_out.append(found.left_out)
    before = Before(
        standard=prior.standard,
        slopes=np.stack(slopes),
        waves=waving,
        looks=tuple(looks),
        rarity=topics.rarity,
        words=np.stack(words),
    )
    return before, np.stack(left_out)
