"""What the choice gave up: by the query's own objective, and under caps beside simple rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from cosmosql.artifact import backtest as document
from cosmosql.backtest.policies import PolicyTruth
from cosmosql.backtest.probed import last_probe
from cosmosql.backtest.rules import (
    RULES,
    Option,
    best,
    regret,
    regret_draws,
    three_caps,
)
from cosmosql.backtest.truth import DRAWS, Truth
from cosmosql.decide.choose import decide
from cosmosql.decide.formulas import Strategies, values
from cosmosql.decide.requirements import satisfied
from cosmosql.decide.subject import Subject, by_strategy, subject_of
from cosmosql.evidence.measured import Measured
from cosmosql.identity import rounded
from cosmosql.interval import Unmeasured
from cosmosql.model.program import Formula, Literal, Measure, Query
from cosmosql.pipeline import Line
from cosmosql.plan.series import strategy_of
from cosmosql.predict.forecast import Distribution, Forecast
from cosmosql.predict.pairing import Array
from cosmosql.predict.spending import probing
from cosmosql.units import RATIO, Dimension, Quantity

FORECAST = "this forecast"
"""The name of the compiler's own choice among the rules."""

Truths = Mapping[str, Truth | Unmeasured]
PolicyTruths = Mapping[str, PolicyTruth | Unmeasured]


def maximises_metric(line: Line) -> bool:
    query = line.compiled.query
    metric = line.compiled.program.tasks[query.task].metric
    return query.objective.formula == Measure(name=metric) and (
        query.objective.direction == "maximize"
    )


def own_regret(line: Line, truths: Truths, policies: PolicyTruths) -> document.Regret:
    """The regret of the query's own decision against its truly best feasible candidate."""
    query, chosen = line.compiled.query, line.decision.chosen
    dimension = dimension_of(query.objective.formula, line.forecasts)
    unit = "points" if dimension == RATIO else dimension.precise_name
    if chosen is None:
        return document.Regret(value=None, unit=unit, reason="nothing was chosen")
    subject = true_subject(line, chosen, truths, policies)
    if isinstance(subject, Unmeasured):
        return document.Regret(value=None, unit=unit, chosen=chosen, reason=subject.reason)
    known = [true for one in line.forecasts if (true := in_truth(one, truths)) is not None]
    strategies = by_strategy(known)
    subjects = [subject_of(one) for one in known if one.candidate.strategy in query.strategies]
    feasible = {
        one.name: found
        for one in subjects
        if meets(query, one, strategies)
        and not isinstance(found := gains(query, one, strategies), Unmeasured)
    }
    own = gains(query, subject, strategies)
    if isinstance(own, Unmeasured):
        return document.Regret(value=None, unit=unit, chosen=chosen, reason=own.reason)
    name, most = max(feasible.items(), key=lambda item: item[1][0], default=(chosen, own))
    if most[0] <= own[0]:
        name, most = chosen, own
    scale = 100.0 if dimension == RATIO else 1.0
    low, high = np.quantile(scale * (most[1:] - own[1:]), [0.05, 0.95])
    return document.Regret(
        value=rounded(scale * float(most[0] - own[0])),
        low=rounded(float(low)),
        high=rounded(float(high)),
        unit=unit,
        best=name,
        chosen=chosen,
    )


def gains(query: Query, subject: Subject, strategies: Strategies) -> Array | Unmeasured:
    """The objective of a subject in truth, larger is better, in base units: its value first, then
    its draws, shape (1 + draws,)."""
    found = values(query.objective.formula, subject, strategies)
    if isinstance(found, Unmeasured):
        return found
    sign = 1.0 if query.objective.direction == "maximize" else -1.0
    return np.broadcast_to(sign * found, (1 + DRAWS,))


def meets(query: Query, subject: Subject, strategies: Strategies) -> bool:
    """Whether a subject's true value satisfies every requirement."""
    found = [satisfied(one, subject, strategies) for one in query.requirements]
    return all(not isinstance(one, Unmeasured) and bool(np.atleast_1d(one)[0]) for one in found)


def in_truth(forecast: Forecast, truths: Truths) -> Forecast | None:
    """A candidate with its true metric (the value first, then its draws) and its expected costs;
    None where it has no truth or no forecast."""
    truth = truths[forecast.candidate.name]
    if isinstance(truth, Unmeasured) or isinstance(forecast.metric, Unmeasured):
        return None
    return replace(
        forecast,
        metric=with_truth(forecast.metric, truth.metric, truth.draws),
        measures={name: expected(found) for name, found in forecast.measures.items()},
    )


def with_truth(metric: Distribution, value: float, draws: Array) -> Distribution:
    return replace(metric, draws=np.concatenate([[value], draws]), value=value)


def expected(found: Distribution | Unmeasured) -> Distribution | Unmeasured:
    """A measure at its mean, one draw."""
    if isinstance(found, Unmeasured):
        return found
    return replace(found, draws=found.draws.mean(keepdims=True))


def true_subject(
    line: Line, name: str, truths: Truths, policies: PolicyTruths
) -> Subject | Unmeasured:
    """A candidate or a policy as it truly is, its costs as forecast."""
    for one in line.forecasts:
        if one.candidate.name == name:
            truth = truths[name]
            if isinstance(truth, Unmeasured):
                return truth
            known = in_truth(one, truths)
            return subject_of(known) if known else Unmeasured("it has no forecast")
    policy = next((one for one in line.decision.policies if one.name == name), None)
    if policy is None:
        return Unmeasured("it is no candidate of this query")
    found = policies.get(name, Unmeasured("it is a candidate under another name"))
    if isinstance(found, Unmeasured):
        return found
    metric = line.compiled.program.tasks[line.compiled.query.task].metric
    template = next(one.metric for one in line.forecasts if not isinstance(one.metric, Unmeasured))
    quantities: dict[str, Distribution | Unmeasured] = {
        metric: with_truth(template, found.truth.metric, found.truth.draws)
    }
    for measure, estimate in policy.measures.items():
        alike = (one.measures.get(measure) for one in line.forecasts)
        like = next((one for one in alike if isinstance(one, Distribution)), None)
        if isinstance(estimate, Unmeasured) or like is None:
            quantities[measure] = Unmeasured(f"{measure} is unknown")
        else:
            quantities[measure] = replace(
                like, draws=np.array([estimate.value]), value=estimate.value, shown=None
            )
    return Subject(name=name, strategy=None, metric_name=metric, quantities=quantities)


def dimension_of(formula: Formula, forecasts: Sequence[Forecast]) -> Dimension:
    """What a formula measures; binding has shown that it adds up."""
    match formula:
        case Literal():
            return formula.quantity.dimension
        case Measure():
            found = (one.measures.get(formula.name) for one in forecasts)
            units = [one.unit for one in found if isinstance(one, Distribution)]
            return Quantity.of(1, units[0]).dimension if units and units[0] else RATIO
        case _:
            left = dimension_of(formula.left, forecasts)
            right = dimension_of(formula.right, forecasts)
            match formula.operator:
                case "*":
                    return left * right
                case "/":
                    return left / right
                case _:
                    return left


def options_of(line: Line, truths: Truths, full: Mapping[str, Measured]) -> tuple[Option, ...]:
    """The query's own candidates whose truth is known, each with what its run in `full` took."""
    graph, facts = line.compiled.graph, line.facts
    probed = last_probe(graph, line.measured)
    options = []
    for one in line.forecasts:
        candidate, truth = one.candidate, truths[one.candidate.name]
        if candidate.strategy not in line.compiled.query.strategies:
            continue
        run = full.get(candidate.name)
        if isinstance(truth, Unmeasured) or run is None:
            continue
        card = facts.cards.get(candidate.model or "")
        options.append(
            Option(
                name=candidate.name,
                kind=candidate.kind,
                trains=strategy_of(candidate.kind).trains,
                parameters=card.parameters if card else 0,
                shots=float(run.measurement.fidelity.shots or 0),
                flops=probing(graph, [run], facts).flops,
                probed=probed.get(candidate.name),
                truth=truth.metric,
                draws=truth.draws,
            )
        )
    return tuple(options)


def forecast_choice(line: Line, options: Sequence[Option], *, seed: int) -> Option | None:
    """What the compiler decides where the query has these candidates alone and requires nothing
    else."""
    names = {one.name: one for one in options}
    offered = [one for one in line.forecasts if one.candidate.name in names]
    query = replace(line.compiled.query, requirements=(), policies=())
    chosen = decide(query, offered, (), n_test=line.facts.n_test, seed=seed).chosen
    return None if chosen is None else names[chosen]


def capped_choices(
    line: Line, options: Sequence[Option], *, seed: int
) -> tuple[document.CappedChoice, ...]:
    """Regret under three caps on FLOPs, of the forecast and of every rule."""
    found = []
    for cap in three_caps(options):
        feasible = [one for one in options if one.flops <= cap]
        own = forecast_choice(line, feasible, seed=seed)
        taken = {FORECAST: [own] if own else []}
        taken |= {name: list(rule(feasible)) for name, rule in RULES.items()}
        found.append(
            document.CappedChoice(
                cap_flops=rounded(cap),
                feasible=len(feasible),
                candidates=len(options),
                best=best(feasible).name,
                best_fits=best(options) in feasible,
                rules=tuple(
                    rule_regret(name, members, taken[FORECAST], feasible)
                    for name, members in taken.items()
                ),
            )
        )
    return tuple(found)


def rule_regret(
    name: str, taken: Sequence[Option], own: Sequence[Option], feasible: Sequence[Option]
) -> document.RuleRegret:
    if not taken:
        return document.RuleRegret(rule=name, chosen=(), regret_points=None, interval=None)
    draws = regret_draws(taken, feasible)
    more = None if name == FORECAST or not own else draws - regret_draws(own, feasible)
    return document.RuleRegret(
        rule=name,
        chosen=tuple(one.name for one in taken),
        regret_points=rounded(regret(taken, feasible)),
        interval=spanned(draws),
        more=None if more is None else spanned(more),
    )


def spanned(draws: Array) -> document.Interval:
    """The 90 % interval of draws."""
    low, high = (rounded(float(bound)) for bound in np.quantile(draws, [0.05, 0.95]))
    return document.Interval(low=low, high=high)
