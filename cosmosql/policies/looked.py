"""What questions look like and what they speak of, counted once however many policies ask."""

from __future__ import annotations

from functools import lru_cache

from scipy import sparse

from cosmosql.contracts.policy import Array, Question
from cosmosql.policies.ngrams import Topics, count_matrix, topics
from cosmosql.policies.surface import surfaces

TOPICS = 200


@lru_cache(maxsize=4)
def looked_at(questions: tuple[Question, ...]) -> tuple[Array, sparse.csr_array]:
    """Surface features and n-gram counts, shapes (questions, features) and (questions, BUCKETS)."""
    return surfaces(questions), count_matrix(questions)


@lru_cache(maxsize=2)
def spoken_of(questions: tuple[Question, ...], *, seed: int) -> tuple[Topics, Array]:
    """The topics of known questions and each one's coordinates, shape (questions, topics)."""
    matrix = looked_at(questions)[1]
    found = topics(matrix, min(TOPICS, len(questions) - 1), seed=seed)
    return found, found.of(matrix)
