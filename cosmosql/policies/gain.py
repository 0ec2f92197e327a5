"""What a larger tier gains over a smaller one on each row: from the question, and after an answer.

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
from cosmosql.policies.ngrams import Topics, count_matrix, dampened, hashes, topics
from cosmosql.policies.rows import FOLDS
from cosmosql.policies.surface import surface, surfaces
from cosmosql.policies.waves import WAVES, Waves, waves

TOPICS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """Expected gains over the cheapest tier from the question alone. A question's n-grams weigh
    `rarity` times `weights[tier]`, over the length of its rarities."""

    waves: Waves
    rarity: Array = field(repr=False)
    looks: tuple[Linear, ...]
    """Of the waves, one a dearer tier."""
    weights: Array = field(repr=False)
    """Shape (tiers - 1, BUCKETS)."""

    def of(self, questions: Sequence[Question]) -> Array:
        """Shape (tiers, rows); the first row is zero."""
        matrix = count_matrix(questions)
        weighted = sparse.csr_array(matrix.multiply(self.rarity[None, :]))
        lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
        told = (weighted @ self.weights.T).T / np.maximum(lengths, 1e-12)
        looked = self.waves.of(surfaces(questions))
        gains = [look.of(looked) + words for look, words in zip(self.looks, told, strict=True)]
        return np.stack([np.zeros(len(questions)), *gains])

    def of_one(self, question: Question) -> Array:
        """The same of one question, shape (tiers,)."""
        places, values = dampened(hashes(question))
        values = values * self.rarity[places]
        length = max(float(np.sqrt(values @ values)), 1e-12)
        told = self.weights[:, places] @ values / length
        looked = self.waves.of(np.array(surface(question)))
        gains = [float(look.of(looked)) for look in self.looks]
        return np.concatenate([[0.0], gains + told])


@lru_cache(maxsize=FOLDS + 1)
def told_by_words(questions: tuple[Question, ...], seed: int) -> tuple[Topics, Array]:
    """The topics of questions and where each lies in them. Policies of every kind and over all
    tiers are fitted on the same parts of the rows, so each part is worked out once."""
    matrix = count_matrix(questions)
    found = topics(matrix, min(TOPICS, len(questions) - 1), seed=seed)
    return found, found.of(matrix)


def fit_before(questions: Sequence[Question], scores: Array, *, seed: int) -> tuple[Before, Array]:
    """The model and its left-out gains of the fitted rows, shape (tiers, rows)."""
    seen = surfaces(questions)
    found, told = told_by_words(tuple(questions), seed)
    looking = waves(seen, length=4.0, seed=seed)
    looked = looking.of(seen)
    fits = [
        fit(
            (
                Block.plain(looked, scales=(0.05, 0.1, 0.2, 0.4)),
                Block.plain(told, scales=(0.05, 0.15, 0.3, 0.6)),
            ),
            scores[tier] - scores[0],
        )
        for tier in range(1, len(scores))
    ]
    models = [one.linear for one in fits]
    before = Before(
        waves=looking,
        rarity=found.rarity,
        looks=tuple(
            Linear(weights=model.weights[:WAVES], intercept=model.intercept) for model in models
        ),
        weights=np.stack([found.directions @ model.weights[WAVES:] for model in models]),
    )
    return before, np.stack([np.zeros(len(questions)), *(one.left_out for one in fits)])
