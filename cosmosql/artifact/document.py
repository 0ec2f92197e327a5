"""Decision to document: everything that a reader of the plan will need, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cosmosql import units
from cosmosql.artifact import plan
from cosmosql.artifact.amounts import number
from cosmosql.artifact.examined import calibration_part, reference_part, slices_part
from cosmosql.artifact.steps import steps
from cosmosql.contracts.backend import ModelCard
from cosmosql.decide.decision import (
    Certificate,
    Decision,
    Miss,
    Option,
    PolicyForecast,
    Purchase,
    Verdict,
)
from cosmosql.decide.examined import Examined
from cosmosql.decide.volume import BreakEven, break_evens
from cosmosql.identity import Json, jsonable, rounded
from cosmosql.interval import Estimate, Unmeasured
from cosmosql.model.lint.warning import is_standard
from cosmosql.model.program import Program, Query, strategies_of
from cosmosql.predict.forecast import Distribution, Forecast

CONFIDENCE = 0.9
"""Level of every two-sided interval in a plan."""

REFUSED = "refused"
ONLY_IN_POLICIES = "considered as a part of policies only"

SERVE_COST = "serve_cost"
ADAPT_COST = "adapt_cost"


NOT_EXAMINED = Examined(references=(), calibrations=(), slices=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetLock:
    """What was loaded: the SHA-256 over row identities and roles, and rows by role."""

    fingerprint: str
    rows: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What neither program, forecasts nor decision know: what was loaded, spent and kept."""

    models: Mapping[str, ModelCard]
    datasets: Mapping[str, DatasetLock]
    versions: Mapping[str, str]
    seed: int
    spent: Mapping[str, units.Quantity]
    """By meter, over all the evidence that the plan rests on."""
    exhaustive: Mapping[str, units.Quantity]
    """By meter: running every candidate in full, as forecast."""
    probing: plan.Probing | None = None
    """In which order it was measured."""
    evidence_digest: str
    observations: int
    test_reads: int


def document(
    program: Program,
    query: Query,
    forecasts: Sequence[Forecast],
    decision: Decision,
    facts: Facts,
    examined: Examined = NOT_EXAMINED,
) -> plan.PlanDocument:
    """The plan of one query. Candidates keep the order of `forecasts`, policies the decision's.

    What the decision did not weigh is in the document all the same: a policy that it refused has
    the status `refused`, a candidate that only policies stand on is undecided.
    """
    options = {option.name: option for option in decision.options}
    metric_name = forecasts[0].metric_name if forecasts else program.tasks[query.task].metric
    measure_units = _measure_units(forecasts)
    return plan.PlanDocument(
        spec=plan.Spec(
            path=program.path.name,
            sha256=program.sha256,
            modules=tuple(
                plan.ModuleFile(path=module.path, sha256=module.sha256)
                for module in program.modules
            ),
            parameters=dict(program.parameters),
        ),
        query=query.name.removeprefix("query."),
        question=_question(query, metric_name, decision.certificates),
        locked=_locked(program, query, forecasts, facts),
        budget=plan.Budget(
            caps=_amounts(query.budget.probing),
            spent=_amounts(facts.spent),
            exhaustive=_amounts(facts.exhaustive),
        ),
        probing=facts.probing,
        candidates=tuple(
            _candidate(item, options.get(item.candidate.name), measure_units) for item in forecasts
        ),
        policies=tuple(
            _policy(item, options.get(item.name), metric_name, measure_units)
            for item in decision.policies
        ),
        decision=plan.Decision.model_validate(
            {
                "status": decision.status,
                "chosen": decision.chosen,
                "reasons": decision.reasons,
                "next_evidence": decision.next_evidence,
                "regret_probability": decision.regret_probability,
                "forecast": _expected(forecasts, decision, options, metric_name),
            }
        ),
        next=tuple(_purchase(item, query) for item in decision.next),
        break_even=tuple(_break_even(item) for item in break_evens(forecasts, decision.chosen)),
        references=tuple(
            reference_part(item, measure_units.get(SERVE_COST, "")) for item in examined.references
        ),
        calibration=tuple(calibration_part(item) for item in examined.calibrations),
        slices=None
        if examined.slices is None or decision.chosen is None
        else slices_part(examined.slices, decision.chosen),
        evidence=plan.Evidence(
            digest=facts.evidence_digest,
            observations=facts.observations,
            test_reads=facts.test_reads,
        ),
        steps=steps(program, query, forecasts, decision),
        docs=_docs(program, query),
    )


def _break_even(found: BreakEven) -> plan.BreakEven:
    at = found.requests
    return plan.BreakEven(
        other=found.other,
        cheaper=found.cheaper,
        requests=None if at is None else rounded(at.value),
        low=None if at is None else rounded(at.low),
        high=None if at is None else rounded(at.high),
        probability=rounded(found.probability),
    )


def _docs(program: Program, query: Query) -> dict[str, str]:
    """What the authors of the spec and its files say of the query and of what it names."""
    task = program.tasks[query.task]
    policies = (program.policies[name] for name in query.policies)
    strategies = strategies_of(program, query)
    named = (query, task, program.datasets[task.dataset], *strategies, *policies)
    return {item.name: item.doc for item in named if item.doc and not is_standard(item.span)}


def _question(query: Query, metric_name: str, certificates: Sequence[Certificate]) -> plan.Question:
    found = {one.requirement: certificate_part(one) for one in certificates}
    return plan.Question(
        task=query.task,
        metric=metric_name,
        objective=f"{query.objective.direction} {query.objective.text}",
        requirements=tuple(
            plan.Requirement(
                text=item.text,
                confidence=float(item.confidence),
                certificate=found.get(item.text) if item.stated else None,
            )
            for item in query.requirements
        ),
        tolerance=float(query.tolerance),
        confidence=float(query.confidence),
    )


def certificate_part(found: Certificate) -> plan.Certificate:
    """A certificate as documents write it."""
    return plan.Certificate(
        policy=found.policy,
        status=found.verdict.value,
        procedure=found.procedure,
        confidence=found.confidence,
        rows=found.rows,
        tried=found.tried,
        bound=found.bound,
        p_value=found.p_value,
        needed=found.needed,
        reason=found.reason,
    )


def _locked(
    program: Program, query: Query, forecasts: Iterable[Forecast], facts: Facts
) -> plan.Locked:
    return plan.Locked(
        models={name: _object(card) for name, card in facts.models.items()},
        datasets={name: _object(lock) for name, lock in facts.datasets.items()},
        prices=_prices(program, forecasts),
        versions=dict(facts.versions),
        seed=facts.seed,
    )


def _prices(program: Program, forecasts: Iterable[Forecast]) -> dict[str, dict[str, Json]]:
    """The declared prices that the candidates' costs rest on, each with its source and date."""
    found: dict[str, dict[str, Json]] = {}
    for forecast in forecasts:
        candidate = forecast.candidate
        hardware = program.hardware.get(candidate.hardware or "")
        if hardware is not None and hardware.price is not None:
            found[hardware.name] = {
                "price": str(hardware.price),
                "source": hardware.price_source,
                "as_of": hardware.price_as_of,
                "assumed": hardware.price_assumed,
            }
        model = program.models.get(candidate.model or "")
        price = program.prices.get(model.price or "") if model else None
        if price is not None:
            found[price.name] = {
                "input": str(price.input),
                "output": str(price.output),
                "cached_input": None if price.cached_input is None else str(price.cached_input),
                "cache_from": price.cache_from,
                "batch_discount": price.batch_discount,
                "source": price.source,
                "as_of": price.as_of,
                "assumed": price.assumed,
            }
    return found


def _object(value: object) -> dict[str, Json]:
    """A dataclass as a JSON object."""
    result = jsonable(value)
    if not isinstance(result, dict):
        raise TypeError(f"{type(value).__name__} is no JSON object")
    return result


def _amounts(quantities: Mapping[str, units.Quantity]) -> dict[str, plan.Amount]:
    return {
        meter: plan.Amount(
            value=number(quantity.value, quantity.unit),
            unit=quantity.unit,
        )
        for meter, quantity in quantities.items()
    }


def _interval(found: Distribution | Estimate) -> tuple[float, float, float]:
    """Value, low and high of the interval that is shown."""
    estimate = found.estimate() if isinstance(found, Distribution) else found
    return estimate.value, estimate.low, estimate.high


def metric_part(name: str, found: Distribution | Estimate | Unmeasured, basis: str) -> plan.Metric:
    """A quality as documents write it."""
    if isinstance(found, Unmeasured):
        return plan.Metric(
            name=name,
            value=None,
            low=None,
            high=None,
            confidence=CONFIDENCE,
            basis="unmeasured",
            n=None,
            reason=found.reason,
        )
    value, low, high = _interval(found)
    return plan.Metric(
        name=name, value=value, low=low, high=high, confidence=CONFIDENCE, basis=basis, n=found.n
    )


def quantity_part(
    found: Distribution | Estimate | Unmeasured, unit: str, basis: str
) -> plan.Quantity:
    """A measure as documents write it; money as a decimal string."""
    if isinstance(found, Unmeasured):
        return plan.Quantity(
            value=None, low=None, high=None, unit=unit, basis="unmeasured", reason=found.reason
        )
    value, low, high = (number(bound, unit) for bound in _interval(found))
    return plan.Quantity(value=value, low=low, high=high, unit=unit, basis=basis)


def _measure_units(forecasts: Iterable[Forecast]) -> dict[str, str]:
    """The unit of each measure, from any candidate that has it: estimates carry none."""
    return {
        name: found.unit
        for forecast in forecasts
        for name, found in forecast.measures.items()
        if isinstance(found, Distribution)
    }


def _measure(
    name: str, measures: Mapping[str, Distribution | Unmeasured], measure_units: Mapping[str, str]
) -> plan.Quantity:
    found = measures.get(name, Unmeasured("it was not forecast"))
    if isinstance(found, Distribution):
        return quantity_part(found, found.unit, found.basis)
    return quantity_part(found, measure_units.get(name, ""), "unmeasured")


def _misses(found: Iterable[Miss]) -> tuple[plan.Miss, ...]:
    return tuple(
        plan.Miss(requirement=miss.requirement, verdict=miss.verdict.value, found=miss.found)
        for miss in found
    )


def _corrected(name: str, option: Option | None, basis: str) -> plan.Metric | None:
    """What to expect of a measured option, where that is not what was measured."""
    if option is None or option.corrected is None:
        return None
    return metric_part(name, option.corrected, basis)


def _expected(
    forecasts: Iterable[Forecast],
    decision: Decision,
    options: Mapping[str, Option],
    name: str,
) -> plan.Metric | None:
    """What to expect of the chosen one."""
    found: dict[str, tuple[Distribution | Estimate | Unmeasured, str]] = {
        item.candidate.name: (
            item.metric,
            item.metric.basis if isinstance(item.metric, Distribution) else "unmeasured",
        )
        for item in forecasts
    }
    found |= {item.name: (item.metric, item.basis) for item in decision.policies}
    if decision.chosen is None or decision.chosen not in found:
        return None
    metric, basis = found[decision.chosen]
    corrected = _corrected(name, options.get(decision.chosen), basis)
    return corrected or metric_part(name, metric, basis)


def _purchase(found: Purchase, query: Query) -> plan.Purchase:
    gain = found.gain
    low, high = found.interval or (None, None)
    return plan.Purchase(
        kind=found.kind,
        what=found.what,
        of=query.objective.text,
        gain=None if isinstance(gain, Unmeasured) else gain,
        low=low,
        high=high,
        cost=None
        if isinstance(found.cost, Unmeasured) or not found.unit
        else plan.Amount(value=number(found.cost, found.unit), unit=found.unit),
        rate=found.rate,
        recommended=found.recommended,
        reason=gain.reason if isinstance(gain, Unmeasured) else None,
    )


def _paired(option: Option | None) -> plan.Paired | None:
    if option is None or option.paired is None:
        return None
    found = option.paired
    return plan.Paired(
        difference=found.difference.value,
        low=found.difference.low,
        high=found.difference.high,
        confidence=CONFIDENCE,
        rows=found.rows,
        better=found.better,
        worse=found.worse,
        p_value=found.p_value,
    )


def _candidate(
    forecast: Forecast, option: Option | None, measure_units: Mapping[str, str]
) -> plan.Candidate:
    candidate = forecast.candidate
    metric = forecast.metric
    basis = metric.basis if isinstance(metric, Distribution) else "unmeasured"
    others = sorted(set(forecast.measures) - {ADAPT_COST, SERVE_COST})
    return plan.Candidate(
        name=candidate.name,
        kind=candidate.kind,
        status=option.verdict.value if option else Verdict.UNDECIDED.value,
        metric=metric_part(forecast.metric_name, metric, basis),
        measures={name: _measure(name, forecast.measures, measure_units) for name in others},
        adapt_cost=_measure(ADAPT_COST, forecast.measures, measure_units),
        serve_cost=_measure(SERVE_COST, forecast.measures, measure_units),
        misses=_misses(option.misses if option else ()),
        reason=option.reason if option else ONLY_IN_POLICIES,
        strategy=candidate.strategy,
        model=candidate.model,
        retriever=candidate.retriever,
        hardware=candidate.hardware,
        config=_object(dict(candidate.config)),
        corrected=_corrected(forecast.metric_name, option, basis),
        paired=_paired(option),
    )


def _policy(
    forecast: PolicyForecast,
    option: Option | None,
    metric_name: str,
    measure_units: Mapping[str, str],
) -> plan.Policy:
    def measure(name: str) -> plan.Quantity:
        found = forecast.measures.get(name, Unmeasured("it was not forecast"))
        return quantity_part(found, measure_units.get(name, ""), forecast.basis)

    cost_unit = measure_units.get(SERVE_COST, "")
    return plan.Policy(
        name=forecast.name,
        kind=forecast.kind,
        signal=forecast.signal,
        thresholds=forecast.thresholds,
        metric=metric_part(metric_name, forecast.metric, forecast.basis),
        serve_cost=measure(SERVE_COST),
        auc=forecast.auc,
        curve=tuple(
            plan.CurvePoint(
                budget=number(point.budget, cost_unit),
                accuracy=point.accuracy,
                share=point.share,
                low=point.low,
                high=point.high,
                asked=point.asked,
                hull=point.hull,
            )
            for point in forecast.curve
        ),
        status=option.verdict.value if option else REFUSED,
        misses=_misses(option.misses if option else ()),
        reason=option.reason if option else "",
        members=forecast.members,
        share=forecast.share,
        measures={name: measure(name) for name in sorted(set(forecast.measures) - {SERVE_COST})},
        note=forecast.note,
        corrected=_corrected(metric_name, option, forecast.basis),
        asked=forecast.asked,
        budget=None if forecast.budget is None else number(forecast.budget, cost_unit),
        costs=tuple(number(cost, cost_unit) for cost in forecast.costs),
        rule=dict(forecast.rule) if forecast.final and forecast.rule is not None else None,
    )
