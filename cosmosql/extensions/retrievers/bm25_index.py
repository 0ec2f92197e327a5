"""BM25 over lower-cased words, computed by bm25s."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cosmosql.contracts.retriever import Embed
from cosmosql.schema.registry import missing_package

_WORD = re.compile(r"\w+")


def words(text: str) -> list[str]:
    """The text's words in lower case, in order.

    >>> words("Don't pay, PAY!")
    ['don', 't', 'pay', 'pay']
    """
    return _WORD.findall(text.lower())


def library() -> Any:
    """bm25s, imported no sooner than an index is made: planning needs none. Raises InputError E0502
    where it is not installed."""
    try:
        import bm25s
    except ImportError as error:
        raise missing_package("bm25s", extra="hf") from error
    return bm25s


class Bm25Index:
    """Rows by falling score; equal scores by the rows' order in the corpus."""

    def __init__(self, index: Any, size: int) -> None:
        self._index = index
        self._size = size

    def nearest(self, queries: Sequence[str], k: int) -> tuple[tuple[int, ...], ...]:
        return tuple(self._ranked(query, k) for query in queries)

    def _ranked(self, query: str, k: int) -> tuple[int, ...]:
        order = np.argsort(-self._scores(query), kind="stable")[:k]
        return tuple(order.tolist())

    def _scores(self, query: str) -> NDArray[np.float32]:
        known = self._index.get_tokens_ids(words(query))
        if not known:
            return np.zeros(self._size, dtype=np.float32)
        scores: NDArray[np.float32] = self._index.get_scores_from_ids(known)
        return scores

    def save(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._index.save(str(directory), show_progress=False)


class Bm25Factory:
    needs_embedding = False

    def build(
        self,
        options: Mapping[str, object],
        corpus: Sequence[str],
        *,
        seed: int,
        embed: Embed | None,
    ) -> Bm25Index:
        index = library().BM25(
            k1=float(str(options.get("k1", 1.5))),
            b=float(str(options.get("b", 0.75))),
            method="lucene",
        )
        index.index([words(text) for text in corpus], show_progress=False)
        return Bm25Index(index, len(corpus))

    def load(
        self, options: Mapping[str, object], directory: Path, *, embed: Embed | None
    ) -> Bm25Index:
        index = library().BM25.load(str(directory), show_progress=False, allow_pickle=False)
        return Bm25Index(index, int(index.scores["num_docs"]))


FACTORY = Bm25Factory()
