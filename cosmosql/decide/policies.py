"""Policies forecast from what their members answered on the common rows; no probe of their own.

Every fit, threshold and operating point is cross-fitted: none is judged on rows that chose it. A
policy that a simpler one dominates is refused, and its note says by what.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import numpy as np

from cosmosql.contracts.policy import Question, Rule, Ways
from cosmosql.decide.certified import Standing, served_by
from cosmosql.decide.chains import Chain, neighbours, pairs, spanning, staged
from cosmosql.decide.formulas import Strategies
from cosmosql.decide.frontier import Frontier, frontier_of, is_comparable, mean_cost, mean_metric
from cosmosql.decide.hull import with_hull
from cosmosql.decide.offering import (
    Offer,
    curve_of,
    described,
    named,
    refused,
    refused_whole,
    single,
)
from cosmosql.decide.operating import (
    OperatingPoint,
    draws_for,
    in_column,
    operating_point,
    point_at,
)
from cosmosql.decide.person import PERSON, person
from cosmosql.decide.plug_ins import implementation, options_of
from cosmosql.decide.preferred import areas_won, outdone
from cosmosql.decide.subject import by_strategy
from cosmosql.decide.tiers import Tiers, cross_fitted, left_out, sums_of, tiers_of
from cosmosql.interval import Unmeasured
from cosmosql.model.program import Escalation, Policy, Query
from cosmosql.policies.cascade import CascadeRule
from cosmosql.policies.confidence import signal_of
from cosmosql.policies.cut import Cut
from cosmosql.predict.forecast import Forecast

SEARCHED = ("mix", "cascade", "route", "cascade_route")
"""What `auto` searches over beside the single candidates, simplest first."""

NO_QUESTIONS: Mapping[str, Question] = MappingProxyType({})


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

    `questions` are those of the rows by identity. Without them, while probes are chosen, `auto`
    leaves out the policies that see the question and looks at few chains of tiers, and a declared
    policy takes all questions for alike.
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
        chains = chains_of(kind, policy, members, frontier, questions=bool(questions))
        for chain in chains:
            one = offer(setting, kind, chain, simpler)
            found += [one] if one else []
    if policy.using == "auto":
        found = with_hull(one_a_chain(found), frontier)
    if not found:
        return (refused_whole(policy, _why_nothing(members, frontier)),)
    return shortened(found)


def _why_nothing(members: Sequence[Forecast], frontier: Frontier) -> str:
    """Why no two of the strategies make a policy."""
    unknown = sorted(one.candidate.name for one in members if not is_comparable(one))
    if unknown:
        return f"metric and cost are not both known of {', '.join(unknown)}"
    if len(frontier.singles) == 1:
        return "one of its strategies is as cheap and as good as any other"
    return "no two of its strategies differ in cost and in metric"


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


def chains_of(
    kind: str,
    policy: Policy,
    members: Sequence[Forecast],
    frontier: Frontier,
    *,
    questions: bool,
) -> Iterator[Chain]:
    """The tiers over which a kind of policy is considered."""
    if kind == "mix":
        yield from neighbours(frontier)
    elif kind == policy.using == "cascade":
        yield from staged(policy, members)
    elif kind == policy.using or (kind == "cascade" and questions):
        yield from pairs(frontier)
    else:
        yield from spanning(frontier)


def shortened(found: Sequence[Offer]) -> tuple[Offer, ...]:
    """Everything that pays, and of each refused kind the one with the largest AUC."""
    kept = [one for one in found if one.subject is not None]
    for kind in dict.fromkeys(one.forecast.kind for one in found):
        withdrawn = [one for one in found if one.subject is None and one.forecast.kind == kind]
        if withdrawn:
            kept.append(max(withdrawn, key=lambda one: one.forecast.auc or 0.0))
    return tuple(kept)


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
    fitted = plug_in.fit(tiers.known, options, seed=seed)
    ways = left_out(plug_in, fitted, tiers, options, seed=seed)
    sums = sums_of(tiers, ways, draws_for(tiers, ways))
    rule: Rule
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
        fitted=None if chain.rules else fitted,
        rule=rule,
        budget=point.budget,
        n_test=setting.n_test,
        seed=seed,
    )
    return replace(found, standing=standing)


def one_a_chain(found: Sequence[Offer]) -> list[Offer]:
    """Of the policies over the same tiers the kind that is expected to win most; the others are
    refused, and say by what."""
    chains: dict[tuple[str, ...], dict[str, Standing]] = {}
    for one in found:
        if one.standing is not None and one.standing.kind != "mix":
            chains.setdefault(one.forecast.members, {})[one.standing.kind] = one.standing
    notes: dict[str, str] = {}
    for members, kinds in chains.items():
        if len(kinds) < 2:
            continue
        first = next(iter(kinds.values()))
        ways = {kind: one.ways for kind, one in kinds.items()}
        ways["mix"] = cross_fitted(implementation("mix"), first.tiers, {}, seed=first.seed)
        won = areas_won(first.tiers, ways)
        for kind in kinds:
            if note := outdone(kind, list(kinds), won):
                notes[named(first.policy, kind, members)] = note
    return [
        refused(one, notes[one.forecast.name]) if one.forecast.name in notes else one
        for one in found
    ]


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
