"""Observations sorted by what they tell: device profiles, proxy curves, runs along each series."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from scipy.special import expit, logit

from cosmosql.contracts.backend import DeviceProfile
from cosmosql.contracts.metric import Metric
from cosmosql.contracts.predictor import CurvePoint
from cosmosql.contracts.strategy import Fidelity
from cosmosql.evidence.measured import Measured, untouched
from cosmosql.evidence.observation import Observation
from cosmosql.evidence.throughput import profile_of
from cosmosql.interval import Unmeasured
from cosmosql.plan.graph import PlanGraph
from cosmosql.plan.series import examples_seen
from cosmosql.predict.metric import metric_draws, value_of
from cosmosql.predict.pairing import Array

INSIDE = 0.01
"""Shares are kept this far from 0 and 1 before a logit is taken of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A series at one fidelity, answered on the common rows: `value` and paired `draws` of the
    metric, shape (draws,). `examples` that training saw, 0 where nothing was trained."""

    fidelity: Fidelity
    examples: int
    observation: Observation
    value: float
    draws: Array

    @property
    def rows(self) -> int:
        return len(self.observation.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that was measured: profiles and proxy observations by model reference; by the series'
    id its runs, cheapest fidelity first, and why a fidelity could have no outcome."""

    profiles: Mapping[str, DeviceProfile]
    proxies: Mapping[str, Observation]
    runs: Mapping[str, tuple[Run, ...]]
    failures: Mapping[str, Mapping[Fidelity, Unmeasured]]


def gather(
    graph: PlanGraph, measured: Iterable[Measured], metric: Metric, *, draws: int, seed: int
) -> Evidence:
    """The evidence of a query. Raises ValueError for an observation on test rows: those are for
    `apply` and `backtest` alone."""
    found = untouched(measured)
    profiles: dict[str, DeviceProfile] = {}
    proxies: dict[str, Observation] = {}
    answered: dict[str, Measured] = {}
    failures: dict[str, tuple[Fidelity, Unmeasured]] = {}
    for one in found:
        request, observation = one.measurement, one.observation
        if request.role == "test":
            raise ValueError(f"{request.candidate.name} was to be measured on test rows")
        model = request.candidate.model
        if (failure := one.failure) is not None:
            failures[one.node] = request.fidelity, failure
        elif model is not None and (profile := profile_of(observation)) is not None:
            profiles[model] = profile
        elif request.kind == "proxy" and model is not None:
            proxies[model] = observation
        elif request.kind == "evaluate" and observation.items:
            answered[one.node] = one

    def run(blocks: Sequence[Measured]) -> Run:
        observation, request = joined(blocks), blocks[0].measurement
        return Run(
            fidelity=request.fidelity,
            examples=examples_seen(request.candidate, request.fidelity),
            observation=observation,
            value=value_of(metric, observation.items),
            draws=metric_draws(metric, observation.items, draws=draws, seed=seed),
        )

    nodes = {series.id: graph.probes_of(series) for series in graph.series}
    return Evidence(
        profiles=profiles,
        proxies=proxies,
        runs={
            id: tuple(sorted(map(run, in_blocks(answered, needed)), key=order))
            for id, needed in nodes.items()
        },
        failures={
            id: dict(failures[node] for node in needed if node in failures)
            for id, needed in nodes.items()
        },
    )


def in_blocks(answered: Mapping[str, Measured], nodes: Sequence[str]) -> list[tuple[Measured, ...]]:
    """What was answered at each fidelity, the blocks of rows in their order. Rows that do not
    begin with the first are left out: nothing else was measured on them."""
    found: dict[Fidelity, list[Measured]] = {}
    for node in nodes:
        if node in answered:
            found.setdefault(answered[node].measurement.fidelity, []).append(answered[node])
    blocks = [tuple(sorted(one, key=lambda part: part.measurement.start)) for one in found.values()]
    return [one for one in blocks if one[0].measurement.start == 0]


def joined(blocks: Sequence[Measured]) -> Observation:
    """The blocks of one run as one observation on all their rows."""
    first = blocks[0].observation
    if len(blocks) == 1:
        return first
    usages = [one.observation.usage for one in blocks]
    cached = [usage.cached_tokens for usage in usages if usage.cached_tokens is not None]
    return replace(
        first,
        items=tuple(item for one in blocks for item in one.observation.items),
        usage=replace(
            usages[0],
            prompt_tokens=sum(usage.prompt_tokens for usage in usages),
            cached_tokens=sum(cached) if len(cached) == len(usages) else None,
            completion_tokens=sum(usage.completion_tokens for usage in usages),
            requests=sum(usage.requests for usage in usages),
        ),
    )


def order(run: Run) -> tuple[float, int, int]:
    return size_of(run.fidelity), run.fidelity.steps or 0, run.fidelity.seed


def size_of(fidelity: Fidelity) -> float:
    """Where on its series' curve a fidelity stands: train rows, or shots."""
    return float(fidelity.train_rows if fidelity.train_rows is not None else fidelity.shots or 0)


def curve_point(run: Run, size: float) -> CurvePoint:
    return CurvePoint(
        size=size,
        value=run.value,
        draws=run.draws,
        n=run.rows,
        seed=run.fidelity.seed,
        examples=float(run.examples),
    )


def proxy_points(
    observation: Observation, metric: Metric, *, draws: int, seed: int
) -> tuple[CurvePoint, ...]:
    """The proxy curve as points. Its accuracy at n counts the common rows and n left-out train
    rows: the deviation of a draw on the common rows enters with their share, the train rows add
    binomial noise of their own. For a metric that is no mean of row scores the curve is moved, on
    the logit scale, by what the two differ by on the common rows."""
    sizes, values = (
        [float(one) for one in cast(Sequence[float], observation.values[name])]
        for name in ("sizes", "accuracy")
    )
    items = observation.items
    if items and not metric.decomposes:
        accuracy = float(np.mean([item.score for item in items]))
        values = moved(values, accuracy, value_of(metric, items))
    deviation = np.zeros(draws)
    if items:
        common = metric_draws(metric, items, draws=draws, seed=seed)
        deviation = common - common.mean()
    noise = np.random.default_rng(seed).standard_normal(draws)
    points = []
    for size, value in zip(sizes, values, strict=True):
        share = len(items) / (len(items) + size)
        spread = np.sqrt(value * (1 - value) * (1 - share) / (len(items) + size))
        points.append(
            CurvePoint(
                size=size,
                value=value,
                draws=np.clip(value + share * deviation + spread * noise, 0.0, 1.0),
                n=len(items) + int(size),
            )
        )
    return tuple(points)


def moved(values: Sequence[float], start: float, end: float) -> list[float]:
    """The values, moved on the logit scale as far as from `start` to `end`.

    >>> [round(value, 3) for value in moved([0.5, 0.8], 0.8, 0.5)]
    [0.2, 0.5]
    """
    low, high = logit(np.clip([start, end], INSIDE, 1 - INSIDE))
    return [float(expit(logit(np.clip(one, INSIDE, 1 - INSIDE)) + high - low)) for one in values]
