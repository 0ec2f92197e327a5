"""The rows of a world: a number, filler, and a label that follows from both world and number."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np

from cosmosql.identity import seed_of
from simulated_worlds.law import MOST_ROWS, Law

FILLER = ("old", "new", "red", "tall", "slow", "fast", "near", "far", "loud", "calm")

_NUMBER = re.compile(r"row (\d+) ")


def text_of(law: Law, number: int) -> str:
    """`row 17 tall near … end`: six to fifteen words."""
    rng = np.random.default_rng(seed_of("text", law.seed, number))
    words = rng.choice(FILLER, size=int(rng.integers(3, 13)))
    return f"row {number} {' '.join(words)} end"


def number_of(text: str) -> int:
    """The number of the row that a text begins with."""
    found = _NUMBER.match(text)
    if found is None or int(found[1]) >= MOST_ROWS:
        raise ValueError(f"not a row of a world: {text[:40]}")
    return int(found[1])


def label_of(law: Law, text: str) -> str:
    return labels(law.seed, law.labels)[number_of(text)]


@lru_cache(maxsize=64)
def labels(seed: int, names: tuple[str, ...]) -> tuple[str, ...]:
    """The labels of all rows by number; some labels are more frequent than others."""
    rng = np.random.default_rng(seed_of("frequencies", seed))
    shares = rng.dirichlet(np.full(len(names), 8.0))
    return tuple(str(name) for name in rng.choice(names, size=MOST_ROWS, p=shares))
