"""Fine-tuned accuracy of every configuration and model at once, from few short runs.

The light heads on frozen embeddings give the level at so many rows; they are blind to rank,
learning rate and epochs. What these change was learnt from past tasks, and short real runs of any
configuration move the forecasts of all: a Gaussian process over the runs (`predict.surface`). A
model without heads (open answers) is forecast from its own runs by the curve families.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cosmosql.contracts.predictor import CurvePoint, Series, Target
from cosmosql.extensions.predictors.proxy_level import level_at
from cosmosql.interval import Unmeasured
from cosmosql.predict.series import along_curve, chance_of, zero_shot_of
from cosmosql.predict.surface import Place
from cosmosql.predict.tuning import TuningRun, past_runs

Array = NDArray[np.float64]


class TuningSurface:
    """The implementation behind predictor `finetune`."""

    def forecast(
        self,
        group: Sequence[Series],
        targets: Sequence[Sequence[Target]],
        *,
        draws: int,
        seed: int,
    ) -> tuple[tuple[Array | Unmeasured, ...], ...]:
        known = [
            (place(one, point), point) for one in group if placed(one) for point in runs_of(one)
        ]
        wanted = {
            (index, target): place(one, target)
            for index, (one, asked) in enumerate(zip(group, targets, strict=True))
            if placed(one)
            for target in asked
        }
        foretold = past_runs().foretell(known, list(wanted.values()), draws=draws, seed=seed)
        curves = dict(zip(wanted, foretold.T, strict=True))
        return tuple(
            tuple(curves[index, target] for target in asked)
            if placed(one)
            else along_curve(one, [target.size for target in asked], draws=draws, seed=seed)
            for index, (one, asked) in enumerate(zip(group, targets, strict=True))
        )


def placed(series: Series) -> bool:
    """Whether the surface knows where the series stands: heads, and all that describes a run."""
    described = {"learning_rate", "rank"} <= series.config.keys()
    return bool(series.proxy and series.label_counts and series.parameters) and described


def runs_of(series: Series) -> tuple[CurvePoint, ...]:
    return (*series.points, *series.short)


def place(series: Series, run: CurvePoint | Target) -> Place:
    return TuningRun(
        task=series.task,
        model=series.model,
        parameters=float(series.parameters or 0),
        chance=chance_of(series),
        train_rows=run.size,
        examples=run.examples,
        learning_rate=series.config["learning_rate"],
        rank=series.config["rank"],
        proxy=level_at(
            [point.size for point in series.proxy],
            [point.value for point in series.proxy],
            run.size,
        ),
        zero_shot=zero_shot_of(series),
    ).place()
