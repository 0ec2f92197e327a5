"""Backtest document → worded values: what the page and the terminal show, number by number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cosmosql.artifact.backtest import (
    BacktestCandidate,
    BacktestDocument,
    BacktestPolicy,
    CappedChoice,
    Interval,
    MethodScores,
    Regret,
    RuleRegret,
    Scores,
)
from cosmosql.report import words

LEVELS = ("50", "80", "90")
POINTS = "points"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A number and its interval in words; both empty where there is nothing to say."""

    text: str = ""
    interval: str = ""

    def __str__(self) -> str:
        return f"{self.text} {self.interval}".rstrip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One headline figure with what it means."""

    label: str
    cell: Cell
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRow:
    """One method, or all. `predicted` of how many candidates."""

    method: str
    predicted: str
    error: Cell
    bias: Cell
    tau: Cell
    covered: tuple[Cell, ...]
    regret: Cell
    saved: str
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CapHeading:
    cap: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """A rule's regret under each cap, what it chose there, and its regret less the forecast's."""

    rule: str
    cells: tuple[Cell, ...]
    chosen: tuple[str, ...]
    more: tuple[str, ...]
    own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateRow:
    """`number` names the candidate in the pictures; `within` is yes, no or empty."""

    number: int
    name: str
    method: str
    basis: str
    predicted: Cell
    measured: Cell
    error: str
    within: str
    reason: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestView:
    """A backtest, worded."""

    title: str
    spec: str
    query: str
    metric: str
    headline: str
    lead: tuple[str, ...]
    tiles: tuple[Tile, ...]
    scores: tuple[ScoreRow, ...]
    caps: tuple[CapHeading, ...]
    rules: tuple[RuleRow, ...]
    candidates: tuple[CandidateRow, ...]
    policies: tuple[CandidateRow, ...]
    policy_words: str
    """How near the forecasts of policies came, in a sentence; empty where none was made from
    smaller probes."""
    noise: str
    limits: tuple[str, ...]


def backtest_view(found: BacktestDocument) -> BacktestView:
    """The whole backtest in words; the same document always reads the same."""
    return BacktestView(
        title=f"{found.spec}: {found.query}, backtest",
        spec=found.spec,
        query=found.query,
        metric=found.metric,
        headline=_headline(found),
        lead=(_counts(found), *_decision(found), *_compute(found)),
        tiles=_tiles(found),
        scores=(
            *(_score_row(name, scores) for name, scores in found.methods.items()),
            _whole_row(found),
        ),
        caps=tuple(_cap(one) for one in found.budgets),
        rules=_rules(found.budgets),
        candidates=tuple(
            _candidate(number, one, found.regret.chosen)
            for number, one in enumerate(found.candidates, start=1)
        ),
        policies=tuple(
            _policy(number, one, found.regret.chosen)
            for number, one in enumerate(found.policies, start=1)
        ),
        policy_words=_policy_words(found),
        noise=_noise(found),
        limits=_limits(found),
    )


def predicted(found: BacktestDocument) -> int:
    """How many candidates error and coverage are over."""
    return sum(one.predicted for one in found.methods.values())


def points(value: float | None, interval: Interval | None = None, *, signed: bool = False) -> Cell:
    """Points with one decimal; two below one tenth would hide a difference."""
    if value is None:
        return Cell()
    form = "+.1f" if signed else ".1f"
    span = "" if interval is None else f"[{interval.low:{form}}, {interval.high:{form}}]"
    return Cell(text=f"{value:{form}}", interval=span)


def share(value: float | None, interval: Interval | None = None) -> Cell:
    if value is None:
        return Cell()
    span = "" if interval is None else f"[{100 * interval.low:.0f}, {100 * interval.high:.0f}]"
    return Cell(text=f"{100 * value:.0f} %", interval=span)


def plain(value: float | None, interval: Interval | None = None) -> Cell:
    if value is None:
        return Cell()
    span = "" if interval is None else f"[{interval.low:.2f}, {interval.high:.2f}]"
    return Cell(text=f"{value:.2f}", interval=span)


def regret_cell(found: Regret) -> Cell:
    """A regret in its objective's unit; empty where there is none."""
    if found.value is None:
        return Cell()
    if found.unit == POINTS:
        interval = None
        if found.low is not None and found.high is not None and found.low != found.high:
            interval = Interval(low=found.low, high=found.high)
        return points(found.value, interval)
    return Cell(text=words.significant(found.value, found.unit))


def _headline(found: BacktestDocument) -> str:
    if found.mae_points is None:
        return "Nothing was predicted"
    return f"Forecasts erred by {found.mae_points:.1f} points"


def _counts(found: BacktestDocument) -> str:
    total, count = len(found.candidates), predicted(found)
    without = sum(one.measured is None for one in found.candidates)
    rows = words.plural(found.truth.rows, "test row")
    runs = words.plural(found.truth.seeds, "run")
    text = (
        f"{count} of {words.plural(total, 'candidate')} were predicted; each was then run in full "
        f"on {rows}, those that depend on a seed as the mean of {runs}."
    )
    if not count:
        text = (
            f"Probes measured every one of {words.plural(total, 'candidate')} that can run: there "
            "is no forecast to score. Give the probe fewer shots or rows than the candidates."
        )
    return text + (f" {without} could not be run in full." if without else "")


def _decision(found: BacktestDocument) -> tuple[str, ...]:
    regret = found.regret
    if regret.chosen is None:
        return (f"The query is {found.status}: nothing was chosen.",)
    verdict = "decided for" if found.status == "decided" else f"{found.status}; its best guess is"
    text = f"The query is {verdict} `{regret.chosen}`"
    if regret.value is None:
        return (f"{text}; its regret is unmeasured: {regret.reason}.",)
    if regret.value == 0:
        return (f"{text}, and no feasible candidate is better.",)
    cell = regret_cell(regret)
    unit = f" {POINTS}" if regret.unit == POINTS else ""
    return (f"{text}, which gives up {cell.text}{unit} to the truly best, `{regret.best}`.",)


def _compute(found: BacktestDocument) -> tuple[str, ...]:
    if found.cost_saved is None:
        return ()
    spent, everything = (
        words.significant(amount, "FLOP")
        for amount in (found.probing_flops, found.exhaustive_flops)
    )
    return (f"Probing took {spent}; running everything once takes {everything}.",)


def _tiles(found: BacktestDocument) -> tuple[Tile, ...]:
    spans = found.intervals
    noise = found.truth
    floor = "" if noise.floor_points is None else f"floor {noise.floor_points:.1f}"
    own = regret_cell(found.regret)
    unit = found.regret.unit if found.regret.unit == POINTS else "in the objective's unit"
    return (
        Tile(
            label="mean absolute error, points",
            cell=points(found.mae_points, spans.get("mae_points")),
            note=floor,
        ),
        Tile(
            label="rank correlation, Kendall's τ",
            cell=plain(found.kendall_tau, spans.get("kendall_tau")),
            note="predicted candidates",
        ),
        Tile(
            label="inside 90 % intervals",
            cell=share(found.coverage.get("90"), spans.get("coverage.90")),
            note=_singles(found),
        ),
        Tile(label=f"regret of the choice, {unit}", cell=own, note=found.status),
        Tile(
            label="compute saved",
            cell=Cell(text="" if found.cost_saved is None else words.percent(found.cost_saved)),
            note="of running everything once",
        ),
    )


def _singles(found: BacktestDocument) -> str:
    covered = found.runs_covered.get("90")
    return "" if covered is None else f"of single runs {words.whole_percent(covered)}"


def _score_row(method: str, scores: MethodScores) -> ScoreRow:
    return _row(method, scores, f"{scores.predicted} of {scores.candidates}")


def _whole_row(found: BacktestDocument) -> ScoreRow:
    row = _row("all", found, f"{predicted(found)} of {len(found.candidates)}")
    return ScoreRow(
        method=row.method,
        predicted=row.predicted,
        error=row.error,
        bias=row.bias,
        tau=row.tau,
        covered=row.covered,
        regret=regret_cell(found.regret),
        saved=row.saved,
        whole=True,
    )


def _row(method: str, scores: Scores, count: str) -> ScoreRow:
    spans = scores.intervals
    return ScoreRow(
        method=method,
        predicted=count,
        error=points(scores.mae_points, spans.get("mae_points")),
        bias=points(scores.bias_points, spans.get("bias_points"), signed=True),
        tau=plain(scores.kendall_tau, spans.get("kendall_tau")),
        covered=tuple(
            share(scores.coverage.get(level), spans.get(f"coverage.{level}")) for level in LEVELS
        ),
        regret=points(scores.regret_points, _wide(spans, "regret_points")),
        saved="" if scores.cost_saved is None else words.percent(scores.cost_saved),
    )


def _wide(spans: Mapping[str, Interval], name: str) -> Interval | None:
    """An interval that is one; an exact zero has none to show."""
    span = spans.get(name)
    return None if span is None or span.low == span.high else span


def _cap(choice: CappedChoice) -> CapHeading:
    fits = "fits" if choice.best_fits else "does not fit"
    return CapHeading(
        cap=f"≤ {words.significant(choice.cap_flops, 'FLOP')}",
        note=f"{choice.feasible} of {choice.candidates} fit; the best of all {fits}",
    )


def _rules(budgets: Sequence[CappedChoice]) -> tuple[RuleRow, ...]:
    if not budgets:
        return ()
    rows = []
    for place, first in enumerate(budgets[0].rules):
        across = [choice.rules[place] for choice in budgets]
        rows.append(
            RuleRow(
                rule=first.rule,
                cells=tuple(_rule_cell(one) for one in across),
                chosen=tuple(_taken(one) for one in across),
                more=tuple(_more(one) for one in across),
                own=place == 0,
            )
        )
    return tuple(rows)


def _rule_cell(rule: RuleRegret) -> Cell:
    span = rule.interval
    return points(rule.regret_points, None if span is None or span.low == span.high else span)


def _more(rule: RuleRegret) -> str:
    """The rule's regret less the forecast's."""
    if rule.more is None:
        return ""
    if rule.more.low == rule.more.high == 0:
        return "as the forecast"
    return f"[{rule.more.low:+.1f}, {rule.more.high:+.1f}]"


def _taken(rule: RuleRegret) -> str:
    if not rule.chosen:
        return "nothing"
    return rule.chosen[0] if len(rule.chosen) == 1 else f"any of {len(rule.chosen)}"


def _candidate(number: int, item: BacktestCandidate, chosen: str | None) -> CandidateRow:
    spread = "" if item.standard_error is None else f"± {100 * item.standard_error:.1f}"
    measured = Cell()
    if item.measured is not None:
        measured = Cell(text=words.percent(item.measured), interval=spread)
    return _comparison(number, item, item.method, measured, item.reason or "", chosen)


def _policy(number: int, item: BacktestPolicy, chosen: str | None) -> CandidateRow:
    spread = "" if item.standard_error is None else f"± {100 * item.standard_error:.1f}"
    measured = Cell()
    if item.measured is not None:
        measured = Cell(text=words.percent(item.measured), interval=spread)
    return _comparison(number, item, item.kind, measured, item.reason or "", chosen)


def _policy_words(found: BacktestDocument) -> str:
    scores = found.policy_scores
    if scores is None:
        return ""
    error = points(scores.mae_points, scores.intervals.get("mae_points"))
    asked = points(scores.asked_points)
    covered = share(scores.coverage, scores.intervals.get("coverage"))
    what = "policy was" if scores.predicted == 1 else "policies were"
    return (
        f"{scores.predicted} {what} forecast over members of which some were only probed: mean "
        f"error {error} points, inside the 90 % interval {covered}, share of queries for which a "
        f"dearer member is asked wrong by {asked} points."
    )


def _comparison(
    number: int,
    item: BacktestCandidate | BacktestPolicy,
    method: str,
    measured: Cell,
    reason: str,
    chosen: str | None,
) -> CandidateRow:
    forecast, error, within = Cell(text=words.UNMEASURED), "", ""
    if item.predicted is not None and item.low is not None and item.high is not None:
        forecast = Cell(
            text=words.percent(item.predicted),
            interval=f"[{100 * item.low:.1f}, {100 * item.high:.1f}]",
        )
        if item.measured is not None:
            error = f"{100 * (item.measured - item.predicted):+.1f}"
            within = "yes" if item.low <= item.measured <= item.high else "no"
    return CandidateRow(
        number=number,
        name=item.name,
        method=method,
        basis=item.basis,
        predicted=forecast,
        measured=measured if measured.text else Cell(text=words.UNMEASURED),
        error=error,
        within=within,
        reason=reason,
        chosen=item.name == chosen,
    )


def _noise(found: BacktestDocument) -> str:
    """How exactly the truth is known, in a sentence; empty where nothing was predicted."""
    noise = found.truth
    if noise.standard_error_points is None or noise.floor_points is None:
        return ""
    text = (
        f"The truth has a standard error of {noise.standard_error_points:.1f} points: a forecast "
        f"that knew every expected value would still err by {noise.floor_points:.1f}."
    )
    if noise.runs_differ_points is not None:
        text += f" Two real runs with other seeds differ by {noise.runs_differ_points:.1f} points."
    return text


def _limits(found: BacktestDocument) -> tuple[str, ...]:
    limits = [
        "Error, bias, rank correlation and coverage are over candidates whose basis is predicted: "
        "one that a probe measured in full is no forecast.",
        "Their 90 % intervals resample the candidates. Siblings on one curve err alike, so an "
        "interval says how much hangs on which candidates the spec lists, not how another task "
        "would go; below three candidates there is none.",
        "Regret intervals are paired over test rows and runs, with the truly best candidate taken "
        "as known; where it was chosen the regret is zero and has none. A method's regret is that "
        "of a query with its candidates alone.",
        "An interval foretells one run on the test rows; the measured value is a mean of runs, "
        "which lies inside a little more often. The share of single runs is told beside it.",
        "Compute is counted in FLOPs of forward and backward passes. Everything means each "
        "candidate adapted once and judged on the test rows, by the tokens that this took, with "
        "shared beginnings and indexes counted once. A method is charged every probe that "
        "its curves need, also where another shares it.",
    ]
    if found.budgets:
        limits.append(
            "Under a cap every rule chooses among the candidates that fit it; requirements of the "
            "query are left out. `this forecast` is what the compiler decides among them."
        )
    return tuple(limits)
