"""Policies forecast from what their members answered on the common rows; no probe of their own.

Every fit, threshold and operating point is cross-fitted: none is judged on rows that chose it. A
policy that a simpler one dominates is refused, and its note says by what.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import cast

import numpy as np

from cosmosql.contracts import policy as contract
from cosmosql.contracts.policy import Question, Rule, Ways
from cosmosql.decide.certified import Standing, served_by
from cosmosql.decide.chains import Chain, neighbours, pairs, spanning, staged
from cosmosql.decide.decision import CurvePoint, PolicyForecast
from cosmosql.decide.formulas import Strategies
from cosmosql.decide.frontier import Frontier, frontier_of, mean_cost, mean_metric
from cosmosql.decide.operating import (
    OperatingPoint,
    basis_of,
    draws_for,
    in_column,
    operating_point,
    point_at,
)
from cosmosql.decide.person import PERSON, person
from cosmosql.decide.subject import Subject, by_strategy, subject_of
from cosmosql.decide.tiers import Sums, Tiers, cross_fitted, outcomes, sums_of, tiers_of
from cosmosql.interval import Unmeasured
from cosmosql.model.program import Escalation, Policy, Query
from cosmosql.policies.cascade import LARGEST, CascadeRule
from cosmosql.policies.confidence import signal_of
from cosmosql.policies.curves import area
from cosmosql.policies.cut import Cut
from cosmosql.predict.forecast import Forecast
from cosmosql.schema import registry

SEARCHED = ("mix", "cascade", "route", "cascade_route")
"""What `auto` searches over beside the single candidates, simplest first."""

NO_QUESTIONS: Mapping[str, Question] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A policy as the decision sees it: `subject` is None where it is refused."""

    forecast: PolicyForecast
    subject: Subject | None
    standing: Standing | None = field(default=None, repr=False)
    """What a test of it takes; None where it is refused, or one candidate answers all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What the policies of one declaration are judged by."""

    policy: Policy
    query: Query
    frontier: Frontier
    strategies: Strategies
    questions: Mapping[str, Question] = field(repr=False)
    n_test: int | None
    seed: int


def offers(
    policy: Policy,
    forecasts: Sequence[Forecast],
    query: Query,
    *,
    n_test: int | None,
    seed: int,
    questions: Mapping[str, Question] = NO_QUESTIONS,
) -> tuple[Offer, ...]:
    """What a declared policy offers, over the candidates of its strategies: those that pay, then
    of each kind of refused ones the best.

    `questions` are those of the rows by identity. Without them `auto` leaves out the policies that
    see the question, and a declared one takes all questions for alike.
    """
    members = [one for one in forecasts if one.candidate.strategy in policy.over]
    if policy.defer is not None and (expert := person(policy.defer, members)):
        members.append(expert)
    frontier = frontier_of(members)
    if not frontier.singles:
        return (refused_whole(policy, "none of its strategies has a measured metric and cost"),)
    setting = Setting(
        policy=policy,
        query=query,
        frontier=frontier,
        strategies={
            name: [in_column(one) for one in candidates]
            for name, candidates in by_strategy(forecasts).items()
        },
        questions=questions,
        n_test=n_test,
        seed=seed,
    )
    found: list[Offer] = []
    if policy.using in ("single", "auto"):
        found += [single(policy, one) for one in frontier.singles if is_new(one, query)]
    for kind in kinds_of(policy, bool(questions)):
        simpler = tuple(found)
        for chain in chains_of(kind, policy, members, frontier):
            one = offer(setting, kind, chain, simpler)
            found += [one] if one else []
    if not found:
        reason = (
            "one of its strategies is as cheap and as good as any other"
            if len(frontier.singles) == 1
            else "no two of its strategies differ in cost and in metric"
        )
        return (refused_whole(policy, reason),)
    return shortened(found)


def is_new(forecast: Forecast, query: Query) -> bool:
    """A single strategy that the query does not name itself."""
    return forecast.candidate.strategy not in query.strategies and forecast.candidate.name != PERSON


def kinds_of(policy: Policy, questions: bool) -> Iterator[str]:
    """The kinds of policy that a declaration is looked at as, simplest first."""
    if policy.using not in ("single", "auto"):
        yield policy.using
    elif policy.using == "auto":
        for kind in SEARCHED:
            if questions or "question" not in implementation(kind).sees:
                yield kind


def implementation(kind: str) -> contract.Policy:
    return cast(contract.Policy, registry.load(registry.extension("policy", kind)))


def options_of(policy: Policy, kind: str) -> dict[str, object]:
    """What the plug-in is told: its own options, those of the declaration or its defaults, and the
    signal."""
    fields = registry.extension("policy", kind).options
    options: dict[str, object] = {one.name: one.default for one in fields}
    if policy.using == kind:
        options |= policy.options
    return {**options, "signal": policy.signal}


def chains_of(
    kind: str, policy: Policy, members: Sequence[Forecast], frontier: Frontier
) -> Iterator[Chain]:
    """The tiers over which a kind of policy is considered."""
    if kind == "mix":
        yield from neighbours(frontier)
    elif kind != "cascade":
        yield from pairs(frontier) if policy.using == kind else spanning(frontier)
    elif policy.using == "cascade":
        yield from staged(policy, members)
    else:
        yield from pairs(frontier)


def shortened(found: Sequence[Offer]) -> tuple[Offer, ...]:
    """Everything that pays, and of each refused kind the one with the largest AUC."""
    kept = [one for one in found if one.subject is not None]
    for kind in dict.fromkeys(one.forecast.kind for one in found):
        refused = [one for one in found if one.subject is None and one.forecast.kind == kind]
        if refused:
            kept.append(max(refused, key=lambda one: one.forecast.auc or 0.0))
    return tuple(kept)


def refused_whole(
    policy: Policy, reason: str, kind: str | None = None, members: tuple[str, ...] = ()
) -> Offer:
    """A policy of which nothing can be forecast."""
    kind = kind or policy.using
    return Offer(
        forecast=PolicyForecast(
            name=named(policy, kind, members) if members else policy.name,
            kind=kind,
            members=members,
            signal=None,
            thresholds=(),
            share=None,
            metric=Unmeasured(reason),
            basis="predicted",
            measures={},
            auc=None,
            curve=(),
            note=f"refused: {reason}",
        ),
        subject=None,
    )


def named(policy: Policy, kind: str, members: Sequence[str]) -> str:
    return f"{policy.name}[{kind}: {' > '.join(members)}]"


def single(policy: Policy, forecast: Forecast) -> Offer:
    """One candidate for every query."""
    subject = subject_of(forecast)
    name = f"{policy.name}[{forecast.candidate.name}]"
    metric = forecast.metric
    return Offer(
        forecast=PolicyForecast(
            name=name,
            kind="single",
            members=(forecast.candidate.name,),
            signal=None,
            thresholds=(),
            share=None,
            metric=metric if isinstance(metric, Unmeasured) else metric.estimate(),
            basis="measured" if isinstance(metric, Unmeasured) else metric.basis,
            measures={
                measure: found if isinstance(found, Unmeasured) else found.estimate()
                for measure, found in forecast.measures.items()
            },
            auc=None,
            curve=(),
            note=None,
        ),
        subject=Subject(
            name=name,
            strategy=None,
            metric_name=subject.metric_name,
            quantities=subject.quantities,
        ),
    )


def offer(setting: Setting, kind: str, chain: Chain, simpler: Sequence[Offer]) -> Offer | None:
    """A policy of this kind over the chain at its operating point, refused where something simpler
    does as well; None where its tiers cannot be compared row by row."""
    policy, seed = setting.policy, setting.seed
    tiers = tiers_of(chain.members, setting.questions, seed=seed)
    if isinstance(tiers, Unmeasured):
        names = tuple(one.candidate.name for one in chain.members)
        rising = all(one.items is not None for one in chain.members) and len(names) > 1
        if kind == policy.using == "cascade" and rising:
            return refused_whole(policy, tiers.reason, kind, names)
        return None
    if kind == "cascade" and (missing := without_signal(tiers, policy, chain.rules)):
        return refused_whole(policy, missing, kind, tiers.names)
    plug_in, options = implementation(kind), options_of(policy, kind)
    ways = cross_fitted(plug_in, tiers, options, seed=seed)
    sums = sums_of(tiers, ways, draws_for(tiers, ways))
    rule: Rule
    fitted = None
    if chain.rules:
        rule = written(chain.rules)
        ways = served_by(rule, tiers.seen)
        point = point_at(tiers, ways, None, n_test=setting.n_test, seed=seed)
    else:
        point = operating_point(
            tiers,
            ways,
            sums,
            setting.query,
            setting.strategies,
            n_test=setting.n_test,
            seed=seed,
        )
        fitted = plug_in.fit(tiers.known, options, seed=seed)
        rule = fitted.rule(point.budget or 0.0)
    if kind == "mix":
        note = point.beaten_by(setting.frontier.singles, setting.query, setting.strategies)
    else:
        note = dominated_by(kind, point, setting.frontier, simpler)
    found = described(policy, kind, tiers, point, rule, curve_of(tiers, sums), note)
    if note is not None:
        return found
    standing = Standing(
        policy=policy,
        kind=kind,
        tiers=tiers,
        ways=ways,
        fitted=fitted,
        rule=rule,
        n_test=setting.n_test,
        seed=seed,
    )
    return replace(found, standing=standing)


def moved(found: Offer, way: int) -> Offer:
    """The policy in one of the ways that it was tested in; it serves by the rule that was tested.
    Raises ValueError where it does not stand."""
    standing = found.standing
    if standing is None:
        raise ValueError(f"{found.forecast.name} was refused")
    final = replace(found.forecast, final=True)
    if standing.fitted is None:
        return replace(found, forecast=final)
    tiers, budget = standing.tiers, float(standing.tiers.budgets[way])
    only = Ways(
        asked=standing.ways.asked[way : way + 1], answers=standing.ways.answers[way : way + 1]
    )
    point = point_at(tiers, only, budget, n_test=standing.n_test, seed=standing.seed)
    rule, curve = standing.fitted.rule(budget), found.forecast.curve
    there = described(standing.policy, standing.kind, tiers, point, rule, curve, None)
    return replace(there, forecast=replace(there.forecast, final=True), standing=standing)


def without_signal(tiers: Tiers, policy: Policy, rules: Sequence[Escalation]) -> str | None:
    """Which tier but the last gives no signal to decide by, if any: a rule by hand stands on its
    own signal and no other."""
    for tier, (name, signals) in enumerate(zip(tiers.names, tiers.seen.signals, strict=True)):
        if tier == len(tiers.names) - 1:
            return None
        if rules and signal_of(signals, rules[tier].signal) != rules[tier].signal:
            return f"{name} gives no {rules[tier].signal}"
        if signal_of(signals, policy.signal) is None:
            return f"{name} gives no signal of its uncertainty"
    return None


def written(rules: Sequence[Escalation]) -> CascadeRule:
    """A cascade whose thresholds the user wrote."""
    return CascadeRule(
        signals=tuple(one.signal for one in rules),
        cuts=tuple(Cut(threshold=one.threshold, tied=0.0) for one in rules),
    )


def dominated_by(
    kind: str, point: OperatingPoint, frontier: Frontier, simpler: Sequence[Offer]
) -> str | None:
    """What simpler policy costs no more and is as good, if any, with the figures."""
    metric, cost = point.mean_metric, point.mean_cost
    for one in frontier.singles:
        if mean_cost(one) <= cost and mean_metric(one) >= metric:
            because = ", because the small tier is paid for every query" * (kind == "cascade")
            return (
                f"{one.candidate.name} alone reaches {mean_metric(one):.3f} at "
                f"{mean_cost(one):.3g} a request; the {kind} {metric:.3f} at {cost:.3g}{because}"
            )
    line = frontier.mixed_metric(cost)
    if line is not None and line >= metric:
        because = ": its signal does not earn the small tier's fee" * (kind == "cascade")
        return (
            f"a random mix of single candidates reaches {line:.3f} at the same {cost:.3g} a "
            f"request; the {kind} {metric:.3f}{because}"
        )
    for other in simpler:
        curve = other.forecast.curve
        if other.subject is None or not curve or cost < curve[0].budget:
            continue
        budgets, accuracies = zip(*((at.budget, at.accuracy) for at in curve), strict=True)
        reached_there = float(np.interp(cost, budgets, accuracies))
        if reached_there >= metric:
            return (
                f"{other.forecast.name} reaches {reached_there:.3f} at the same {cost:.3g} a "
                f"request and is simpler; the {kind} {metric:.3f}"
            )
    return None


def curve_of(tiers: Tiers, sums: Sums) -> tuple[CurvePoint, ...]:
    """Expected metric at every budget, with its 90 % interval, cross-fitted."""
    found = outcomes(tiers, sums)
    low, high = np.quantile(found.metric, [0.05, 0.95], axis=0)
    asked, answers = found.asked.mean(axis=1), found.answers.mean(axis=1)
    return tuple(
        CurvePoint(
            budget=float(budget),
            accuracy=float(found.metric[:, way].mean()),
            share=float(answers[-1, way]),
            low=float(low[way]),
            high=float(high[way]),
            asked=tuple(float(share) for share in asked[:, way]),
        )
        for way, budget in enumerate(tiers.budgets)
    )


def described(
    policy: Policy,
    kind: str,
    tiers: Tiers,
    point: OperatingPoint,
    rule: Rule,
    curve: tuple[CurvePoint, ...],
    note: str | None,
) -> Offer:
    """The policy at its operating point, refused where the note says why."""
    name, quantities = named(policy, kind, tiers.names), point.subject.quantities
    state = rule.state()
    limits = cast("list[float]", state.get("thresholds", []))
    signals = cast("list[str | None]", state.get("signals", []))
    metric = point.subject.metric
    forecast = PolicyForecast(
        name=name,
        kind=kind,
        members=tiers.names,
        signal=next((one for one in signals if one), None),
        thresholds=tuple(limit for limit in limits if abs(limit) < LARGEST),
        share=point.answers[-1],
        metric=metric if isinstance(metric, Unmeasured) else metric.estimate(),
        basis=basis_of(tiers),
        measures={
            measure: found if isinstance(found, Unmeasured) else found.estimate()
            for measure, found in quantities.items()
            if measure != point.subject.metric_name
        },
        auc=area(tiers.budgets, np.array([at.accuracy for at in curve])),
        curve=curve,
        note=None if note is None else f"refused: {note}",
        asked=point.asked,
        scores=point.scores,
        budget=point.budget,
        costs=tuple(float(cost) for cost in tiers.seen.costs),
        rule=state,
        final=point.budget is None or not implementation(kind).sees,
    )
    subject = Subject(
        name=name, strategy=None, metric_name=point.subject.metric_name, quantities=quantities
    )
    return Offer(forecast=forecast, subject=subject if note is None else None)
