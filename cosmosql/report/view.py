"""Plan document to worded values: what the templates and the terminal print, number by number.

Everything a reader sees is decided here; a template only places it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from cosmosql.artifact.plan import Candidate, Metric, Miss, PlanDocument, Policy
from cosmosql.report import words
from cosmosql.report.certificates import tested_words
from cosmosql.report.probing import ProbingRows, probing
from cosmosql.report.provenance import LockRow, StepRow, locks, steps
from cosmosql.report.purchases import PurchaseRow, purchase_rows, recommended_lines
from cosmosql.report.reliability import CalibrationRow, calibration_note, calibration_rows
from cosmosql.report.slices import SliceTable, slice_table
from cosmosql.report.volume import volumes
from cosmosql.report.words import MoneyColumn, Worded

VERDICTS = ("holds", "undecided", "fails")
REFERENCES = {"oracle": "an oracle that knows who is right", "random": "lots"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """An interval on a rail from 0 to 100."""

    low: str
    width: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateRow:
    """`number` names the candidate in the figure. `status` is holds, fails or undecided.
    `expected` is the metric to expect where it is not the one that was measured."""

    number: int
    name: str
    kind: str
    metric: Worded
    expected: Worded | None
    bar: Bar | None
    adapt_cost: Worded
    serve_cost: Worded
    status: str
    why: str
    misses: tuple[str, ...]
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRow:
    name: str
    kind: str
    members: tuple[str, ...]
    rule: str
    share: str
    asked: str
    """Share of the queries for which each member is asked; empty where that is not known."""
    metric: Worded
    expected: Worded | None
    bar: Bar | None
    serve_cost: Worded
    auc: str
    status: str
    why: str
    misses: tuple[str, ...]
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceRow:
    """A line that policies are held against, with the area under it."""

    kind: str
    auc: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterRow:
    """One meter: spent, its cap and what measuring everything would take; `bar` is the share of
    the latter that was spent."""

    meter: str
    spent: str
    cap: str
    exhaustive: str
    share: str
    bar: Bar | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DocRow:
    """What the author says of a declaration."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementRow:
    """`verdict` is that of the chosen one; the counts are over candidates and policies; `tested` is
    what a test on calibration rows said, empty where it is forecast."""

    text: str
    confidence: str
    verdict: str
    found: str
    holds: int
    undecided: int
    fails: int
    tested: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A plan, worded. Candidates are in the plan's order."""

    title: str
    spec: str
    query: str
    task: str
    objective: str
    metric_name: str
    interval_note: str
    bar_note: str
    status: str
    headline: str
    chosen: str | None
    summary: str
    reasons: tuple[str, ...]
    next_evidence: str | None
    purchases: tuple[PurchaseRow, ...]
    recommended: tuple[str, ...]
    adapt_unit: str
    serve_unit: str
    candidates: tuple[CandidateRow, ...]
    policies: tuple[PolicyRow, ...]
    references: tuple[ReferenceRow, ...]
    calibration: tuple[CalibrationRow, ...]
    calibration_note: str
    slices: SliceTable
    probing: ProbingRows
    meters: tuple[MeterRow, ...]
    requirements: tuple[RequirementRow, ...]
    docs: tuple[DocRow, ...]
    basis_note: str
    evidence_note: str
    locks: tuple[LockRow, ...]
    steps: tuple[StepRow, ...]
    limits: tuple[str, ...]


def view(plan: PlanDocument) -> View:
    """The whole plan in words; the same document always reads the same."""
    serve = money_column_of(plan)
    rail = _rail(plan)
    adapt = words.money_column(item.adapt_cost for item in plan.candidates)
    chosen = plan.decision.chosen
    confidence = next((item.metric.confidence for item in plan.candidates), 0.9)
    return View(
        title=f"{plan.spec.path}: {plan.query}",
        spec=plan.spec.path,
        query=plan.query,
        task=plan.question.task,
        objective=plan.question.objective,
        metric_name=plan.question.metric,
        interval_note=f"{words.whole_percent(confidence)} interval",
        bar_note=rail.note,
        status=plan.decision.status,
        headline=_headline(plan),
        chosen=chosen,
        summary=_summary(plan, serve),
        reasons=(*plan.decision.reasons, *volumes(plan)),
        next_evidence=plan.decision.next_evidence,
        purchases=purchase_rows(plan),
        recommended=recommended_lines(purchase_rows(plan)),
        adapt_unit=adapt.unit,
        serve_unit=serve.unit,
        candidates=tuple(
            _candidate_row(number, item, rail=rail, adapt=adapt, serve=serve, chosen=chosen)
            for number, item in enumerate(plan.candidates, start=1)
        ),
        policies=tuple(
            _policy_row(item, rail=rail, serve=serve, chosen=chosen) for item in plan.policies
        ),
        references=tuple(
            ReferenceRow(kind=REFERENCES[line.kind], auc=words.percent(line.auc))
            for line in plan.references
        ),
        calibration=calibration_rows(plan),
        calibration_note=calibration_note(plan),
        slices=slice_table(plan),
        probing=probing(plan),
        meters=_meters(plan),
        requirements=_requirements(plan),
        docs=tuple(
            DocRow(name=name, text=" ".join(text.split())) for name, text in plan.docs.items()
        ),
        basis_note=_basis_note(plan),
        evidence_note=_evidence_note(plan),
        locks=locks(plan),
        steps=steps(plan),
        limits=_limits(plan, confidence),
    )


def money_column_of(plan: PlanDocument) -> MoneyColumn:
    """The unit in which the plan's costs per request are told, in table and figure alike."""
    return words.money_column(item.serve_cost for item in options(plan))


def options(plan: PlanDocument) -> tuple[Candidate | Policy, ...]:
    """All that could be chosen: the candidates, then the policies."""
    return (*plan.candidates, *plan.policies)


def chosen_option(plan: PlanDocument) -> Candidate | Policy | None:
    """The chosen candidate or policy; None where nothing was chosen."""
    return next((item for item in options(plan) if item.name == plan.decision.chosen), None)


def _headline(plan: PlanDocument) -> str:
    match plan.decision.status:
        case "decided":
            return "Decided"
        case "infeasible":
            return "Infeasible: every candidate is shown to miss a requirement"
        case _:
            held = any(item.status == "holds" for item in options(plan))
            if held:
                return "Undecided: probing ended before the best one was settled"
            return "Undecided: no candidate is shown to meet the requirements"


def _summary(plan: PlanDocument, serve: MoneyColumn) -> str:
    option = chosen_option(plan)
    if option is None:
        counts = Counter(item.status for item in plan.candidates)
        return (
            f"Of {words.plural(len(plan.candidates), 'candidate')}, {counts['holds']} hold, "
            f"{counts['undecided']} are undecided and {counts['fails']} fail."
        )
    parts = [
        _forecast(option, plan.question.metric),
        f"{serve.phrase(option.serve_cost)} to serve",
    ]
    once = option.adapt_cost if isinstance(option, Candidate) else option.measures.get("adapt_cost")
    if once is not None and once.value is not None:
        parts.append(f"{words.significant(once.value, once.unit)} once")
    return " ".join([f"{', '.join(parts)}.", *_division(option)])


def _forecast(option: Candidate | Policy, name: str) -> str:
    """What to expect of the chosen one, and what was measured where that is something else."""
    metric = words.worded_metric(option.metric)
    if option.corrected is None:
        basis = "Measured" if metric.basis == "measured" else "Forecast"
        return f"{basis}: {name} {metric.text} {metric.interval}".strip()
    expected = words.worded_metric(option.corrected)
    return f"To expect: {name} {expected.text} {expected.interval} (measured {metric.text})"


def _division(option: Candidate | Policy) -> tuple[str, ...]:
    """Who of a policy's members answers what, in a sentence."""
    if not isinstance(option, Policy) or len(option.members) < 2 or option.share is None:
        return ()
    last = option.members[-1]
    rule = _rule(option)
    when = f", when {rule}" if rule else ""
    return (f"`{last}` answers {words.whole_percent(option.share)} of the queries{when}.",)


def _candidate_row(
    number: int,
    item: Candidate,
    *,
    rail: _Rail,
    adapt: MoneyColumn,
    serve: MoneyColumn,
    chosen: str | None,
) -> CandidateRow:
    return CandidateRow(
        number=number,
        name=item.name,
        kind=item.kind,
        metric=words.worded_metric(item.metric),
        expected=None if item.corrected is None else words.worded_metric(item.corrected),
        bar=rail.bar(item.metric),
        adapt_cost=adapt.worded(item.adapt_cost),
        serve_cost=serve.worded(item.serve_cost),
        status=item.status,
        why=item.reason,
        misses=_misses(item.misses),
        chosen=item.name == chosen,
    )


def _policy_row(item: Policy, *, rail: _Rail, serve: MoneyColumn, chosen: str | None) -> PolicyRow:
    return PolicyRow(
        name=item.name,
        kind=item.kind,
        members=item.members,
        rule=_rule(item),
        share="" if item.share is None else words.whole_percent(item.share),
        asked=", ".join(words.whole_percent(share) for share in item.asked),
        metric=words.worded_metric(item.metric),
        expected=None if item.corrected is None else words.worded_metric(item.corrected),
        bar=rail.bar(item.metric),
        serve_cost=serve.worded(item.serve_cost),
        auc="" if item.auc is None else words.percent(item.auc),
        status=item.status,
        why=" ".join(part for part in (item.reason, item.note) if part),
        misses=_misses(item.misses),
        chosen=item.name == chosen,
    )


def _rule(item: Policy) -> str:
    if item.signal is None or not item.thresholds:
        return ""
    bounds = ", ".join(words.significant(bound) for bound in item.thresholds)
    return f"{item.signal} < {bounds}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rail:
    """The common scale of the interval bars: whole tenths around all intervals."""

    low: float
    high: float

    @property
    def note(self) -> str:
        return f"bars from {100 * self.low:.0f} to {100 * self.high:.0f}"

    def bar(self, metric: Metric) -> Bar | None:
        if metric.value is None or metric.low is None or metric.high is None:
            return None
        low, value, high = (
            100 * (number - self.low) / (self.high - self.low)
            for number in (metric.low, metric.value, metric.high)
        )
        return Bar(low=f"{low:.2f}", width=f"{max(high - low, 0.5):.2f}", value=f"{value:.2f}")


def _rail(plan: PlanDocument) -> _Rail:
    metrics = [item.metric for item in options(plan)]
    low = min((item.low for item in metrics if item.low is not None), default=0.0)
    high = max((item.high for item in metrics if item.high is not None), default=1.0)
    return _Rail(low=math.floor(10 * low) / 10, high=max(math.ceil(10 * high), 1) / 10)


def _misses(found: Sequence[Miss]) -> tuple[str, ...]:
    return tuple(f"{item.requirement} {item.verdict}: {item.found}" for item in found)


def _meters(plan: PlanDocument) -> tuple[MeterRow, ...]:
    budget = plan.budget
    rows = []
    for meter in sorted({*budget.caps, *budget.spent, *budget.exhaustive}):
        spent, cap, whole = (
            part.get(meter) for part in (budget.spent, budget.caps, budget.exhaustive)
        )
        share = None
        if spent and whole and spent.unit == whole.unit and float(whole.value or 0) > 0:
            share = float(spent.value or 0) / float(whole.value or 0)
        rows.append(
            MeterRow(
                meter=meter,
                spent=words.significant(spent.value, spent.unit) if spent else "in the ledger only",
                cap=words.significant(cap.value, cap.unit) if cap else "no cap",
                exhaustive=words.significant(whole.value, whole.unit) if whole else "not forecast",
                share="" if share is None else words.percent(share),
                bar=None
                if share is None
                else Bar(low="0", width=f"{min(100 * share, 100):.2f}", value="0"),
            )
        )
    return tuple(rows)


def _requirements(plan: PlanDocument) -> tuple[RequirementRow, ...]:
    chosen = chosen_option(plan)
    rows = []
    for requirement in plan.question.requirements:
        found = [
            _verdict(item.misses, requirement.text)[0]
            for item in options(plan)
            if item.status in VERDICTS
        ]
        verdict, detail = _verdict(chosen.misses, requirement.text) if chosen else ("", "")
        counts = Counter(found)
        rows.append(
            RequirementRow(
                text=requirement.text,
                confidence=words.whole_percent(requirement.confidence),
                verdict=verdict,
                found=detail,
                holds=counts["holds"],
                undecided=counts["undecided"],
                fails=counts["fails"],
                tested=tested_words(requirement),
            )
        )
    return tuple(rows)


def _verdict(misses: Sequence[Miss], requirement: str) -> tuple[str, str]:
    for miss in misses:
        if miss.requirement == requirement:
            return miss.verdict, miss.found
    return "holds", ""


def _basis_note(plan: PlanDocument) -> str:
    counts = Counter(item.metric.basis for item in plan.candidates)
    parts = [
        f"{counts[basis]} {basis}"
        for basis in ("measured", "predicted", "assumed", "unmeasured")
        if counts[basis]
    ]
    return f"{words.plural(len(plan.candidates), 'candidate')}: {words.listed(parts)}"


def _evidence_note(plan: PlanDocument) -> str:
    reads = plan.evidence.test_reads
    return f"{words.plural(plan.evidence.observations, 'observation')}; " + (
        "test rows were never read" if reads == 0 else f"test rows read {reads:,} times"
    )


def _limits(plan: PlanDocument, confidence: float) -> tuple[str, ...]:
    level = words.whole_percent(confidence)
    found = [
        f"An interval is two-sided at {level}; a requirement uses the one-sided bound at its own "
        "confidence.",
        "Measured means: the full candidate answered validation rows. Predicted means: "
        "extrapolated from cheaper probes of it; the interval holds that error as far as the "
        "probes show it.",
    ]
    if any(item.metric.basis == "predicted" for item in plan.policies):
        found.append(
            "Policies are forecast from the joint outcomes of their members; none was run."
        )
    if plan.locked.prices:
        found.append(
            "Costs rest on the declared prices below; other prices may mean another decision."
        )
    if plan.evidence.test_reads == 0:
        found.append(
            "No test row was read. `cosmosql apply` measures the chosen one on them and holds "
            "the forecast to account."
        )
    return tuple(found)
