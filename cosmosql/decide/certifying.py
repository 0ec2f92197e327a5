"""The policy of a query that is put to the test, and what that changes for the decision."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from cosmosql.contracts.metric import Metric
from cosmosql.contracts.policy import Question
from cosmosql.decide.certified import Calibration, Tested, pledges_of, study, tested
from cosmosql.decide.decision import Decision, Verdict
from cosmosql.decide.offering import Offer
from cosmosql.decide.policies import moved
from cosmosql.decide.requirements import said
from cosmosql.decide.subject import Subject, by_strategy
from cosmosql.interval import Unmeasured
from cosmosql.model.program import Query
from cosmosql.plan.candidate import Candidate
from cosmosql.predict.forecast import Distribution, Forecast
from cosmosql.schema import registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Certifying:
    """What a test takes: how many calibration rows there are, what they ask, and the outcomes of
    candidates in full on them, or why there are none."""

    rows: int
    questions: Mapping[str, Question] = field(repr=False)
    measure: Callable[[Sequence[Candidate]], Calibration | Unmeasured] = field(repr=False)


def put_to_test(
    query: Query, offered: Sequence[Offer], forecasts: Sequence[Forecast], certifying: Certifying
) -> tuple[list[Offer], Tested | None]:
    """The offers, with the policy that was tested in the way that it was certified in, and what
    came of the test; None where the query asks for none."""
    standings = {one.forecast.name: one.standing for one in offered if one.standing is not None}
    if not standings:
        return list(offered), None
    metric, strategies = forecasts[0].metric_name, by_strategy(forecasts)
    pledges = pledges_of(query, metric, strategies, decomposes=decomposes(metric))
    if not pledges:
        return list(offered), None
    found = study(query, pledges, standings, forecasts, strategies, rows=certifying.rows)
    if found is None:
        return list(offered), None
    in_vain = found.untested is not None
    outcome = tested(
        found,
        Unmeasured(found.untested or "") if in_vain else certifying.measure(found.needs),
        certifying.questions,
    )
    way = outcome.way
    if way is None:
        return list(offered), outcome
    return [
        moved(one, way) if one.forecast.name == outcome.policy else one for one in offered
    ], outcome


def decomposes(metric: str) -> bool:
    """Whether a metric is the mean of row scores."""
    return cast(Metric, registry.load(registry.extension("metric", metric))).decomposes


def with_certificates(
    subjects: Sequence[Subject], offered: Sequence[Offer], outcome: Tested | None
) -> list[Subject]:
    """The options with what the test says of each."""
    if outcome is None:
        return list(subjects)
    policies = {one.forecast.name: one.forecast for one in offered}
    return [replace(one, certificates=outcome.of(one, policies.get(one.name))) for one in subjects]


def with_outcome(
    decision: Decision, outcome: Tested | None, subjects: Sequence[Subject]
) -> Decision:
    """The decision with its certificates, what they say, and the rows that would settle it."""
    if outcome is None:
        return decision
    reasons = [f"{one.policy}, `{one.requirement}`: {said(one)}" for one in outcome.certificates]
    by_name = {one.name: one for one in subjects}
    chosen, policy = by_name.get(decision.chosen or ""), by_name.get(outcome.policy)
    if outcome.way is not None and chosen is not None and policy not in (None, chosen):
        words = dearer(policy, chosen)
        reasons += [words] if words else []
    wanted = [one.needed for one in outcome.certificates if one.verdict is not Verdict.HOLDS]
    rows = max((one for one in wanted if one is not None), default=None)
    settles = decision.status == "undecided" and rows is not None
    return replace(
        decision,
        certificates=outcome.certificates,
        reasons=(*decision.reasons, *reasons),
        next_evidence=f"label {rows} calibration rows" if settles else decision.next_evidence,
    )


def dearer(policy: Subject, chosen: Subject) -> str | None:
    """That a certified policy costs more a request than the chosen one, where it does."""
    own, other = (one.quantities.get("serve_cost") for one in (policy, chosen))
    if not isinstance(own, Distribution) or not isinstance(other, Distribution):
        return None
    if own.value < other.value:
        return None
    return (
        f"{policy.name} is certified, but takes {own.value:.3g} {own.unit}, no less than "
        f"{chosen.name} alone with {other.value:.3g}"
    )
