"""What probing took against what running every candidate in full would take, modelled alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from cosmosql.evidence.measured import Measured, distinct
from cosmosql.evidence.throughput import flops, profile_of, seconds
from cosmosql.interval import Unmeasured
from cosmosql.plan.candidate import Candidate
from cosmosql.plan.graph import PlanGraph
from cosmosql.plan.series import curve_of, unseeded
from cosmosql.predict.facts import Facts
from cosmosql.predict.forecast import Distribution, Forecast
from cosmosql.predict.hardware import tariff_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Tokens of some work by one model."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    training_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """Modelled totals. `flops` counts models whose size is known, `seconds` those that were
    profiled, `money` those of them that are priced in the first currency met. `uncounted` names
    the candidates of which something is missing."""

    flops: float
    seconds: float
    money: Decimal
    currency: str | None
    uncounted: tuple[str, ...]


def probing(graph: PlanGraph, measured: Iterable[Measured], facts: Facts) -> Spending:
    """Everything that was measured, once, by its tokens; profiles themselves (about a second each)
    are left out on both sides."""
    pairs = distinct(measured)
    work = []
    for one in pairs:
        if one.measurement.kind == "profile":
            continue
        usage = one.observation.usage
        tokens = Work(
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            training_tokens=usage.training_tokens,
        )
        work.append((one.measurement.candidate, tokens))
    return total(graph, pairs, facts, work, ())


def exhaustive(
    graph: PlanGraph, forecasts: Iterable[Forecast], measured: Iterable[Measured], facts: Facts
) -> Spending:
    """Every candidate adapted in full and judged on the test rows; candidates that are the same
    run (whatever strategy names them) are counted once, and so is an index that they share."""
    fulls = {name: full for series in graph.series for name, full in series.full.items()}
    seen: set[object] = set()
    work: list[tuple[Candidate, Work]] = []
    uncounted: list[str] = []
    for forecast in forecasts:
        candidate = forecast.candidate
        run = (curve_of(candidate), unseeded(fulls[candidate.name]))
        if candidate.model is None or run in seen:
            continue
        seen.add(run)
        prompt = mean_of(forecast, "prompt_tokens")
        completion = mean_of(forecast, "completion_tokens")
        once = forecast.adaptation
        if prompt is None or completion is None or once is None:
            uncounted.append(candidate.name)
            continue
        index = (candidate.retriever, candidate.model)
        embedded = 0.0 if index in seen else once.indexed_tokens
        if embedded:
            seen.add(index)
        work.append(
            (
                candidate,
                Work(
                    prompt_tokens=round(prompt * facts.n_test + embedded),
                    completion_tokens=round(completion * facts.n_test),
                    training_tokens=round(once.training_tokens),
                ),
            )
        )
    return total(graph, measured, facts, work, tuple(uncounted))


def mean_of(forecast: Forecast, measure: str) -> float | None:
    found = forecast.measures.get(measure)
    return float(np.mean(found.draws)) if isinstance(found, Distribution) else None


def total(
    graph: PlanGraph,
    measured: Iterable[Measured],
    facts: Facts,
    work: Iterable[tuple[Candidate, Work]],
    uncounted: tuple[str, ...],
) -> Spending:
    """The sum over all work, its money exact to the digit of the modelled seconds."""
    profiles = {
        one.measurement.candidate.model: profile_of(one.observation)
        for one in measured
        if one.measurement.kind == "profile"
    }
    operations, time, money = 0.0, 0.0, Decimal(0)
    currency: str | None = None
    missing = list(uncounted)
    for candidate, tokens in work:
        card = facts.cards.get(candidate.model or "")
        profile = profiles.get(candidate.model)
        tariff = tariff_of(graph.program.hardware.get(candidate.hardware or ""))
        operations += flops(tokens, card.parameters) if card else 0.0
        if candidate.model is None:
            continue
        spent = None if profile is None else seconds(tokens, profile)
        time += spent or 0.0
        if spent is None or isinstance(tariff, Unmeasured):
            missing.append(candidate.name)
            continue
        currency = currency or tariff.currency
        if tariff.currency == currency:
            money += Decimal(f"{spent:.9g}") * tariff.money_a_second
        else:
            missing.append(candidate.name)
    return Spending(
        flops=operations,
        seconds=time,
        money=money,
        currency=currency,
        uncounted=tuple(dict.fromkeys(missing)),
    )
