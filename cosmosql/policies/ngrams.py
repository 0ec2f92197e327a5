"""Hashed words and word pairs of a question, weighted by how rare they are."""

from __future__ import annotations

import re
import zlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from cosmosql.contracts.policy import Array, Question
from cosmosql.policies.surface import read

BUCKETS = 1 << 15
"""A power of two."""

MOST_KEPT = 1 << 16
_PAIR = 0x3779B1
"""Multiplies the first word's hash in a pair's (Fibonacci hashing)."""

_WORD = re.compile(r"\w\w+|[^\w\s]")


class _Hashed(dict[str, bytes]):
    """The hashes, as bytes of int64, of the words in what stands between two blanks; kept, because
    most of it comes again."""

    def __missing__(self, written: str) -> bytes:
        words = (word.encode("utf-8", "replace") for word in _WORD.findall(written))
        if len(self) >= MOST_KEPT:
            self.clear()
        found = self[written] = array("q", map(zlib.crc32, words)).tobytes()
        return found


_HASHED = _Hashed()


def hashes(question: Question) -> NDArray[np.int64]:
    """The bucket of every word and every pair of neighbouring words, in order of appearance."""
    text = question.text
    added = [option for option in question.options if option not in text]
    written = read("\n".join([text, *added])).lower().split()
    single = np.frombuffer(b"".join(map(_HASHED.__getitem__, written)), np.int64)
    pairs = (single[:-1] * _PAIR + single[1:]) >> 7
    return np.concatenate([single, pairs]) & (BUCKETS - 1)


def dampened(places: NDArray[np.int64]) -> tuple[NDArray[np.int64], Array]:
    """Distinct places, rising, and 1 + log of how often each comes."""
    ordered = np.sort(places)
    first = np.ones(len(ordered), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    starts = np.flatnonzero(first)
    times = np.empty(len(starts))
    times[:-1] = starts[1:] - starts[:-1]
    times[-1:] = len(ordered) - starts[-1:]
    return ordered[starts], 1.0 + np.log(times)


def count_matrix(questions: Sequence[Question]) -> sparse.csr_array:
    """Dampened counts, shape (questions, BUCKETS)."""
    found = [hashes(question) for question in questions]
    rows = np.repeat(np.arange(len(found)), [len(places) for places in found])
    every = np.concatenate([np.empty(0, np.int64), *found])
    places, values = dampened(rows * BUCKETS + every)
    ends = np.concatenate([[0], np.cumsum(np.bincount(places // BUCKETS, minlength=len(found)))])
    return sparse.csr_array((values, places % BUCKETS, ends), shape=(len(found), BUCKETS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """Directions of the n-gram space along which known questions differ most (latent semantic
    analysis): `rarity` is the inverse document frequency of every bucket, zero where fewer than
    two known questions have it; `directions`, of unit length, has shape (BUCKETS, topics)."""

    rarity: Array = field(repr=False)
    directions: Array = field(repr=False)

    def of(self, matrix: sparse.csr_array) -> Array:
        """Coordinates of counted questions, shape (questions, topics)."""
        return np.asarray(normalised(matrix, self.rarity) @ self.directions)


def normalised(matrix: sparse.csr_array, rarity: Array) -> sparse.csr_array:
    """Counts weighted by rarity, each row of unit length (or zero)."""
    weighted = sparse.csr_array(matrix.multiply(rarity[None, :]))
    lengths = np.sqrt(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel())
    weighted.data = weighted.data / np.repeat(np.maximum(lengths, 1e-12), np.diff(weighted.indptr))
    return weighted


def topics(matrix: sparse.csr_array, count: int, *, seed: int) -> Topics:
    """By randomised singular value decomposition with two power iterations (Halko, Martinsson,
    Tropp 2011, algorithm 4.4)."""
    rows = matrix.shape[0]
    holding = np.bincount(matrix.indices, minlength=BUCKETS)
    rarity = np.where(holding > 1, np.log((1 + rows) / (1 + holding)) + 1, 0.0)
    weighted = normalised(matrix, rarity)
    width = min(count + 10, rows)
    sketch = weighted @ np.random.default_rng(seed).standard_normal((BUCKETS, width))
    for _ in range(2):
        sketch = weighted @ (weighted.T @ np.linalg.qr(sketch)[0])
    seen = weighted.T @ np.linalg.qr(sketch)[0]
    strengths, turns = np.linalg.eigh(seen.T @ seen)
    kept = np.argsort(-strengths, kind="stable")[:count]
    kept = kept[strengths[kept] > 1e-9 * max(float(strengths.max(initial=0.0)), 1e-12)]
    directions = seen @ (turns[:, kept] / np.sqrt(strengths[kept]))
    return Topics(rarity=rarity, directions=directions)
