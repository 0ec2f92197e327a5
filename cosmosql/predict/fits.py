"""Fits are evidence: the draws of a predictor are kept, so that a plan made again from them has the
same digits on any machine, whatever its linear algebra rounds to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from typing import TypeAlias, cast

import numpy as np

from cosmosql.evidence.keys import key_of
from cosmosql.evidence.observation import Observation
from cosmosql.evidence.store import Evidence
from cosmosql.identity import Json, seed_of
from cosmosql.interval import Unmeasured
from cosmosql.predict.pairing import Array

FIT = "fit/7"

STEPS = 10_000
"""Draws are kept in steps of a hundredth of a point, far below any evaluation's noise."""

Drawn: TypeAlias = tuple[Array | Unmeasured, ...]


class Fits:
    """Answers each fit from `known` evidence, or computes it and adds it to `made`.

    While replaying, a fit counts whatever library versions made it; otherwise these belong to it.
    """

    def __init__(self, known: Evidence, *, replay: bool) -> None:
        self._known = known
        self._conditions = {name: version(name) for name in ("numpy", "scipy")}
        self._replay = replay
        self._made: dict[str, Observation] = {}
        self.used: list[Observation] = []

    def draws(self, asked: Mapping[str, Json], compute: Callable[[int], Drawn]) -> Drawn:
        """The draws of the fit that is asked for; `compute` is given its seed, which depends on
        the question alone."""
        question: Mapping[str, Json] = {"step": FIT, **asked}
        key = key_of(question)
        found = self._known.find(key, None if self._replay else self._conditions)
        found = found or self._made.get(key)
        if found is None:
            found = self._made[key] = Observation(
                kind="fit",
                key=key,
                asked=question,
                conditions=self._conditions,
                role=None,
                values={"draws": [_packed(one) for one in compute(seed_of("fit", key))]},
            )
        self.used.append(found)
        return tuple(_unpacked(one) for one in cast(Sequence[Json], found.values["draws"]))


def _packed(drawn: Array | Unmeasured) -> Json:
    if isinstance(drawn, Unmeasured):
        return drawn.reason
    return [int(step) for step in np.rint(drawn * STEPS)]


def _unpacked(packed: Json) -> Array | Unmeasured:
    if isinstance(packed, str):
        return Unmeasured(packed)
    return np.asarray(packed, np.float64) / STEPS
