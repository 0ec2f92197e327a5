"""Runs of past tasks and what they taught: the shipped priors of fine-tuning and of demonstrations.

`stdlib/past/KIND.csv` holds the runs, `KIND.json` the hyper-parameters that were learnt from them.
`tests/bench/past_runs.py` writes both from the ledgers that backtests keep.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from cosmosql.contracts.predictor import CurvePoint
from cosmosql.predict.pairing import Array
from cosmosql.predict.surface import Place, Runs, Surface, Term, drawn, informed, nearness
from cosmosql.resources import resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A surface's hyper-parameters and the runs that it is conditioned on."""

    surface: Surface
    runs: Runs

    def foretell(
        self,
        known: Sequence[tuple[Place, CurvePoint]],
        wanted: Sequence[Place],
        *,
        draws: int,
        seed: int,
    ) -> Array:
        """Draws of the metric of one run at each wanted place of one task, shape (draws, wanted):
        from the past runs of other tasks, and from what is known of this one."""
        if not wanted:
            return np.empty((draws, 0))
        places = [*(place for place, _ in known), *wanted]
        belief = informed(self.surface, self.without(wanted[0].keys["task"]), places)
        data = [point.draws for _, point in known]
        return drawn(
            self.surface,
            belief,
            [place for place, _ in known],
            np.column_stack(data) if data else np.empty((draws, 0)),
            wanted,
            seed=seed,
        )

    def reach(self, places: Sequence[Place]) -> Array:
        """How near past runs of other tasks come to each place, shape (places,): see `nearness`."""
        if not places:
            return np.empty(0)
        return nearness(self.surface, self.without(places[0].keys["task"]).places, places)

    def without(self, task: str) -> Runs:
        """The runs of other tasks: the one at hand must not foretell itself."""
        kept = [index for index, one in enumerate(self.runs.places) if one.keys["task"] != task]
        return Runs(
            places=tuple(self.runs.places[index] for index in kept),
            values=self.runs.values[kept],
            rows=self.runs.rows[kept],
            repeats=self.runs.repeats[kept],
        )


@lru_cache(maxsize=4)
def past(kind: str, place: Callable[[Mapping[str, str]], Place]) -> Past:
    """What is shipped for a kind, each row of the table put where `place` says."""
    folder = resource("stdlib") / "past"
    text = (folder / f"{kind}.json").read_text(encoding="utf-8")
    return Past(
        surface=surface_of(json.loads(text)),
        runs=runs_of((folder / f"{kind}.csv").read_text(encoding="utf-8"), place),
    )


def surface_of(document: Mapping[str, object]) -> Surface:
    """Raises KeyError or TypeError where the document is not one of ours."""
    found = dict(document)
    terms = found.pop("terms")
    assert isinstance(terms, list)
    return Surface(terms=tuple(Term(**one) for one in terms), **found)  # type: ignore[arg-type]


def runs_of(text: str, place: Callable[[Mapping[str, str]], Place]) -> Runs:
    rows = list(csv.DictReader(text.splitlines()))
    return Runs(
        places=tuple(place(row) for row in rows),
        values=np.array([float(row["value"]) for row in rows]),
        rows=np.array([float(row["rows"]) for row in rows]),
        repeats=np.array([float(row["repeats"]) for row in rows]),
    )
