"""BM25 against a short reference of Lucene's formula."""

from __future__ import annotations

import math
import re

import pytest

pytest.importorskip("bm25s", reason="bm25s is not installed (extra `hf`)")

from cosmosql.extensions.retrievers.bm25_index import FACTORY

CORPUS = (
    "my card was stolen and my card is gone",
    "the transfer is late",
    "card payment declined",
    "exchange rate for the euro",
)


def reference(query: str, k1: float, b: float) -> list[float]:
    documents = [re.findall(r"\w+", text.lower()) for text in CORPUS]
    mean = sum(map(len, documents)) / len(documents)
    scores = []
    for document in documents:
        score = 0.0
        for word in re.findall(r"\w+", query.lower()):
            holding = sum(word in other for other in documents)
            rarity = math.log(1 + (len(documents) - holding + 0.5) / (holding + 0.5))
            count = document.count(word)
            score += rarity * count / (count + k1 * (1 - b + b * len(document) / mean))
        scores.append(score)
    return scores


@pytest.mark.parametrize("query", ["my card", "the euro transfer", "late late CARD", "zebra"])
@pytest.mark.parametrize(("k1", "b"), [(1.5, 0.75), (0.5, 0.2)])
def test_the_order_is_that_of_the_formula(query: str, k1: float, b: float) -> None:
    scores = reference(query, k1, b)
    expected = sorted(range(len(CORPUS)), key=lambda index: (-scores[index], index))
    index = FACTORY.build({"k1": k1, "b": b}, CORPUS, seed=0, embed=None)
    assert index.nearest([query], len(CORPUS)) == (tuple(expected),)
