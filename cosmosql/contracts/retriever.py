"""Which demonstrations stand before a query: `retriever … using random|bm25|dense`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


Embed: TypeAlias = "Callable[[Sequence[str]], NDArray[np.float32]]"
"""Texts to unit vectors, shape (n, features): offered by the model that will answer."""


class Retriever(Protocol):
    """An index over the train rows. `nearest` returns, for each query, indices into the corpus,
    most similar first; the same query always gets the same answer."""

    def nearest(self, queries: Sequence[str], k: int) -> tuple[tuple[int, ...], ...]: ...

    def save(self, directory: Path) -> None: ...


class RetrieverFactory(Protocol):
    needs_embedding: bool

    def build(
        self,
        options: Mapping[str, object],
        corpus: Sequence[str],
        *,
        seed: int,
        embed: Embed | None,
    ) -> Retriever: ...

    def load(
        self, options: Mapping[str, object], directory: Path, *, embed: Embed | None
    ) -> Retriever: ...
