"""Forecasts and declared policies in, the decision out.

`decide` corrects what was measured for the choice that is made among it, judges every requirement,
forms the objective of every option under the same draws, and calls the query decided when the
chosen option's regret is within the tolerance with the asked confidence. Regret in a draw is what
the best option whose requirements are satisfied in that draw would gain over the chosen one
(docs/science.md, "Decision" and "Winner's curse").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from cosmosql.contracts.policy import Question
from cosmosql.decide.certified import Tested
from cosmosql.decide.certifying import Certifying, put_to_test, with_certificates, with_outcome
from cosmosql.decide.decision import Decision, Option, Verdict
from cosmosql.decide.formulas import Array, Strategies
from cosmosql.decide.imagined import Imagined
from cosmosql.decide.judged import Judged, expected, is_ratio, judge_one
from cosmosql.decide.next_dollar import EVIDENCE, Market, purchases
from cosmosql.decide.offering import Offer
from cosmosql.decide.paired import Paired, paired
from cosmosql.decide.policies import NO_QUESTIONS, offers
from cosmosql.decide.reasons import (
    Comparison,
    reason_against,
    reasons_for,
    what_is_missing,
)
from cosmosql.decide.selection import corrected_metric, sobered
from cosmosql.decide.subject import Subject, by_strategy, subject_of
from cosmosql.interval import Estimate, Unmeasured
from cosmosql.model.program import Policy, Query
from cosmosql.predict.forecast import Distribution, Forecast

WORTH = 0.01
"""Share of a candidate's cost a request that a policy has to save to be chosen before it."""


def decide(
    query: Query,
    forecasts: Sequence[Forecast],
    policies: Sequence[Policy],
    *,
    n_test: int | None,
    seed: int,
    imagined: Sequence[Imagined] = (),
    parameters: Mapping[str, int] = MappingProxyType({}),
    questions: Mapping[str, Question] = NO_QUESTIONS,
    certifying: Certifying | None = None,
) -> Decision:
    """The decision of a query over the candidates of its strategies and its declared policies.

    `forecasts` may hold candidates that only policies stand on; `questions` are those of the probe
    rows by identity; `certifying` puts a policy to the test where a requirement's confidence is
    written out. Decided: an option is shown to
    meet every requirement and its regret is within the tolerance with the asked confidence.
    Infeasible: every option is shown to fail. Undecided: anything else; `chosen` is then the best
    guess, None where no objective was measured.
    """
    offered = offered_by(policies, forecasts, query, n_test=n_test, seed=seed, questions=questions)
    outcome = None
    if certifying is not None:
        offered, outcome = put_to_test(query, offered, forecasts, certifying)
    judged = judged_options(query, forecasts, offered, outcome, n_test=n_test, seed=seed)
    chosen, probability, settled = choose(query, judged)
    measured = {one.candidate.name: one for one in forecasts}
    own = measured.get(chosen.subject.name) if chosen else None
    against = {
        name: found
        for name, one in measured.items()
        if own is not None and one is not own and (found := paired(own, one)) is not None
    }
    decision = document(query, judged, offered, chosen, probability, settled, against)
    subjects = [one.subject for one in judged]
    if chosen is None:
        return with_outcome(decision, outcome, subjects)
    market = Market(
        query=query,
        judged=judged,
        chosen=chosen,
        settled=settled,
        strategies=owners(forecasts, subjects),
        candidates={one.candidate.name: one.candidate for one in forecasts},
        parameters=parameters,
        imagined=imagined,
        seed=seed,
    )
    bought = purchases(market)
    measurable = next((one.what for one in bought if one.kind in EVIDENCE), None)
    decision = replace(decision, next=bought, next_evidence=measurable or decision.next_evidence)
    return with_outcome(decision, outcome, subjects)


def weigh(
    query: Query,
    forecasts: Sequence[Forecast],
    policies: Sequence[Policy],
    *,
    n_test: int | None,
    seed: int,
    questions: Mapping[str, Question] = NO_QUESTIONS,
) -> tuple[list[Offer], list[Judged]]:
    """What the policies offer, and every option that can be chosen with its draws.

    While probes are being chosen it is asked without questions, and so without the policies that
    `auto` would have to learn from them: these are fitted once, when probing has ended.
    """
    offered = offered_by(policies, forecasts, query, n_test=n_test, seed=seed, questions=questions)
    return offered, judged_options(query, forecasts, offered, None, n_test=n_test, seed=seed)


def offered_by(
    policies: Sequence[Policy],
    forecasts: Sequence[Forecast],
    query: Query,
    *,
    n_test: int | None,
    seed: int,
    questions: Mapping[str, Question],
) -> list[Offer]:
    """What the declared policies offer."""
    return [
        offer
        for policy in policies
        for offer in offers(policy, forecasts, query, n_test=n_test, seed=seed, questions=questions)
    ]


def judged_options(
    query: Query,
    forecasts: Sequence[Forecast],
    offered: Sequence[Offer],
    outcome: Tested | None,
    *,
    n_test: int | None,
    seed: int,
) -> list[Judged]:
    """Every option that can be chosen, with its draws."""
    named = [one for one in forecasts if one.candidate.strategy in query.strategies]
    subjects = [subject_of(one) for one in named]
    subjects += [offer.subject for offer in offered if offer.subject is not None]
    subjects = list(sobered(subjects, n_test=n_test, seed=seed))
    subjects = with_certificates(subjects, offered, outcome)
    strategies = owners(forecasts, subjects)
    return [judge_one(query, one, strategies) for one in subjects]


def owners(forecasts: Sequence[Forecast], subjects: Sequence[Subject]) -> Strategies:
    """The candidates of each strategy, as the options have them, for formulas that name one."""
    options = {one.name: one for one in subjects}
    return {
        name: [options.get(one.name, one) for one in candidates]
        for name, candidates in by_strategy(forecasts).items()
    }


def choose(query: Query, judged: Sequence[Judged]) -> tuple[Judged | None, float | None, bool]:
    """The chosen option, the probability that its regret is within the tolerance, and whether that
    settles the query.

    Among options shown to meet the requirements whose regret is within the tolerance with the
    asked confidence the cheapest a request is taken: they cannot be told apart by what was asked.
    What is equal in that, too, is told apart by the metric. A policy that is the cheapest has to
    save `WORTH` of a candidate's cost: a further tier is one more thing to adapt and to run.
    """
    contenders = [
        one
        for one in judged
        if one.verdict is not Verdict.FAILS and not isinstance(one.objective, Unmeasured)
    ]
    holding = [one for one in contenders if one.verdict is Verdict.HOLDS]
    if not contenders:
        return None, None, False
    probabilities = regret_probabilities(query, contenders)
    confidence = float(query.confidence)
    settled = [one for one in holding if probabilities[one.subject.name] >= confidence]
    if settled:
        alone = [one for one in settled if one.subject.strategy is not None]
        chosen = min(settled, key=order)
        simpler = min(alone, key=order, default=chosen)
        if costs(simpler)[0] * (1 - WORTH) <= costs(chosen)[0]:
            chosen = simpler
    else:
        chosen = max(
            holding or contenders, key=lambda one: (expected(one), quality(one), one.subject.name)
        )
    return chosen, probabilities[chosen.subject.name], bool(settled)


def order(judged: Judged) -> tuple[float, float, float, float, str]:
    """By cost a request and one-off, then objective, then metric, the best first."""
    return *costs(judged), -expected(judged), -quality(judged), judged.subject.name


def regret_probabilities(query: Query, contenders: Sequence[Judged]) -> Mapping[str, float]:
    """For each contender the probability that its regret is within the tolerance."""
    within = within_tolerance(query, contenders)
    return {
        one.subject.name: float(own.mean()) for one, own in zip(contenders, within, strict=True)
    }


def within_tolerance(query: Query, contenders: Sequence[Judged]) -> NDArray[np.bool_]:
    """Whether no option that is feasible in the draw gains more than the tolerance over the
    contender, shape (contenders, draws).

    The tolerance is absolute for an objective that is a ratio (`decide within 1 pp` of accuracy)
    and relative to the option's own value otherwise (1 % of a cost).
    """
    objective = np.array([one.objective for one in contenders])
    feasible = np.array([one.feasible for one in contenders])
    best = np.where(feasible, objective, -np.inf).max(axis=0)
    tolerance = float(query.tolerance)
    share_of_one = is_ratio(query, contenders[0].subject)
    allowed = tolerance if share_of_one else tolerance * np.abs(objective)
    return np.asarray(best - objective <= allowed + 1e-12)


def quality(judged: Judged) -> float:
    """The expected metric, by which options of equal objective and cost are told apart; an
    unmeasured one last."""
    metric = judged.subject.metric
    return float(metric.draws.mean()) if isinstance(metric, Distribution) else -np.inf


def costs(judged: Judged) -> tuple[float, float]:
    """Expected cost a request and one-off, unknown ones last."""
    found = []
    for name in ("serve_cost", "adapt_cost"):
        cost = judged.subject.quantities.get(name)
        found.append(float(cost.draws.mean()) if isinstance(cost, Distribution) else np.inf)
    return found[0], found[1]


def document(
    query: Query,
    judged: Sequence[Judged],
    offered: Sequence[Offer],
    chosen: Judged | None,
    probability: float | None,
    settled: bool,
    against: Mapping[str, Paired],
) -> Decision:
    comparisons = [comparison(query, one, chosen, against) for one in judged]
    options = tuple(
        Option(
            name=one.subject.name,
            verdict=one.verdict,
            misses=one.misses,
            objective=objective_estimate(query, one),
            corrected=corrected_metric(one.subject),
            paired=against.get(one.subject.name),
            reason=reason_against(compared, query),
        )
        for one, compared in zip(judged, comparisons, strict=True)
    )
    if settled:
        status = "decided"
    elif judged and all(one.verdict is Verdict.FAILS for one in judged):
        status = "infeasible"
    else:
        status = "undecided"
    own = next((c for c in comparisons if chosen and c.subject is chosen.subject), None)
    return Decision(
        status=status,
        chosen=chosen.subject.name if chosen else None,
        reasons=reasons_for(query, status, own, comparisons, probability),
        next_evidence=what_is_missing(comparisons) if status == "undecided" else None,
        regret_probability=probability,
        options=options,
        policies=tuple(offer.forecast for offer in offered),
    )


def comparison(
    query: Query, one: Judged, chosen: Judged | None, against: Mapping[str, Paired]
) -> Comparison:
    """An option against the chosen one, paired draw by draw."""
    gap: Array | None = None
    both = chosen is not None and not isinstance(chosen.objective, Unmeasured)
    if chosen is not None and both and not isinstance(one.objective, Unmeasured):
        gap = np.asarray(chosen.objective) - one.objective
    return Comparison(
        subject=one.subject,
        verdict=one.verdict,
        misses=one.misses,
        objective=one.objective if isinstance(one.objective, Unmeasured) else expected(one),
        chosen=chosen.subject if chosen else None,
        gap=gap,
        paired=against.get(one.subject.name),
        ratio=is_ratio(query, one.subject),
    )


def objective_estimate(query: Query, judged: Judged) -> Estimate | Unmeasured:
    """The objective as the query states it, with its 90 % interval."""
    if isinstance(judged.objective, Unmeasured):
        return judged.objective
    sign = 1.0 if query.objective.direction == "maximize" else -1.0
    low, middle, high = np.quantile(sign * judged.objective, [0.05, 0.5, 0.95])
    metric = judged.subject.metric
    rows = metric.n if isinstance(metric, Distribution) else 1
    return Estimate(float(middle), float(low), float(high), rows)
