"""Metrics that are the weighted mean of item scores: accuracy, exact match and token F1."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalised(text: str) -> str:
    """The text as SQuAD compares it (Rajpurkar et al., arXiv 1606.05250, evaluation script).

    >>> normalised("The  Eiffel-Tower, Paris!")
    'eiffeltower paris'
    """
    bare = text.lower().translate(_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", bare).split())


def same(predicted: str, target: str) -> float:
    """1 where the answers are equal but for white space around them.

    >>> same("red ", "red"), same("Red", "red")
    (1.0, 0.0)
    """
    return float(predicted.strip() == target.strip())


def same_normalised(predicted: str, target: str) -> float:
    """1 where the answers are equal after normalisation.

    >>> same_normalised("The Paris.", "paris")
    1.0
    """
    return float(normalised(predicted) == normalised(target))


def word_overlap(predicted: str, target: str) -> float:
    """F1 of the bags of normalised words; two answers without words agree.

    >>> word_overlap("the red cat", "red dog"), word_overlap("", ""), word_overlap("", "dog")
    (0.5, 1.0, 0.0)
    """
    said, wanted = normalised(predicted).split(), normalised(target).split()
    if not said or not wanted:
        return float(said == wanted)
    shared = sum((Counter(said) & Counter(wanted)).values())
    return 2 * shared / (len(said) + len(wanted))


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemMean:
    """A metric that is the weighted mean of its item scores."""

    name: str
    score: Callable[[str, str], float]
    decomposes: bool = True

    def item(self, predicted: str, target: str) -> float:
        return self.score(predicted, target)

    def aggregate(
        self,
        scores: NDArray[np.float64],
        predicted: Sequence[int | None],
        target: Sequence[int | None],
        weights: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """The weighted means; raises ValueError where a draw has no weight at all."""
        total = weights.sum(axis=1)
        if not (total > 0).all():
            raise ValueError("a draw of weights is empty")
        mean: NDArray[np.float64] = (weights @ scores) / total
        return mean.clip(0.0, 1.0)


ACCURACY = ItemMean(name="accuracy", score=same)
EXACT_MATCH = ItemMean(name="exact_match", score=same_normalised)
TOKEN_F1 = ItemMean(name="token_f1", score=word_overlap)
