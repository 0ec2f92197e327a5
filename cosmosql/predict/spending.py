"""What probing took against what running every candidate in full would take, modelled alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias, cast

import numpy as np

from cosmosql.evidence.measured import Measured, distinct
from cosmosql.evidence.throughput import (
    Work,
    answering,
    embedding,
    flops,
    profile_of,
    seconds,
    training,
)
from cosmosql.interval import Unmeasured
from cosmosql.plan.candidate import Candidate
from cosmosql.plan.graph import PlanGraph
from cosmosql.plan.series import (
    curve_of,
    examples_seen,
    shares_demonstrations,
    unseeded,
)
from cosmosql.predict.cost import TOKENS, index_work, training_work
from cosmosql.predict.facts import Facts
from cosmosql.predict.forecast import Distribution, Forecast
from cosmosql.predict.hardware import tariff_of
from cosmosql.predict.quantities import currency_of
from cosmosql.predict.tokens import beginning

Index: TypeAlias = tuple[str | None, str | None]
"""Retriever and model, by reference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """Modelled totals. `flops` counts models whose size is known, `seconds` those that were
    profiled, `money` those of them that are priced in the first currency met (the query's own where
    nothing runs). `uncounted` names the candidates of which something is missing."""

    flops: float
    seconds: float
    money: Decimal
    currency: str | None
    uncounted: tuple[str, ...]


def probing(graph: PlanGraph, measured: Iterable[Measured], facts: Facts) -> Spending:
    """Everything that was measured, once, by what it computed; profiles themselves (about a second
    each) are left out on both sides. A beginning that prompts share was read once a measurement,
    and an index that several use is embedded once."""
    pairs = distinct(measured)
    work = []
    indexed: dict[Index, tuple[Candidate, Work]] = {}
    for one in pairs:
        candidate = one.measurement.candidate
        if one.measurement.kind == "proxy":
            work.append((candidate, embedded_work(one)))
        elif one.measurement.kind == "evaluate":
            work.append((candidate, evaluated_work(graph, one)))
            index, found = (candidate.retriever, candidate.model), embedded_work(one)
            # A measurement on more rows embeds those of one on fewer, and the same pool.
            if found.prompt_tokens and (
                index not in indexed or found.prompt_tokens > indexed[index][1].prompt_tokens
            ):
                indexed[index] = candidate, found
    return total(graph, pairs, facts, [*work, *indexed.values()], ())


def evaluated_work(graph: PlanGraph, one: Measured) -> Work:
    """What training and answering computed. A measurement that did not record what its prompts
    shared is taken to have read its set of demonstrations once, as every measurement does."""
    observation, fidelity = one.observation, one.measurement.fidelity
    candidate, items = one.measurement.candidate, observation.items
    shared = shares_demonstrations(graph.program, candidate)
    cached = beginning(observation, fidelity, shared=shared)
    found = Work()
    for place, item in enumerate(items):
        taken = cached if place else 0.0
        found += answering(item.prompt_tokens, taken, item.completion_tokens)
    tokens = observation.usage.training_tokens
    if not tokens:
        return found
    return found + training(
        tokens,
        length=tokens / examples_seen(candidate, fidelity),
        batch=cast(int, candidate.config.get("batch_size", 1)),
    )


def embedded_work(one: Measured) -> Work:
    """What a measurement embedded, train rows and the answered ones: for the proxy, or for its
    model's own index, whose tokens no prompt holds."""
    items, prompt = one.observation.items, one.observation.usage.prompt_tokens
    prompts = sum(item.prompt_tokens for item in items)
    tokens = prompt - prompts
    if tokens <= 0:
        return Work()
    train = one.observation.asked.get("train")
    learnt = int(cast(int, train["count"])) if isinstance(train, dict) else 0
    return embedding(tokens, len(items) + learnt)


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
        if not graph.program.runs(candidate.model) or run in seen:
            continue
        seen.add(run)
        prompt, cached, completion = (mean_of(forecast, name) for name in TOKENS)
        once = forecast.adaptation
        if prompt is None or cached is None or completion is None or once is None:
            uncounted.append(candidate.name)
            continue
        # The first of the test rows reads the common beginning, the others find it.
        found = answering(prompt, 0.0, completion).times(min(facts.n_test, 1))
        found += answering(prompt, cached, completion).times(max(facts.n_test - 1, 0))
        index: Index = candidate.retriever, candidate.model
        if once.indexed_tokens and index not in seen:
            seen.add(index)
            found += index_work(once)
            found += embedding(once.query_tokens, 1.0).times(facts.n_test)
        work.append((candidate, found + training_work(once)))
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
    for candidate, taken in work:
        card = facts.cards.get(candidate.model or "")
        profile = profiles.get(candidate.model)
        tariff = tariff_of(graph.program.hardware.get(candidate.hardware or ""))
        operations += float(flops(taken, card)) if card else 0.0
        if not graph.program.runs(candidate.model):
            continue
        spent = None if profile is None else float(seconds(taken, profile))
        time += spent or 0.0
        if spent is None or isinstance(tariff, Unmeasured):
            missing.append(candidate.name)
            continue
        currency = currency or tariff.currency
        if tariff.currency == currency:
            money += Decimal(f"{spent:.9g}") * tariff.money_a_second
        else:
            missing.append(candidate.name)
    if not any(graph.program.runs(one.model) for one in graph.candidates):
        currency = currency_of(graph)  # nothing runs, so nothing is paid
    return Spending(
        flops=operations,
        seconds=time,
        money=money,
        currency=currency,
        uncounted=tuple(dict.fromkeys(missing)),
    )
