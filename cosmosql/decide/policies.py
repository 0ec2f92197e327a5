"""Policies forecast from what their members answered on the common rows; no probe of their own.

Every threshold and every operating point is cross-fitted: none is judged on rows that chose it. A
policy that a simpler one dominates is refused, and its note says by what.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from cosmosql.decide.decision import CurvePoint, PolicyForecast
from cosmosql.decide.formulas import Strategies
from cosmosql.decide.frontier import Frontier, frontier_of, mean_cost, mean_metric
from cosmosql.decide.operating import (
    OperatingPoint,
    basis_of,
    fixed_threshold,
    in_column,
    operating_point,
)
from cosmosql.decide.subject import Subject, by_strategy, subject_of
from cosmosql.decide.tiers import (
    Pair,
    area,
    cascade_curve,
    mix_curve,
    pair_of,
    unit_costs,
)
from cosmosql.interval import Unmeasured
from cosmosql.model.program import Escalation, Policy, Query
from cosmosql.predict.forecast import Forecast


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A policy as the decision sees it: `subject` is None where it is refused."""

    forecast: PolicyForecast
    subject: Subject | None


def offers(
    policy: Policy,
    forecasts: Sequence[Forecast],
    query: Query,
    *,
    n_test: int | None,
    seed: int,
) -> tuple[Offer, ...]:
    """What a declared policy offers, over the candidates of its strategies: those that pay, then
    of each kind of refused ones the best."""
    members = [one for one in forecasts if one.candidate.strategy in policy.over]
    if policy.using == "route":
        reason = "a route must see features of the row before any answer; none are measured"
        return (refused_whole(policy, reason),)
    frontier = frontier_of(members)
    if not frontier.singles:
        return (refused_whole(policy, "none of its strategies has a measured metric and cost"),)
    strategies = {
        name: [in_column(one) for one in candidates]
        for name, candidates in by_strategy(forecasts).items()
    }
    found: list[Offer] = []
    if policy.using in ("single", "auto"):
        found += [single(policy, one) for one in frontier.singles if is_new(one, query)]
    for small, large, rule in pairs(policy, members, frontier):
        pair = pair_of(small, large, rule.signal if rule else policy.signal, seed=seed)
        if isinstance(pair, Unmeasured):
            continue
        if policy.using in ("mix", "auto"):
            found.append(mixed(policy, pair, frontier, query, strategies, n_test=n_test, seed=seed))
        if policy.using in ("cascade", "auto"):
            found.append(
                cascaded(policy, pair, rule, frontier, query, strategies, n_test=n_test, seed=seed)
            )
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
    return forecast.candidate.strategy not in query.strategies


def pairs(
    policy: Policy, members: Sequence[Forecast], frontier: Frontier
) -> Iterator[tuple[Forecast, Forecast, Escalation | None]]:
    """Small and large tiers, and the rule written by hand between them, if any: the undominated
    singles two by two; for a cascade the undominated candidates of each stage with those of every
    later one, or, where it has rules, of the stages that these escalate to."""
    if policy.using != "cascade":
        yield from ((small, large, None) for small, large in combinations(frontier.singles, 2))
        return
    stages = [
        frontier_of([one for one in members if one.candidate.strategy == stage]).singles
        for stage in policy.over
    ]
    rules = {rule.target: rule for rule in policy.escalations}
    for first, last in combinations(stages, 2):
        for small, large in product(first, last):
            rule = rules.get(large.candidate.strategy)
            if rule or not rules:
                yield small, large, rule


def shortened(found: Sequence[Offer]) -> tuple[Offer, ...]:
    """Everything that pays, and of each refused kind the one with the largest AUC."""
    kept = [offer for offer in found if offer.subject is not None]
    for kind in ("mix", "cascade"):
        refused = [o for o in found if o.subject is None and o.forecast.kind == kind]
        if refused:
            kept.append(max(refused, key=lambda offer: offer.forecast.auc or 0.0))
    return tuple(kept)


def refused_whole(policy: Policy, reason: str) -> Offer:
    return Offer(
        forecast=PolicyForecast(
            name=policy.name,
            kind=policy.using,
            members=(),
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


def mixed(
    policy: Policy,
    pair: Pair,
    frontier: Frontier,
    query: Query,
    strategies: Strategies,
    *,
    n_test: int | None,
    seed: int,
) -> Offer:
    """A random share of the queries to the large tier. It pays only where no single candidate
    does as well by the query's own measure."""
    point = operating_point(pair, "mix", query, strategies, n_test=n_test, seed=seed)
    curve = mix_curve(pair)
    note = point.beaten_by(frontier.singles, query, strategies)
    return offer(policy, pair, "mix", point, (), None, curve, note)


def cascaded(
    policy: Policy,
    pair: Pair,
    rule: Escalation | None,
    frontier: Frontier,
    query: Query,
    strategies: Strategies,
    *,
    n_test: int | None,
    seed: int,
) -> Offer:
    """Small first, large where the small one is unsure: below the rule's threshold, which is on the
    rule's own signal and no other, else below the one that serves the query best."""
    curve = cascade_curve(pair)
    if pair.signal is None or (rule is not None and pair.signal != rule.signal):
        point = operating_point(pair, "mix", query, strategies, n_test=n_test, seed=seed)
        missing = f"no {rule.signal}" if rule else "no signal of its uncertainty"
        reason = f"{pair.small.candidate.name} gives {missing}"
        return offer(policy, pair, "cascade", point, (), None, (), reason)
    if rule is not None:
        point = fixed_threshold(pair, rule.threshold, n_test=n_test, seed=seed)
    else:
        point = operating_point(pair, "cascade", query, strategies, n_test=n_test, seed=seed)
    note = dominated_by(pair, point, frontier)
    return offer(policy, pair, "cascade", point, (point.threshold,), pair.signal, curve, note)


def dominated_by(pair: Pair, point: OperatingPoint, frontier: Frontier) -> str | None:
    """What simpler policy costs no more and is as good, if any, with the figures."""
    costs = unit_costs(pair)
    metric, cost = point.mean_metric, point.mean_cost
    if costs is None or cost is None:
        return f"{pair.small.candidate.name} is not cheaper than {pair.large.candidate.name}"
    for single_one in frontier.singles:
        if mean_cost(single_one) <= cost and mean_metric(single_one) >= metric:
            return (
                f"{single_one.candidate.name} alone reaches {mean_metric(single_one):.3f} at "
                f"{mean_cost(single_one):.3g} a request; the cascade {metric:.3f} at {cost:.3g}, "
                "because the small tier is paid for every query"
            )
    line = frontier.mixed_metric(cost)
    if line is not None and line >= metric:
        return (
            f"a random mix of single candidates reaches {line:.3f} at the same {cost:.3g} a "
            f"request; the cascade {metric:.3f}: its {pair.signal} does not earn the small "
            "tier's fee"
        )
    return None


def offer(
    policy: Policy,
    pair: Pair,
    kind: str,
    point: OperatingPoint,
    thresholds: tuple[float, ...],
    signal: str | None,
    curve: tuple[CurvePoint, ...],
    note: str | None,
) -> Offer:
    """The policy at its operating point, refused where the note says why."""
    small, large = pair.small.candidate.name, pair.large.candidate.name
    name = f"{policy.name}[{kind}: {small} > {large}]"
    finite = tuple(value for value in thresholds if np.isfinite(value))
    return Offer(
        forecast=PolicyForecast(
            name=name,
            kind=kind,
            members=(small, large),
            signal=signal,
            thresholds=finite,
            share=point.share,
            metric=point.subject.metric
            if isinstance(point.subject.metric, Unmeasured)
            else point.subject.metric.estimate(),
            basis=basis_of(pair),
            measures={
                measure: found if isinstance(found, Unmeasured) else found.estimate()
                for measure, found in point.subject.quantities.items()
                if measure != point.subject.metric_name
            },
            auc=area(curve),
            curve=curve,
            note=None if note is None else f"refused: {note}",
        ),
        subject=None
        if note is not None
        else Subject(
            name=name,
            strategy=None,
            metric_name=point.subject.metric_name,
            quantities=point.subject.quantities,
        ),
    )
