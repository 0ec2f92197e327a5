"""What each part of a forecast is worth: the kept evidence, forecast again from less of it.

Nothing is measured. `proxy`: light heads on frozen embeddings are left out. `probes`: runs of
adapters are. `pooling`: every series is asked for alone, knowing its own model's proxy and its own
runs but none of its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from scipy.stats import kendalltau

from cosmosql.backtest.document import method_of
from cosmosql.compiler import compile_spec
from cosmosql.evidence.measured import Measured
from cosmosql.evidence.store import Recorded
from cosmosql.interval import Unmeasured
from cosmosql.pipeline import DEFAULT_SEED, Line, replayed
from cosmosql.plan.series import strategy_of
from cosmosql.predict.fits import Fits
from cosmosql.predict.forecast import Forecast
from cosmosql.predict.forecasting import forecast
from tests.bench.backtest_tables import markdown, spanned
from tests.bench.backtests import Bench, documents

ABLATIONS = ("proxy", "probes", "pooling")

WHOLE = "everything"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A forecast with its 90 % interval and the truth, all in 0 to 1."""

    name: str
    method: str
    predicted: float
    low: float
    high: float
    truth: float

    @property
    def error(self) -> float:
        """In points."""
        return 100 * abs(self.predicted - self.truth)


def ablations(bench: Bench, names: Sequence[str]) -> str:
    """Means over tasks with their intervals, a row a variant. The last column is how much more each
    errs than everything does, over the candidates that both forecast, paired by task."""
    found: dict[str, list[tuple[Judged, ...]]] = {name: [] for name in (WHOLE, *names)}
    for task, document in documents(bench).items():
        line, _ = replayed(compile_spec(bench.spec_of(task)), DEFAULT_SEED)
        truth = truths(document)
        for name, variant in found.items():
            forecasts = line.forecasts if name == WHOLE else without(line, name)
            variant.append(judge(line, forecasts, truth))
    rows = [
        [
            name if name == WHOLE else f"without {name}",
            str(sum(map(len, variant))),
            *(
                spanned([score(judged) for judged in variant], form)
                for score, form in COLUMNS.values()
            ),
            ""
            if name == WHOLE
            else spanned(
                [more(one, whole) for one, whole in zip(variant, found[WHOLE], strict=True)], "+.1f"
            ),
        ]
        for name, variant in found.items()
    ]
    return markdown(["", "forecast", *COLUMNS, "errs more by"], rows)


def truths(document: Mapping[str, Any]) -> dict[str, float]:
    """The measured metric of every candidate that was predicted."""
    return {
        one["name"]: one["measured"]
        for one in document["candidates"]
        if one["basis"] == "predicted" and one["measured"] is not None
    }


def without(line: Line, name: str) -> tuple[Forecast, ...]:
    """The forecasts of a line that knows less; fits are made anew, none is remembered."""
    match name:
        case "proxy":
            return again(line, [one for one in line.measured if one.measurement.kind != "proxy"])
        case "probes":
            return again(line, [one for one in line.measured if not adapts(one)])
        case "pooling":
            return alone(line)
        case _:
            raise ValueError(f"no ablation is called {name}")


def again(line: Line, measured: Sequence[Measured]) -> tuple[Forecast, ...]:
    return forecast(
        line.compiled.graph, measured, line.facts, Fits(Recorded(), replay=False), seed=DEFAULT_SEED
    )


def adapts(one: Measured) -> bool:
    """Whether a measurement trained a model."""
    candidate = one.measurement.candidate
    return (
        one.measurement.kind == "evaluate"
        and candidate.model is not None
        and strategy_of(candidate.kind).trains
    )


def alone(line: Line) -> tuple[Forecast, ...]:
    graph = line.compiled.graph
    found = [
        one
        for series in graph.series
        for one in forecast(
            replace(graph, series=(series,), candidates=series.candidates),
            line.measured,
            line.facts,
            Fits(Recorded(), replay=False),
            seed=DEFAULT_SEED,
        )
    ]
    by_name = {one.candidate.name: one for one in found}
    return tuple(by_name[candidate.name] for candidate in graph.candidates)


def judge(
    line: Line, forecasts: Sequence[Forecast], truth: Mapping[str, float]
) -> tuple[Judged, ...]:
    """The forecasts of candidates whose truth is known, so of the same ones in every variant."""
    found = []
    for one in forecasts:
        if one.candidate.name not in truth or isinstance(one.metric, Unmeasured):
            continue
        estimate = one.metric.estimate()
        found.append(
            Judged(
                name=one.candidate.name,
                method=method_of(line.compiled.program, one.candidate),
                predicted=estimate.value,
                low=estimate.low,
                high=estimate.high,
                truth=truth[one.candidate.name],
            )
        )
    return tuple(found)


def error(judged: Sequence[Judged], method: str | None = None) -> float | None:
    """Mean absolute error in points, of one method or of all."""
    return mean([one.error for one in judged if method in (None, one.method)])


def rank_correlation(judged: Sequence[Judged], method: str) -> float | None:
    """Kendall's tau-b within a method; None below two candidates, or where all are tied."""
    own = [one for one in judged if one.method == method]
    if len(own) < 2:
        return None
    tau = kendalltau([one.predicted for one in own], [one.truth for one in own]).statistic
    return float(tau) if np.isfinite(tau) else None


def coverage(judged: Sequence[Judged], method: str) -> float | None:
    own = [one for one in judged if one.method == method]
    return mean([float(one.low <= one.truth <= one.high) for one in own])


def mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def more(judged: Sequence[Judged], whole: Sequence[Judged]) -> float | None:
    """By how many points the error is larger than with everything."""
    errors = {one.name: one.error for one in whole}
    return mean([one.error - errors[one.name] for one in judged if one.name in errors])


COLUMNS: Mapping[str, tuple[Callable[[Sequence[Judged]], float | None], str]] = {
    "error": (error, ".1f"),
    "error, random": (partial(error, method="icl-random"), ".1f"),
    "error, retrieved": (partial(error, method="icl-retrieved"), ".1f"),
    "error, LoRA": (partial(error, method="lora"), ".1f"),
    "τ, LoRA": (partial(rank_correlation, method="lora"), ".2f"),
    "90 % cover, LoRA": (partial(coverage, method="lora"), ".0%"),
}
