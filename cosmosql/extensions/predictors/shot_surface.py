"""In-context accuracy of every model and number of demonstrations at once, from a few short probes.

Within reach of past runs a Gaussian process over them answers (`predict.surface`): what one model
shows moves the forecast of another, and retrieved demonstrations tell of random ones. Out of their
reach the curve families answer from the series' own points (`predict.curves`). Draws come from
the one or the other, the process's odds falling with the distance (a linear opinion pool).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cosmosql.contracts.predictor import Series, Target
from cosmosql.identity import seed_of
from cosmosql.interval import Unmeasured
from cosmosql.predict.demonstrating import ShownRun, past_runs
from cosmosql.predict.series import (
    chance_of,
    forecast_curve,
    off_the_curve,
    zero_shot_of,
)
from cosmosql.predict.surface import Place

Array = NDArray[np.float64]

SHARE = 0.5
"""Odds of the process amid past runs, where the series has points of its own: tasks whose curves
rise otherwise than all past ones did are common."""


class ShotSurface:
    """The implementation behind predictor `icl`, for kinds icl-random and icl-retrieved."""

    def forecast(
        self,
        group: Sequence[Series],
        targets: Sequence[Sequence[Target]],
        *,
        draws: int,
        seed: int,
    ) -> tuple[tuple[Array | Unmeasured, ...], ...]:
        asked = [
            (index, size)
            for index, wanted in enumerate(targets)
            for size in dict.fromkeys(target.size for target in wanted)
            if refusal(group, group[index], size) is None
        ]
        curves = dict(zip(asked, pooled(group, asked, draws=draws, seed=seed), strict=True))
        return tuple(
            tuple(
                refusal(group, one, target.size) or curves[index, target.size] for target in wanted
            )
            for index, (one, wanted) in enumerate(zip(group, targets, strict=True))
        )


def refusal(group: Sequence[Series], series: Series, size: float) -> Unmeasured | None:
    """Why nothing can be said of a series at a size, if so."""
    if reason := off_the_curve(series, size):
        return reason
    if has_points(series) or (placed(series) and any(map(has_points, group))):
        return None
    return Unmeasured("no point of the curve was measured")


def has_points(series: Series) -> bool:
    return any(point.size >= 1 for point in series.points)


def placed(series: Series) -> bool:
    """Whether the surface knows where the series stands."""
    return bool(series.label_counts and series.parameters)


def pooled(
    group: Sequence[Series], asked: Sequence[tuple[int, float]], *, draws: int, seed: int
) -> list[Array]:
    """Draws for each (series, size), shape (draws,) each."""
    on_surface = [(index, size) for index, size in asked if placed(group[index])]
    known = [
        (place(one, point.size), point)
        for one in group
        if placed(one)
        for point in one.points
        if point.size >= 1
    ]
    past = past_runs()
    places = [place(group[index], size) for index, size in on_surface]
    foretold = past.foretell(known, places, draws=draws, seed=seed)
    reach = dict(zip(on_surface, past.reach(places), strict=True))
    surface = dict(zip(on_surface, foretold.T, strict=True))
    families = by_families(group, asked, draws=draws, seed=seed)
    odds = np.random.default_rng(seed_of("pool", seed)).random(draws)
    return [
        np.where(odds < SHARE * reach[one], surface[one], families[one])
        if one in surface and one in families
        else (surface if one in surface else families)[one]
        for one in asked
    ]


def by_families(
    group: Sequence[Series], asked: Sequence[tuple[int, float]], *, draws: int, seed: int
) -> dict[tuple[int, float], Array]:
    """Draws from each series' own points, where it has some."""
    found = {}
    for index, series in enumerate(group):
        sizes = [size for place, size in asked if place == index]
        if sizes and has_points(series):
            curves = forecast_curve(series, sizes, draws=draws, seed=seed)
            found.update({(index, size): one for size, one in zip(sizes, curves, strict=True)})
    return found


def place(series: Series, size: float) -> Place:
    return ShownRun(
        task=series.task,
        model=series.model,
        parameters=float(series.parameters or 0),
        chance=chance_of(series),
        shots=size,
        retrieved=series.kind == "icl-retrieved",
        zero_shot=zero_shot_of(series),
    ).place()
