"""What probing took against what running every candidate in full would take, modelled alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeAlias

import numpy as np

from cosmosql.evidence.measured import Measured, distinct
from cosmosql.evidence.throughput import Work, flops, profile_of, seconds, work_of
from cosmosql.interval import Unmeasured
from cosmosql.plan.candidate import Candidate
from cosmosql.plan.graph import PlanGraph
from cosmosql.plan.series import curve_of, unseeded
from cosmosql.predict.cost import TOKENS
from cosmosql.predict.facts import Facts
from cosmosql.predict.forecast import Distribution, Forecast
from cosmosql.predict.hardware import tariff_of
from cosmosql.predict.tokens import beginning, shares_demonstrations

Index: TypeAlias = tuple[str | None, str | None]
"""Retriever and model, by reference."""


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
    """Everything that was measured, once, by the tokens that it computed; profiles themselves
    (about a second each) are left out on both sides. A beginning that prompts share was read once
    a measurement, and an index that several use is embedded once."""
    pairs = distinct(measured)
    work = []
    indexed: dict[Index, tuple[Candidate, int]] = {}
    for one in pairs:
        if one.measurement.kind == "profile":
            continue
        candidate, found = one.measurement.candidate, computed(graph, one)
        if one.measurement.kind == "evaluate" and (embedded := embedded_tokens(one)):
            found = replace(found, prompt_tokens=found.prompt_tokens - embedded)
            index = candidate.retriever, candidate.model
            most = max(embedded, indexed.get(index, (candidate, 0))[1])
            indexed[index] = candidate, most
        work.append((candidate, found))
    work += [(candidate, Work(prompt_tokens=tokens)) for candidate, tokens in indexed.values()]
    return total(graph, pairs, facts, work, ())


def computed(graph: PlanGraph, one: Measured) -> Work:
    """What a measurement computed. One that did not record what its prompts shared is taken to have
    read its set of demonstrations once, as every measurement does."""
    observation, fidelity = one.observation, one.measurement.fidelity
    found = work_of(observation.usage)
    if observation.usage.cached_tokens is None and one.measurement.kind == "evaluate":
        shared = shares_demonstrations(graph.program, one.measurement.candidate)
        later = len(observation.items) - 1
        cached = later * beginning(observation, fidelity, shared=shared)
        found = replace(found, prompt_tokens=found.prompt_tokens - cached)
    return found


def embedded_tokens(one: Measured) -> int:
    """Tokens that a measurement embedded for its model's own index: its prompts hold the others. A
    measurement on more rows embeds those of one on fewer, and the same pool."""
    usage = one.observation.usage
    return usage.prompt_tokens - sum(item.prompt_tokens for item in one.observation.items)


def exhaustive(
    graph: PlanGraph, forecasts: Iterable[Forecast], measured: Iterable[Measured], facts: Facts
) -> Spending:
    """Every candidate adapted in full and judged on the test rows; candidates that are the same
    run (whatever strategy names them) are counted once, and so are an index that they share and
    the beginning that a candidate's prompts share."""
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
        prompt, cached, completion = (mean_of(forecast, name) for name in TOKENS)
        once = forecast.adaptation
        if prompt is None or cached is None or completion is None or once is None:
            uncounted.append(candidate.name)
            continue
        index: Index = candidate.retriever, candidate.model
        embedded = once.indexed_tokens + once.query_tokens * facts.n_test
        if embedded and index in seen:
            embedded = 0.0
        elif embedded:
            seen.add(index)
        # The first of the test rows reads the common beginning, the others find it.
        read = prompt * facts.n_test - cached * max(facts.n_test - 1, 0)
        work.append(
            (
                candidate,
                Work(
                    prompt_tokens=round(read + embedded),
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
