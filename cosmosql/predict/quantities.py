"""Everything of a candidate beside its metric: tokens, money, seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import cast

import numpy as np

from cosmosql.contracts.retriever import RetrieverFactory
from cosmosql.contracts.strategy import Fidelity
from cosmosql.interval import Unmeasured
from cosmosql.model.fit import FOUR_BIT
from cosmosql.model.footprint import Load
from cosmosql.model.program import Price, Program
from cosmosql.plan.build import corpus_of
from cosmosql.plan.candidate import Candidate
from cosmosql.plan.graph import PlanGraph
from cosmosql.plan.series import Series as Candidates
from cosmosql.plan.series import examples_seen, shares_demonstrations
from cosmosql.predict.cost import adapting, exact, row_latencies, serving
from cosmosql.predict.endpoint import endpoint_costs
from cosmosql.predict.footprint import Footprint, footprint_of, gigabytes
from cosmosql.predict.forecast import Adaptation, Distribution
from cosmosql.predict.gather import Run
from cosmosql.predict.hardware import memory_reason, rates_of, tariff_of
from cosmosql.predict.recorded import recorded_latencies, recorded_measures
from cosmosql.predict.scene import Scene
from cosmosql.predict.tokens import (
    RequestTokens,
    prompt_line,
    request_tokens,
    training_tokens,
)
from cosmosql.schema import registry
from cosmosql.schema.measures import PERCENTILES


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantities:
    """A candidate's measures by name, and the seconds of each of its probe rows by row."""

    measures: dict[str, Distribution | Unmeasured]
    latencies: Mapping[str, float] = field(default_factory=dict)
    footprint: Footprint | None = None


def quantities_of(
    scene: Scene,
    candidates: Candidates,
    candidate: Candidate,
    runs: tuple[Run, ...],
    once: Adaptation | Unmeasured,
    metric: Distribution | Unmeasured,
) -> Quantities:
    """Costs, tokens and latency of a candidate. Where it is not known to answer at all (its
    prompts overflow the context) no request of it has a cost."""
    full = candidates.full[candidate.name]
    hardware = scene.program.hardware.get(candidate.hardware or "")
    if candidate.model is None:
        rows = runs[-1].observation.items if runs else ()
        return Quantities(
            measures=free_of_models(scene),
            latencies={item.row: 0.0 for item in rows},
            footprint=Footprint(),
        )
    if not scene.program.runs(candidate.model):
        return recorded_quantities(scene, candidate, runs, metric)
    card = scene.facts.cards.get(candidate.model)
    tariff = tariff_of(hardware)
    rates = rates_of(scene.evidence.profiles.get(candidate.model), card, hardware)
    shared = shares_demonstrations(scene.program, candidate)
    tokens = (
        metric
        if isinstance(metric, Unmeasured)
        else request_tokens(runs, full, shared=shared, draws=scene.draws, seed=scene.seed)
    )
    if not isinstance(tokens, Unmeasured) and not isinstance(once, Unmeasured):
        tokens = replace(tokens, query=once.query_tokens)
    quantized = candidate.kind in FOUR_BIT
    for load in (training_load(candidate, once), answering_load(tokens)):
        if reason := memory_reason(card, hardware, load, quantized=quantized):
            rates = Unmeasured(reason)
    found = {
        **serving(tokens, rates, tariff, n_test=scene.facts.n_test, seed=scene.seed),
        "adapt_cost": adapting(once, rates, tariff, draws=scene.draws, seed=scene.seed),
        "labels": exact(0.0, "label", scene.draws, "measured"),
    }
    if price := price_of(scene.program, candidate):
        found |= endpoint_costs(
            tokens, price, trains=candidates.trains, n_test=scene.facts.n_test, seed=scene.seed
        )
        if hardware is None and not candidates.trains:
            # It runs nowhere but at the endpoint, which asks for nothing beforehand.
            currency = price.input.dimension.currency or ""
            found["serve_cost"] = found["endpoint_cost"]
            found["adapt_cost"] = exact(0.0, currency, scene.draws, "measured")
    found |= declared_cost(scene, candidate, elsewhere=hardware is None and not candidates.trains)
    load = answering_load(tokens)
    own = footprint_of(candidate, card, load) if card and card.layers and load else None
    found["memory"] = memory_of(scene, own)
    return Quantities(measures=found, latencies=row_latencies(tokens, rates), footprint=own)


def memory_of(scene: Scene, own: Footprint | None) -> Distribution | Unmeasured:
    """Gigabytes that a candidate alone takes while it answers."""
    if own is None:
        return Unmeasured("the size of its model or of its requests is not known")
    return exact(gigabytes([own]), "GB", scene.draws, "predicted")


def recorded_quantities(
    scene: Scene, candidate: Candidate, runs: tuple[Run, ...], metric: Distribution | Unmeasured
) -> Quantities:
    """Those of answers that were given before: as recorded beside them, or declared; of a model
    with a `price`, what it makes of the recorded tokens where no money was recorded."""
    items = () if isinstance(metric, Unmeasured) or not runs else runs[-1].observation.items
    currency = currency_of(scene.graph)
    found = recorded_measures(
        items, currency, draws=scene.draws, n_test=scene.facts.n_test, seed=scene.seed
    )
    price = price_of(scene.program, candidate)
    if price and not isinstance(found["prompt_tokens"], Unmeasured):
        tokens = request_tokens(runs, Fidelity(), draws=scene.draws, seed=scene.seed)
        found |= endpoint_costs(
            tokens, price, trains=False, n_test=scene.facts.n_test, seed=scene.seed
        )
        if isinstance(found["serve_cost"], Unmeasured):
            found["serve_cost"] = found["endpoint_cost"]
    found |= declared_cost(scene, candidate, elsewhere=True)
    found["memory"] = Unmeasured("it answered elsewhere")
    return Quantities(measures=found, latencies=recorded_latencies(items))


def declared_cost(
    scene: Scene, candidate: Candidate, *, elsewhere: bool
) -> dict[str, Distribution | Unmeasured]:
    """`serve_cost` as the model's declaration has it; nothing where it does not say. `elsewhere`:
    it runs on no hardware of ours and asks for nothing beforehand."""
    cost = scene.program.models[candidate.model or ""].cost
    if cost is None:
        return {}
    currency = cost.dimension.currency or ""
    found = {"serve_cost": exact(float(cost.base), f"{currency}/request", scene.draws, "assumed")}
    if elsewhere:
        found["adapt_cost"] = exact(0.0, currency, scene.draws, "measured")
    return dict(found)


def training_load(candidate: Candidate, once: Adaptation | Unmeasured) -> Load | None:
    """A batch of training; None where nothing is trained or it is not known on what."""
    if isinstance(once, Unmeasured) or not once.training_tokens:
        return None
    return Load(
        sequences=once.batch_size,
        tokens=once.batch_size * once.example_tokens,
        rank=cast(int, candidate.config["rank"]),
    )


def answering_load(tokens: RequestTokens | Unmeasured) -> Load | None:
    """The longest of the probe rows' requests alone, moved to the candidate's mean."""
    if isinstance(tokens, Unmeasured):
        return None
    lengths = [item.prompt_tokens + item.completion_tokens for item in tokens.items]
    moved = float(np.median(tokens.prompt + tokens.completion)) - float(np.mean(lengths))
    return Load(sequences=1, tokens=max(max(lengths) + moved, 0.0))


def price_of(program: Program, candidate: Candidate) -> Price | None:
    """What an endpoint charges that serves the candidate's model; None where none is declared."""
    model = program.models.get(candidate.model or "")
    return program.prices.get(model.price or "") if model else None


def free_of_models(scene: Scene) -> dict[str, Distribution | Unmeasured]:
    """A baseline reads no token and takes no accelerator time; its processor time is not costed."""
    currency = currency_of(scene.graph)
    units = {
        "prompt_tokens": "tok/request",
        "cached_tokens": "tok/request",
        "completion_tokens": "tok/request",
        "latency": "s",
        **dict.fromkeys(PERCENTILES, "s"),
        "serve_cost": f"{currency}/request",
        "adapt_cost": currency,
        "memory": "GB",
        "labels": "label",
    }
    return {name: exact(0.0, unit, scene.draws, "assumed") for name, unit in units.items()}


def currency_of(graph: PlanGraph) -> str:
    """The one currency of a query: of its candidates' hardware and endpoints, else of its budget;
    USD where it names none."""
    hardware = [graph.program.hardware.get(one.hardware or "") for one in graph.candidates]
    quantities = [one.price for one in hardware if one is not None]
    prices = [price_of(graph.program, one) for one in graph.candidates]
    quantities += [one.input for one in prices if one is not None]
    models = [graph.program.models.get(one.model or "") for one in graph.candidates]
    quantities += [one.cost for one in models if one is not None]
    budget = graph.query.budget
    quantities += [meters.get("money") for meters in (budget.probing, budget.adaptation)]
    found = (one.dimension.currency for one in quantities if one is not None)
    return next((currency for currency in found if currency), "USD")


def adaptation_of(
    scene: Scene, candidates: Candidates, candidate: Candidate, runs: tuple[Run, ...]
) -> Adaptation | Unmeasured:
    """The tokens that making a candidate in full takes."""
    full = candidates.full[candidate.name]
    seen = examples_seen(candidate, full)
    trained = training_tokens(runs, full, seen) if candidates.trains else (0.0, 0.0)
    indexed = indexed_tokens(scene, candidate, runs, full)
    if isinstance(trained, Unmeasured):
        return trained
    if isinstance(indexed, Unmeasured):
        return indexed
    rows, a_row, query = indexed
    return Adaptation(
        training_tokens=trained[0],
        spread=trained[1],
        example_tokens=trained[0] / seen if candidates.trains else 0.0,
        batch_size=cast(int, candidate.config.get("batch_size", 1)),
        indexed_rows=rows,
        indexed_tokens=rows * a_row,
        query_tokens=query,
    )


def indexed_tokens(
    scene: Scene, candidate: Candidate, runs: tuple[Run, ...], full: Fidelity
) -> tuple[int, float, float] | Unmeasured:
    """Train rows that the model reads to embed the pool for a dense index, the tokens of one (a
    demonstration's), and those of a query, which is embedded too. Other indexes cost no accelerator
    time."""
    if candidate.retriever is None or full.shots == 0:
        return 0, 0.0, 0.0
    using = scene.program.retrievers[candidate.retriever].using
    factory = cast(RetrieverFactory, registry.load(registry.extension("retriever", using)))
    if not factory.needs_embedding:
        return 0, 0.0, 0.0
    line = prompt_line(runs, draws=scene.draws, seed=scene.seed)
    if isinstance(line, Unmeasured):
        return line
    query, a_row = (max(float(np.median(part)), 0.0) for part in line)
    return scene.facts.pools[corpus_of(scene.program, candidate)], a_row, query
