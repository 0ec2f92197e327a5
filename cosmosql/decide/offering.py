"""A policy as the decision sees it: what is forecast of it, and why it is refused where it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import cast

import numpy as np

from cosmosql.contracts.policy import Rule
from cosmosql.decide.certified import Standing
from cosmosql.decide.decision import CurvePoint, PolicyForecast
from cosmosql.decide.operating import OperatingPoint, basis_of
from cosmosql.decide.plug_ins import implementation
from cosmosql.decide.subject import Subject, subject_of
from cosmosql.decide.tiers import Sums, Tiers, outcomes
from cosmosql.interval import Unmeasured
from cosmosql.model.program import Policy
from cosmosql.policies.cascade import LARGEST
from cosmosql.policies.curves import area
from cosmosql.predict.forecast import Forecast


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A policy as the decision sees it: `subject` is None where it is refused."""

    forecast: PolicyForecast
    subject: Subject | None
    standing: Standing | None = field(default=None, repr=False)
    """What a test of it takes; None where it is refused, or one candidate answers all."""


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


def refused(found: Offer, note: str) -> Offer:
    """The offer withdrawn, with what is said against it."""
    return Offer(forecast=replace(found.forecast, note=f"refused: {note}"), subject=None)


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
