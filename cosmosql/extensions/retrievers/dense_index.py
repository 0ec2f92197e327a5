"""Exact nearest neighbours by cosine over embeddings from the model that answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cosmosql.contracts.retriever import Embed

FILE = "embeddings.npz"


class DenseIndex:
    """Rows by falling cosine; equal ones by the rows' order in the corpus.

    Embeddings are centred on the corpus mean first: hidden states of language models share one
    large common direction that would hide every difference (arXiv 1702.01417).
    """

    def __init__(self, vectors: NDArray[np.float32], centre: NDArray[np.float32], embed: Embed):
        self._vectors = vectors
        self._centre = centre
        self._embed = embed

    def nearest(self, queries: Sequence[str], k: int) -> tuple[tuple[int, ...], ...]:
        if not queries:
            return ()
        cosines = _unit(self._embed(queries) - self._centre) @ self._vectors.T
        order = np.argsort(-cosines, axis=1, kind="stable")[:, :k]
        return tuple(tuple(row) for row in order.tolist())

    def save(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        np.savez(directory / FILE, vectors=self._vectors, centre=self._centre)


class DenseFactory:
    needs_embedding = True

    def build(
        self,
        options: Mapping[str, object],
        corpus: Sequence[str],
        *,
        seed: int,
        embed: Embed | None,
    ) -> DenseIndex:
        embed = _required(embed)
        vectors = embed(corpus)
        centre = vectors.mean(axis=0)
        return DenseIndex(_unit(vectors - centre), centre, embed)

    def load(
        self, options: Mapping[str, object], directory: Path, *, embed: Embed | None
    ) -> DenseIndex:
        with np.load(directory / FILE, allow_pickle=False) as file:
            return DenseIndex(file["vectors"], file["centre"], _required(embed))


def _required(embed: Embed | None) -> Embed:
    if embed is None:
        raise ValueError("a dense retriever needs the embedding of the model that answers")
    return embed


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of length 1; a row of zeros stays one."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: NDArray[np.float32] = vectors / np.maximum(lengths, 1e-12)
    return scaled


FACTORY = DenseFactory()
