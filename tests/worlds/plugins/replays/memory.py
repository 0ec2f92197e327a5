"""What is computed of one evidence is computed once, however many ways of probing come by it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from cosmosql.contracts.metric import Metric
from cosmosql.evidence.observation import Item, Observation
from cosmosql.identity import Json
from cosmosql.interval import Unmeasured
from cosmosql.plan.candidate import Candidate
from cosmosql.plan.series import Series as Candidates
from cosmosql.predict import forecasting, gather, predicting
from cosmosql.predict.fits import Drawn, Fits
from cosmosql.predict.forecast import Adaptation, Distribution
from cosmosql.predict.gather import Run
from cosmosql.predict.scene import Scene

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


@contextmanager
def remembering() -> Iterator[None]:
    """Within it, what the forecasts of one problem have in common is computed once, whichever way
    of probing comes by it: the digest of an observation, the metric's draws on its rows, and a
    candidate's costs from the same runs. All of these depend on their arguments alone."""
    kept = [(place, name, getattr(place, name)) for place, name, _ in SHARED]
    try:
        for place, name, key in SHARED:
            setattr(place, name, once(getattr(place, name), key))
        yield
    finally:
        for place, name, own in kept:
            setattr(place, name, own)


def once(compute: Callable[..., Any], key: Callable[..., Hashable]) -> Callable[..., Any]:
    """The function, asked once for each key. The arguments are kept beside the answer: keys name
    some of them by their place in memory."""
    found: dict[Hashable, tuple[object, Any]] = {}

    def asked(*arguments: Any, **named: Any) -> Any:
        place = key(*arguments, **named)
        if place not in found:
            found[place] = (arguments, named), compute(*arguments, **named)
        return found[place][1]

    return asked


def key_of_draws(metric: Metric, items: Sequence[Item], *, draws: int, seed: int) -> Hashable:
    return id(metric), id(items), draws, seed


def key_of_costs(
    scene: Scene,
    candidates: Candidates,
    candidate: Candidate,
    runs: tuple[Run, ...],
    adaptation: Adaptation | Unmeasured,
    metric: Distribution | Unmeasured,
) -> Hashable:
    """A candidate's quantities: of its metric only whether there is one, and why not."""
    return (
        id(scene.graph),
        id(scene.facts),
        scene.draws,
        scene.seed,
        candidate.name,
        scene.evidence.profiles.get(candidate.model or ""),
        tuple(id(run.observation) for run in runs),
        metric.reason if isinstance(metric, Unmeasured) else None,
    )


SHARED: tuple[tuple[Any, str, Callable[..., Hashable]], ...] = (
    (predicting, "content_digest", id),
    (gather, "metric_draws", key_of_draws),
    (forecasting, "quantities_of", key_of_costs),
)
