"""A random order of the corpus that does not look at the query: the control for retrieval."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from cosmosql.contracts.retriever import Embed

FILE = "order.json"


class RandomOrder:
    """The first k rows of one order, whatever the query."""

    def __init__(self, order: tuple[int, ...]) -> None:
        self._order = order

    def nearest(self, queries: Sequence[str], k: int) -> tuple[tuple[int, ...], ...]:
        return (self._order[:k],) * len(queries)

    def save(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / FILE).write_text(json.dumps(self._order), encoding="utf-8")


class RandomOrderFactory:
    needs_embedding = False

    def build(
        self,
        options: Mapping[str, object],
        corpus: Sequence[str],
        *,
        seed: int,
        embed: Embed | None,
    ) -> RandomOrder:
        order = np.random.default_rng(seed).permutation(len(corpus))
        return RandomOrder(tuple(order.tolist()))

    def load(
        self, options: Mapping[str, object], directory: Path, *, embed: Embed | None
    ) -> RandomOrder:
        return RandomOrder(tuple(json.loads((directory / FILE).read_text(encoding="utf-8"))))


FACTORY = RandomOrderFactory()
