"""The result of `backtest`: forecasts against what running every candidate in full measured."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cosmosql.artifact.plan import Basis, Part


class Interval(Part):
    """A two-sided 90 % interval."""

    low: float
    high: float


class Scores(Part):
    """Scores of forecasts. Error, rank correlation and coverage are over candidates whose basis is
    predicted. Points are hundredths of the metric; null is unmeasured."""

    mae_points: float | None
    """Mean absolute error."""
    kendall_tau: float | None
    """Rank correlation, tau-b."""
    regret_points: float | None
    """What the truly best feasible candidate has more than the chosen one; null where the query
    asks for anything but the most of its metric: see `regret`."""
    coverage: dict[str, float | None]
    """Share of measured values inside the central interval, by its level in percent."""
    cost_saved: float | None
    """One minus the cost of the probes over the cost of running everything once, in FLOPs."""
    intervals: dict[str, Interval] = Field(default={})
    """Of `mae_points`, `kendall_tau`, `bias_points`, `coverage.50` and so on: bootstrap over the
    candidates. Of `regret_points`: paired over test rows and runs."""
    bias_points: float | None = None
    """Mean of measured minus predicted: above zero where forecasts are too low."""
    runs_covered: dict[str, float | None] = Field(default={})
    """As `coverage`, of the single runs whose mean the measured value is."""


class MethodScores(Scores):
    """One method's scores, as if the query had no other candidates and no requirements: `baseline`,
    `prompt`, `icl-random`, `icl-retrieved`, `lora`, …"""

    candidates: int
    predicted: int
    """Of these, how many were forecast and measured: what error and coverage are over."""


class TruthNoise(Part):
    """How well the measured values are known."""

    rows: int
    """Test rows."""
    seeds: int
    """Runs of a candidate whose outcome depends on its seed."""
    standard_error_points: float | None
    """Of a measured value, rows and runs taken together: mean over the predicted candidates."""
    floor_points: float | None
    """The mean absolute error of a forecast that knew every expected value."""
    runs_differ_points: float | None
    """Mean absolute difference of two runs of a candidate that differ by their seed alone."""


class Regret(Part):
    """By how much the truly best feasible candidate beats what was chosen, in the objective's own
    unit (points where it is the metric), with a 90 % interval paired over test rows and runs."""

    value: float | None
    low: float | None = None
    high: float | None = None
    unit: str
    best: str | None = None
    chosen: str | None = None
    reason: str | None = None
    """Why there is no value."""


class RuleRegret(Part):
    """A way to choose under a cap: what it chose, and its regret in points. `more` is its regret
    less the forecast's, paired."""

    rule: str
    chosen: tuple[str, ...]
    """Each equally likely; several where the rule does not say which."""
    regret_points: float | None
    interval: Interval | None
    more: Interval | None = None


class CappedChoice(Part):
    """One binding cap on what adapting a candidate and answering the test rows may take."""

    cap_flops: float
    feasible: int
    candidates: int
    best: str
    """The truly best that fits."""
    best_fits: bool
    """Whether the truly best of all fits."""
    rules: tuple[RuleRegret, ...]


class CalibrationPoint(Part):
    """Share of measured values inside the central interval of a level, both in 0 to 1; the interval
    of the share by bootstrap over candidates."""

    level: float
    covered: float
    interval: Interval | None


class BacktestCandidate(Part):
    """One candidate's forecast, with its 90 % interval, and its measured metric, all in 0 to 1."""

    name: str
    kind: str
    basis: Basis
    predicted: float | None
    low: float | None
    high: float | None
    measured: float | None
    method: str = ""
    """The kind, and how demonstrations are found: `icl-random`, `icl-retrieved`."""
    standard_error: float | None = None
    """Of `measured`."""
    runs: tuple[float, ...] = ()
    """The metric of each run, by seed."""
    flops: float | None = None
    """Modelled, of adapting it once and answering the test rows."""
    reason: str | None = None
    """Why something is unmeasured."""


class BacktestPolicy(Part):
    """A policy's forecast, and its metric from its members' answers to the test rows: carried out
    as `apply` would, fitted on other test rows where `apply` fits it."""

    name: str
    kind: str
    basis: Basis
    """predicted where a member was: it was forecast from a smaller probe."""
    predicted: float | None
    low: float | None
    high: float | None
    measured: float | None
    members: tuple[str, ...]
    standard_error: float | None = None
    """Of `measured`."""
    runs: tuple[float, ...] = ()
    """The metric of each run of its members, by seed."""
    asked: tuple[float, ...] = ()
    """Forecast: share of rows for which each member is asked."""
    asked_measured: tuple[float, ...] = ()
    refused: bool = False
    """Whether the compiler does not offer it, because something simpler does as well."""
    reason: str | None = None
    """Why something is unmeasured."""


class PolicyScores(Part):
    """Scores of the forecasts of policies whose basis is predicted, offered and refused. Policies
    of one query share members and rows, so they err alike."""

    predicted: int
    mae_points: float | None
    bias_points: float | None
    """Mean of measured minus predicted."""
    coverage: float | None
    """Share of measured values inside the 90 % interval."""
    asked_points: float | None
    """Mean absolute error of the share of rows for which a member but the first is asked."""
    intervals: dict[str, Interval] = Field(default={})
    """Of each score: bootstrap over the policies."""


class CurveProbe(Part):
    """What a probe measured: where on the curve, the metric with its 90 % interval, on how many
    rows."""

    at: float
    measured: float
    low: float
    high: float
    rows: int


class CurveTarget(Part):
    """A candidate at its place on the curve."""

    at: float
    name: str
    basis: Basis
    predicted: float | None
    low: float | None
    high: float | None
    measured: float | None


class BacktestCurve(Part):
    """Candidates that differ along one axis: `shots`, or the `examples` that training sees."""

    name: str
    method: str
    axis: Literal["shots", "examples"]
    probes: tuple[CurveProbe, ...]
    targets: tuple[CurveTarget, ...]


class BacktestDocument(Scores):
    """`NAME.backtest.json`."""

    candidates: tuple[BacktestCandidate, ...]
    format: Literal[1] = 1
    spec: str
    query: str
    plan: str
    """SHA-256 of the plan document whose forecasts these are."""
    metric: str
    objective: str
    status: str
    """Of the decision: decided, undecided or infeasible."""
    truth: TruthNoise
    regret: Regret
    methods: dict[str, MethodScores]
    budgets: tuple[CappedChoice, ...] = ()
    calibration: tuple[CalibrationPoint, ...] = ()
    policies: tuple[BacktestPolicy, ...] = ()
    policy_scores: PolicyScores | None = None
    curves: tuple[BacktestCurve, ...] = ()
    probing_flops: float = 0.0
    exhaustive_flops: float = 0.0
