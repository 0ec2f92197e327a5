"""What every retriever promises: `cosmosql.contracts.retriever`."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from cosmosql.contracts.retriever import RetrieverFactory
from cosmosql.schema import registry

CORPUS = (
    "my card was stolen",
    "the transfer is late",
    "card payment declined",
    "",
    "exchange rate for euro",
    "card payment declined",
    "!!!",
)
QUERIES = ("card payment", "euro rate", "", "zebra", "CARD stolen!")

pytest.importorskip("bm25s", reason="bm25s is not installed (extra `hf`)")
every_retriever = pytest.mark.parametrize("name", registry.names("retriever"))


def embed(texts: list[str]) -> NDArray[np.float32]:
    """Letter counts stand in for a model."""
    rows = [
        [1.0, *(text.lower().count(chr(97 + letter)) for letter in range(26))] for text in texts
    ]
    return np.array(rows, dtype=np.float32)


def load(name: str) -> RetrieverFactory:
    return cast(RetrieverFactory, registry.load(registry.extension("retriever", name)))


@every_retriever
@pytest.mark.parametrize("count", [1, 3, len(CORPUS), 100])
def test_neighbours_are_distinct_rows_of_the_corpus(name: str, count: int) -> None:
    found = load(name).build({}, CORPUS, seed=0, embed=embed).nearest(QUERIES, count)
    assert len(found) == len(QUERIES)
    for row in found:
        assert len(row) == len(set(row)) == min(count, len(CORPUS))
        assert set(row) <= set(range(len(CORPUS)))


@every_retriever
def test_fewer_neighbours_are_the_first_of_more(name: str) -> None:
    index = load(name).build({}, CORPUS, seed=0, embed=embed)
    whole = index.nearest(QUERIES, len(CORPUS))
    for count in range(len(CORPUS)):
        assert index.nearest(QUERIES, count) == tuple(row[:count] for row in whole)


@every_retriever
def test_a_query_gets_the_same_answer_in_any_company(name: str) -> None:
    index = load(name).build({}, CORPUS, seed=0, embed=embed)
    together = index.nearest(QUERIES, 4)
    assert tuple(index.nearest([query], 4)[0] for query in QUERIES) == together
    assert load(name).build({}, CORPUS, seed=0, embed=embed).nearest(QUERIES, 4) == together
    assert index.nearest([], 4) == ()


@every_retriever
def test_a_saved_index_answers_as_before(name: str, tmp_path: Path) -> None:
    index = load(name).build({}, CORPUS, seed=3, embed=embed)
    index.save(tmp_path / "index")
    again = load(name).load({}, tmp_path / "index", embed=embed)
    assert again.nearest(QUERIES, 5) == index.nearest(QUERIES, 5)


@every_retriever
def test_equal_rows_keep_the_order_of_the_corpus(name: str) -> None:
    if name == "random":
        pytest.skip("a random order looks at no row")
    (row,) = load(name).build({}, CORPUS, seed=0, embed=embed).nearest(["card payment declined"], 7)
    assert row[:2] == (2, 5)


def test_the_seed_decides_a_random_order_and_nothing_else_does() -> None:
    orders = {
        load("random").build({}, CORPUS, seed=seed, embed=None).nearest(["a"], 7)
        for seed in range(20)
    }
    assert len(orders) > 10


def test_a_dense_index_asks_for_an_embedding() -> None:
    assert load("dense").needs_embedding
    with pytest.raises(ValueError, match="embedding"):
        load("dense").build({}, CORPUS, seed=0, embed=None)
