"""Forecast against measurement: the chosen policy's metric and costs on the test rows.

Costs are tokens at the profiled rates, as in the forecast: a stop-watch would measure the machine's
other work too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

import numpy as np

from cosmosql.apply.fitting import Answers
from cosmosql.apply.policy import rule_of, serve
from cosmosql.artifact import plan as document
from cosmosql.artifact.bundle import BundlePolicy, Outcome
from cosmosql.artifact.document import CONFIDENCE, metric_part, quantity_part
from cosmosql.contracts.policy import Rule
from cosmosql.contracts.strategy import Fidelity
from cosmosql.decide.person import PERSON
from cosmosql.evidence.observation import Item, Observation
from cosmosql.evidence.store import Evidence
from cosmosql.evidence.throughput import answering, embedding, profile_of, seconds, training
from cosmosql.interval import Estimate, Unmeasured
from cosmosql.plan.candidate import Candidate, Measurement
from cosmosql.plan.series import shares_demonstrations
from cosmosql.predict.hardware import Rates, Tariff, rates_of, tariff_of
from cosmosql.predict.metric import metric_draws, metric_named, value_of
from cosmosql.predict.pairing import Array, row_weights
from cosmosql.predict.recorded import RECORDED_CURRENCY
from cosmosql.predict.tokens import beginning
from cosmosql.probes.lower import probe_run
from cosmosql.probes.runtime import Runtime

DRAWS = 2000

Forecast: TypeAlias = document.Metric | document.Quantity


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A row's final outcome, and the members that were asked for it, by position."""

    items: tuple[Item, ...]
    """What every member would say."""
    asked: tuple[int, ...]
    tier: int
    """Whose answer is given."""

    @property
    def item(self) -> Item:
        return self.items[self.tier]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """How one member's tokens become money. `cached` tokens of every prompt were read before."""

    rates: Rates
    tariff: Tariff
    cached: float = 0.0

    def request(self, item: Item) -> float:
        """Money for one answer."""
        work = answering(item.prompt_tokens, self.cached, item.completion_tokens)
        return (
            float(seconds(work, self.rates))
            * float(self.tariff.money_a_second)
            / self.tariff.utilisation
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """What a person takes for an answer, or a request to a model costs as declared."""

    price: float

    def request(self, item: Item) -> float:
        return self.price


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """What was written down beside every recorded answer."""

    def request(self, item: Item) -> float:
        assert item.cost is not None  # `charged` has looked
        return item.cost


def outcomes(
    plan: document.PlanDocument,
    policy: BundlePolicy,
    candidates: Sequence[Candidate],
    answers: Sequence[Observation],
    said: Answers,
    runtime: Runtime,
    evidence: Evidence,
) -> tuple[Outcome, ...]:
    """Metric, cost a request and one-off cost: what the plan forecast and what was measured.

    `answers` are the observations of the `candidates` on the same test rows, `said` what every
    member of the policy answered to them.
    """
    rows = tiers(rule_of(policy), said)
    planned = chosen_part(plan)
    seed = plan.locked.seed
    paid = [
        how_paid(candidate, observation, runtime, evidence)
        for candidate, observation in zip(candidates, answers, strict=True)
    ]
    once = [
        one_off(candidate, observation, how, runtime)
        for candidate, observation, how in zip(candidates, answers, paid, strict=True)
    ]
    each = iter(
        charged(candidate, observation, how, runtime, planned.serve_cost.unit)
        for candidate, observation, how in zip(candidates, answers, paid, strict=True)
    )
    fees = [
        Fee(price=float(policy.costs[tier] or 0.0)) if name == PERSON else next(each)
        for tier, name in enumerate(policy.members)
    ]
    found: list[tuple[str, Forecast, Forecast]] = [
        (planned.metric.name, planned.metric, metric_measured(planned.metric.name, rows, seed)),
        (
            "serve_cost",
            planned.serve_cost,
            quantity_part(serving(rows, fees, seed), planned.serve_cost.unit, "measured"),
        ),
    ]
    if isinstance(planned, document.Candidate):
        cost = planned.adapt_cost
    else:
        cost = planned.measures["adapt_cost"]
    found.append(("adapt_cost", cost, quantity_part(total(once), cost.unit, "measured")))
    return tuple(
        Outcome(name=name, forecast=forecast, measured=measured, within=within(forecast, measured))
        for name, forecast, measured in found
    )


def tiers(rule: Rule, said: Answers) -> list[Answered]:
    """Who answers each row, given what every member would say."""
    served = serve(rule, said.questions, len(said.items), said.signals)
    return [
        Answered(items=tuple(items), asked=one.asked, tier=one.tier)
        for items, one in zip(zip(*said.items, strict=True), served, strict=True)
    ]


def chosen_part(plan: document.PlanDocument) -> document.Candidate | document.Policy:
    parts: tuple[document.Candidate | document.Policy, ...] = (*plan.candidates, *plan.policies)
    return next(part for part in parts if part.name == plan.decision.chosen)


def metric_measured(name: str, rows: Sequence[Answered], seed: int) -> document.Metric:
    metric = metric_named(name)
    items = [row.item for row in rows]
    draws = metric_draws(metric, items, draws=DRAWS, seed=seed)
    return metric_part(name, interval(value_of(metric, items), draws, len(items)), "measured")


def interval(value: float, draws: Array, rows: int) -> Estimate:
    tail = (1 - CONFIDENCE) / 2
    low, high = (float(bound) for bound in np.quantile(draws, [tail, 1 - tail]))
    return Estimate(value, min(low, value), max(high, value), rows)


def how_paid(
    candidate: Candidate, answered: Observation, runtime: Runtime, evidence: Evidence
) -> Paid | Unmeasured | None:
    """None for a member that runs no model: it takes no accelerator time."""
    if candidate.model is None or not runtime.program.runs(candidate.model):
        return None
    hardware = runtime.program.hardware.get(candidate.hardware or "")
    request = Measurement(
        kind="profile", candidate=candidate, fidelity=Fidelity(), role="", rows=0, basis="full"
    )
    observation = evidence.find(probe_run(request, runtime).key)
    profile = None if observation is None else profile_of(observation)
    rates = rates_of(profile, runtime.card(candidate.model), hardware)
    tariff = tariff_of(hardware)
    if isinstance(rates, Unmeasured):
        return rates
    if isinstance(tariff, Unmeasured):
        return tariff
    fidelity = Fidelity(shots=cast(int | None, candidate.config.get("shots")))
    shared = shares_demonstrations(runtime.program, candidate)
    return Paid(rates=rates, tariff=tariff, cached=beginning(answered, fidelity, shared=shared))


def charged(
    candidate: Candidate,
    answered: Observation,
    how: Paid | Unmeasured | None,
    runtime: Runtime,
    unit: str | None,
) -> Paid | Fee | Noted | Unmeasured | None:
    """What a request to a member costs: as its model declares it, as was recorded, else as paid."""
    model = None if candidate.model is None else runtime.program.models[candidate.model]
    if model is not None and model.cost is not None:
        return Fee(price=float(model.cost.base))
    if model is None or not model.recorded:
        return how
    if unit != f"{RECORDED_CURRENCY}/request":
        return Unmeasured(f"its costs were recorded in {RECORDED_CURRENCY}")
    if any(item.cost is None for item in answered.items):
        return Unmeasured("not every recorded answer says its `cost_usd`")
    return Noted()


def serving(
    rows: Sequence[Answered], paid: Sequence[Paid | Fee | Noted | Unmeasured | None], seed: int
) -> Estimate | Unmeasured:
    """Mean money a request over the rows, every member that was asked counted."""
    costs = np.zeros(len(rows))
    for index, row in enumerate(rows):
        for member in row.asked:
            how = paid[member]
            if isinstance(how, Unmeasured):
                return how
            costs[index] += 0.0 if how is None else how.request(row.items[member])
    weights = row_weights([row.item.row for row in rows], draws=DRAWS, seed=seed)
    return interval(float(costs.mean()), weights @ costs / len(rows), len(rows))


def one_off(
    candidate: Candidate,
    observation: Observation,
    how: Paid | Unmeasured | None,
    runtime: Runtime,
) -> float | Unmeasured:
    """Money of making a member ready: training, and embedding the pool for its own index."""
    if how is None or isinstance(how, Unmeasured):
        return 0.0 if how is None else how
    # A training example is a prompt with its answer, as the answered rows are.
    lengths = [item.prompt_tokens + item.completion_tokens for item in observation.items]
    work = training(
        observation.usage.training_tokens,
        length=float(np.mean(lengths)),
        batch=cast(int, candidate.config.get("batch_size", 1)),
    )
    if candidate.retriever is not None and runtime.embeds(candidate):
        texts = [example.input for example in runtime.train(candidate)]
        tokens = sum(runtime.backend(candidate.model or "").count_tokens(texts))
        work += embedding(tokens, len(texts))
    return float(seconds(work, how.rates)) * float(how.tariff.money_a_second)


def total(amounts: Sequence[float | Unmeasured]) -> Estimate | Unmeasured:
    known = [amount for amount in amounts if not isinstance(amount, Unmeasured)]
    missing = [amount for amount in amounts if isinstance(amount, Unmeasured)]
    return missing[0] if missing else Estimate.exact(sum(known))


def within(forecast: Forecast, measured: Forecast) -> bool | None:
    """Whether the measured value lies in the forecast interval; None where either is unknown."""
    if measured.value is None or forecast.low is None or forecast.high is None:
        return None
    return float(forecast.low) <= float(measured.value) <= float(forecast.high)
