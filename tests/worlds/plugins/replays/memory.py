"""Fits kept in memory: one evidence is fitted once, however many ways of probing come by it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping

from cosmosql.evidence.observation import Observation
from cosmosql.identity import Json
from cosmosql.predict.fits import Drawn, Fits

MOST = 400
"""Fits that are kept; the one used longest ago goes first."""


class Memory:
    """Evidence of what was fitted before."""

    def __init__(self) -> None:
        self._found: OrderedDict[str, Observation] = OrderedDict()

    def find(self, key: str, conditions: Mapping[str, str] | None = None) -> Observation | None:
        found = self._found.get(key)
        if found is not None:
            self._found.move_to_end(key)
        return found

    def find_all(self, key: str) -> tuple[Observation, ...]:
        found = self.find(key)
        return () if found is None else (found,)

    def all(self) -> Iterator[Observation]:
        return iter(tuple(self._found.values()))

    def keep(self, found: Observation) -> None:
        self._found[found.key] = found
        while len(self._found) > MOST:
            self._found.popitem(last=False)


MEMORY = Memory()


class RememberingFits(Fits):
    """Fits that hand what they computed to the memory."""

    def draws(self, asked: Mapping[str, Json], compute: Callable[[int], Drawn]) -> Drawn:
        found = super().draws(asked, compute)
        MEMORY.keep(self.used[-1])
        return found


def fits() -> Fits:
    return RememberingFits(MEMORY, replay=True)
