"""Where observations are looked up: the ledger, or the observations of an evidence file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from cosmosql.evidence.observation import Observation


class Evidence(Protocol):
    """Observations by key. `find` returns the latest; under `conditions` where they are given, for
    while measuring an observation counts as had only under the conditions at hand."""

    def find(self, key: str, conditions: Mapping[str, str] | None = None) -> Observation | None: ...

    def find_all(self, key: str) -> tuple[Observation, ...]:
        """Every observation of a key, the latest first."""
        ...

    def all(self) -> Iterator[Observation]:
        """Every observation, the oldest first."""
        ...


class Recorded:
    """Observations held in memory; nothing can be added."""

    def __init__(self, observations: Iterable[Observation] = ()) -> None:
        self._observations = tuple(observations)
        self._by_key: dict[str, list[Observation]] = {}
        for observation in self._observations:
            self._by_key.setdefault(observation.key, []).insert(0, observation)

    def find(self, key: str, conditions: Mapping[str, str] | None = None) -> Observation | None:
        return first_under(self.find_all(key), conditions)

    def find_all(self, key: str) -> tuple[Observation, ...]:
        return tuple(self._by_key.get(key, ()))

    def all(self) -> Iterator[Observation]:
        return iter(self._observations)


def first_under(
    observations: Iterable[Observation], conditions: Mapping[str, str] | None
) -> Observation | None:
    """The first observation under these conditions; under any where they are None."""
    return next(
        (
            found
            for found in observations
            if conditions is None or dict(found.conditions) == dict(conditions)
        ),
        None,
    )
