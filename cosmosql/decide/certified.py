"""Requirements with a written confidence, of policies over several tiers: tested on calibration
rows, not forecast.

`study` settles on the validation rows which policy is tested, in which of its ways and in which
order; `tested` carries the test out on calibration rows, which nothing was chosen by. One policy is
tested: whatever else is searched through, the confidence is spent once (docs/science.md,
"Guarantees").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from cosmosql.contracts.policy import Fitted, Question, Rule, Seen, Ways
from cosmosql.decide.decision import Certificate, PolicyForecast, Verdict
from cosmosql.decide.formulas import Strategies
from cosmosql.decide.operating import draws_for, in_column, judge_ways, subject_at
from cosmosql.decide.person import PERSON
from cosmosql.decide.promises import Pledge, pledge_of
from cosmosql.decide.subject import Subject
from cosmosql.decide.tiers import Tiers, outcomes, sums_of
from cosmosql.interval import Unmeasured
from cosmosql.model.program import Policy, Query
from cosmosql.plan.candidate import Candidate
from cosmosql.policies.cascade import CascadeRule, reached
from cosmosql.policies.certificates import Design, certify, design, lower_bound, p_value
from cosmosql.policies.confidence import confidences
from cosmosql.predict.forecast import Forecast, ItemForecast
from cosmosql.predict.pairing import Array

NO_ROWS = "the data has no calibration rows"
AGAINST = "on the validation rows it does not seem to keep it at any price below the last tier's"
ELSEWHERE = "another policy was tested, and a second test would take confidence from the first"
FURTHER = "it needs more calibration rows than another policy, which has too few"

Calibration = Mapping[str, ItemForecast]
"""The outcomes of candidates in full on the calibration rows, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An offered policy as it can be tested: how it serves the validation rows, `ways` cross-fitted
    at the tiers' budgets, and as it was fitted on all of them. `fitted` is None where the user
    wrote the rule, in the one way that there is."""

    policy: Policy
    kind: str
    tiers: Tiers
    ways: Ways = field(repr=False)
    fitted: Fitted | None = field(repr=False)
    rule: Rule
    budget: float | None
    """What it is offered at."""
    n_test: int | None
    seed: int

    @property
    def way(self) -> int:
        """The way that is offered, by number from the dearest on."""
        if self.budget is None:
            return 0
        return int(np.argmin(np.abs(self.tiers.budgets[::-1] - self.budget)))

    def serve(self, seen: Seen) -> Ways:
        """How it serves rows that it was not fitted on."""
        if self.fitted is not None:
            return self.fitted.ways(seen, [float(budget) for budget in self.tiers.budgets])
        if not isinstance(self.rule, CascadeRule):
            raise ValueError(f"a rule by hand of a {self.kind}")
        return served_by(self.rule, seen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """What is to be tested: a policy's ways, by number from the dearest on, against every pledge.
    `names` are its tiers and the other candidates that the pledges are relative to. `worth` is the
    expected objective of each way. `untested` says why it need not even be tried."""

    policy: str
    standing: Standing
    pledges: tuple[Pledge, ...]
    names: tuple[str, ...]
    designs: tuple[Design, ...] = field(repr=False)
    worth: Array = field(repr=False)
    needs: tuple[Candidate, ...]
    rows: int
    untested: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """What came of a study: the `way` in which the policy serves best among those that keep every
    pledge, None where there is none, and a certificate for each pledge."""

    policy: str
    way: int | None
    certificates: tuple[Certificate, ...]

    def of(self, subject: Subject, forecast: PolicyForecast | None) -> Mapping[str, Certificate]:
        """What the certificates say of an option, by requirement: nothing of single candidates."""
        if forecast is None or len(forecast.members) < 2:
            return {}
        own = subject.name == self.policy
        return {
            one.requirement: one if own else elsewhere(one, subject.name)
            for one in self.certificates
        }


def served_by(rule: CascadeRule, seen: Seen) -> Ways:
    """How a cascade whose thresholds are set serves rows, in its one way."""
    sure = [
        confidences(signals, name, seen.rows)
        for signals, name in zip(seen.signals, rule.signals, strict=False)
    ]
    asked, answers = reached(np.stack(sure), rule.cuts)
    return Ways(asked=asked[None], answers=answers[None])


def elsewhere(found: Certificate, name: str) -> Certificate:
    """The certificate that a policy does not get because another one was tested."""
    return replace(
        found,
        policy=name,
        verdict=Verdict.UNDECIDED,
        rows=0,
        bound=None,
        p_value=None,
        tried=0,
        needed=None,
        reason=ELSEWHERE if found.rows else FURTHER,
    )


def pledges_of(
    query: Query, metric: str, strategies: Strategies, *, decomposes: bool
) -> tuple[Pledge, ...]:
    """The requirements that are tested where the option is a policy. A metric that is no mean of
    row scores has no such test."""
    if not decomposes:
        return ()
    found = [pledge_of(one, metric, strategies) for one in query.requirements]
    return tuple(one for one in found if one is not None)


def study(
    query: Query,
    pledges: Sequence[Pledge],
    standings: Mapping[str, Standing],
    forecasts: Sequence[Forecast],
    strategies: Strategies,
    *,
    rows: int,
) -> Study | None:
    """The policy, by name, that so many calibration rows should certify and that then serves the
    query best; where none should be certified, the one that needs the fewest rows. None where there
    is nothing to test."""
    by_name = {one.candidate.name: one for one in forecasts}
    studies = [
        found
        for name, standing in standings.items()
        if (found := studied(query, pledges, name, standing, by_name, strategies, rows=rows))
    ]
    hopeful = [one for one in studies if one.untested is None]
    if hopeful:
        return max(hopeful, key=lambda one: float(one.worth[list(hoped(one))].max()))
    return min(studies, key=lambda one: needed(one) or np.inf, default=None)


def studied(
    query: Query,
    pledges: Sequence[Pledge],
    name: str,
    standing: Standing,
    forecasts: Mapping[str, Forecast],
    strategies: Strategies,
    *,
    rows: int,
) -> Study | None:
    """One policy's study; None where a pledge is relative to a candidate whose answers on the
    policy's rows are not known."""
    tiers = standing.tiers
    others = [one for pledge in pledges for one in pledge.weights if one not in tiers.names]
    names = (*tiers.names, *dict.fromkeys(others))
    members = [*tiers.members, *(forecasts[one] for one in names[len(tiers.names) :])]
    found = scores_of([one.items for one in members], tiers.rows)
    if found is None:
        return None
    scores = np.concatenate([tiers.known.scores, found[len(tiers.names) :]])
    binary = all(one.items is not None and is_binary(one.items.score) for one in members)
    answers = dearest_first(standing.ways, len(names))
    designs = tuple(design(one.over(names), answers, scores, binary=binary) for one in pledges)
    draft = Study(
        policy=name,
        standing=standing,
        pledges=tuple(pledges),
        names=names,
        designs=designs,
        worth=worth(query, standing, pledges, strategies)[::-1],
        needs=tuple(one.candidate for one in members if one.candidate.name != PERSON),
        rows=rows,
        untested=None,
    )
    return replace(draft, untested=why_not(draft))


def why_not(draft: Study) -> str | None:
    """Why a test would be in vain, if it would."""
    if hoped(draft):
        return None
    if not draft.rows:
        return NO_ROWS
    wanted = needed(draft)
    return AGAINST if wanted is None else f"there are {draft.rows} calibration rows"


def hoped(draft: Study) -> frozenset[int]:
    """The ways that the calibration rows should show to keep every pledge."""
    each = [
        frozenset(one.hoped(draft.rows, confidence(pledge)))
        for one, pledge in zip(draft.designs, draft.pledges, strict=True)
    ]
    return frozenset.intersection(*each)


def needed(draft: Study) -> int | None:
    """Calibration rows that should do for all pledges in the way that is offered, or in any; None
    where none ever will."""
    way = draft.standing.way
    each = [
        one.needed(confidence(pledge), way)
        for one, pledge in zip(draft.designs, draft.pledges, strict=True)
    ]
    known = [one for one in each if one is not None]
    return max(known) if len(known) == len(each) else None


def confidence(pledge: Pledge) -> float:
    return float(pledge.requirement.confidence)


def is_binary(scores: Array) -> bool:
    return bool(np.isin(scores, (0.0, 1.0)).all())


def dearest_first(ways: Ways, names: int) -> Array:
    """The probabilities of answers, shape (ways, names, rows), from the dearest budget on; what is
    no tier never answers."""
    answers = ways.answers[::-1]
    empty = np.zeros((len(answers), names - answers.shape[1], answers.shape[2]))
    return np.concatenate([answers, empty], axis=1)


def worth(
    query: Query, standing: Standing, pledges: Sequence[Pledge], strategies: Strategies
) -> Array:
    """The expected objective of each way, larger is better, less what it falls short of the other
    requirements by, which weighs more; shape (ways,)."""
    tiers, ways = standing.tiers, standing.ways
    draws = draws_for(tiers, ways)
    grid = subject_at(tiers, outcomes(tiers, sums_of(tiers, ways, draws)))
    tested = [one.requirement for one in pledges]
    others = tuple(one for one in query.requirements if one not in tested)
    named = {name: [in_column(one, draws) for one in each] for name, each in strategies.items()}
    judged = judge_ways(replace(query, requirements=others), grid, named)
    if judged is None:
        return np.zeros(len(ways.asked))
    spread = float(np.ptp(judged.objective)) + 1.0
    return np.asarray(judged.objective - spread * np.maximum(judged.shortfall, 0.0) * 1e3)


def scores_of(items: Sequence[ItemForecast | None], rows: Sequence[str]) -> Array | None:
    """Row scores of each candidate, shape (candidates, rows); None where one was not asked all."""
    found = []
    for one in items:
        place = {} if one is None else {row: index for index, row in enumerate(one.rows)}
        if one is None or not set(rows) <= set(place):
            return None
        found.append(one.score[[place[row] for row in rows]])
    return np.stack(found)


def tested(
    found: Study, calibration: Calibration | Unmeasured, questions: Mapping[str, Question]
) -> Tested:
    """The study carried out on calibration rows; without them every pledge is undecided."""
    reason = found.untested
    if reason is None and isinstance(calibration, Unmeasured):
        reason = calibration.reason
    rows = () if isinstance(calibration, Unmeasured) else common_rows(found, calibration)
    if reason is not None or not rows or isinstance(calibration, Unmeasured):
        return Tested(
            policy=found.policy,
            way=None,
            certificates=tuple(not_tested(found, one, reason) for one in found.pledges),
        )
    scores = scores_on(found, calibration, rows)
    served = found.standing.serve(seen_on(found, calibration, rows, questions))
    answers = dearest_first(served, len(found.names))
    passed, certificates = [], []
    for pledge, plan in zip(found.pledges, found.designs, strict=True):
        result = certify(plan, answers, scores, confidence=confidence(pledge))
        passed.append(frozenset(result.passed if result else ()))
        certificates.append((pledge, plan, result))
    kept = frozenset.intersection(*passed)
    way = max(kept, key=lambda one: (found.worth[one], one), default=None)
    return Tested(
        policy=found.policy,
        way=None if way is None else len(found.worth) - 1 - way,
        certificates=tuple(
            certificate(
                found, pledge, plan, len(result.p_values) if result else 0, way, answers, scores
            )
            for pledge, plan, result in certificates
        ),
    )


def common_rows(found: Study, calibration: Calibration) -> tuple[str, ...]:
    """The calibration rows that everybody answered, in the order of the first one's."""
    needed_names = [one.name for one in found.needs]
    if not set(needed_names) <= set(calibration):
        return ()
    first, *others = [calibration[name].rows for name in needed_names]
    common = set(first).intersection(*others)
    return tuple(row for row in first if row in common)


def scores_on(found: Study, calibration: Calibration, rows: tuple[str, ...]) -> Array:
    """Row scores of the tiers and the other candidates; a person is always right."""
    each = []
    for name in found.names:
        known = None if name == PERSON else scores_of([calibration[name]], rows)
        each.append(np.ones(len(rows)) if known is None else known[0])
    return np.stack(each)


def seen_on(
    found: Study,
    calibration: Calibration,
    rows: tuple[str, ...],
    questions: Mapping[str, Question],
) -> Seen:
    """What the policy may know of the calibration rows."""
    signals: list[Mapping[str, Array]] = []
    for name in found.standing.tiers.names:
        if name == PERSON:
            signals.append({})
            continue
        items = calibration[name]
        place = {row: index for index, row in enumerate(items.rows)}
        index = [place[row] for row in rows]
        signals.append({signal: values[index] for signal, values in items.signals.items()})
    return Seen(
        questions=tuple(questions.get(row, Question(row=row, text="")) for row in rows),
        signals=tuple(signals),
        costs=found.standing.tiers.seen.costs,
    )


def not_tested(found: Study, pledge: Pledge, reason: str | None) -> Certificate:
    plan = found.designs[found.pledges.index(pledge)]
    return Certificate(
        requirement=pledge.requirement.text,
        policy=found.policy,
        verdict=Verdict.UNDECIDED,
        procedure=plan.trials[0].test if plan.trials else None,
        confidence=confidence(pledge),
        rows=0,
        tried=0,
        bound=None,
        p_value=None,
        needed=plan.needed(confidence(pledge), found.standing.way),
        reason=reason or NO_ROWS,
    )


def certificate(
    found: Study,
    pledge: Pledge,
    plan: Design,
    tried: int,
    way: int | None,
    answers: Array,
    scores: Array,
) -> Certificate:
    """What the test says of the way that is chosen, or, where there is none, of the first that was
    tested."""
    level = confidence(pledge)
    shown = next((one for one in plan.trials if one.way == way), plan.trials[0])
    rows = scores.shape[1]
    wanted = None
    if way is None:
        again = design(plan.promise, answers, scores, binary=is_binary(scores))
        likely = again.needed(level, found.standing.way)
        wanted = None if likely is None else max(likely, rows + 1)
    return Certificate(
        requirement=pledge.requirement.text,
        policy=found.policy,
        verdict=Verdict.UNDECIDED if way is None else Verdict.HOLDS,
        procedure=shown.test,
        confidence=level,
        rows=rows,
        tried=tried,
        bound=lower_bound(plan.promise, shown, answers[shown.way], scores, confidence=level),
        p_value=p_value(plan.promise, shown, answers[shown.way], scores),
        needed=wanted,
        reason=None,
    )
