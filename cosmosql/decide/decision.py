"""What was decided and why, for every candidate and policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cosmosql.decide.paired import Paired
from cosmosql.identity import Json
from cosmosql.interval import Estimate, Unmeasured


class Verdict(StrEnum):
    """Three-valued: an unmeasured quantity never satisfies and never violates."""

    HOLDS = "holds"
    FAILS = "fails"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """A requirement that does not hold, with what was found."""

    requirement: str
    verdict: Verdict
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What a test on calibration rows says of a requirement of a policy. `procedure`: binomial,
    losses, paired or betting (docs/science.md, "Guarantees")."""

    requirement: str
    policy: str
    verdict: Verdict
    """Holds or undecided: a promise that is not shown is not shown to be broken."""
    procedure: str | None
    confidence: float
    rows: int
    """Calibration rows of the test; 0 where it was not made."""
    tried: int
    """Ways to serve that were tested, one after the other."""
    bound: float | None
    """Lower bound, at the confidence, of what the policy gives beyond the promise, as a share of
    one; of `losses` of the share of right answers that it may lose. 0 or more where it holds."""
    p_value: float | None
    needed: int | None
    """Where undecided: calibration rows that should settle it; None: no number seems to."""
    reason: str | None
    """Why it was not tested."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """A policy's operating point: mean money a request, metric, share of queries that the last
    tier answers."""

    budget: float
    accuracy: float
    share: float
    low: float | None = None
    """The metric's 90 % interval, of the draws; None where there are none."""
    high: float | None = None
    asked: tuple[float, ...] = ()
    """Share of queries for which each tier is asked, cheapest first."""
    hull: bool = False
    """Of a policy that `auto` found: whether nothing that it looked at, mixed by lot, is better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyForecast:
    """A way to answer queries with one or several candidates."""

    name: str
    kind: str
    """single, or the name of a policy extension: mix, cascade, route, cascade_route."""
    members: tuple[str, ...]
    """Candidate names, cheapest first."""
    signal: str | None
    thresholds: tuple[float, ...]
    share: float | None
    """Share of queries that the last tier answers."""
    metric: Estimate | Unmeasured
    basis: str
    measures: Mapping[str, Estimate | Unmeasured]
    auc: float | None
    curve: tuple[CurvePoint, ...]
    note: str | None
    """Why the compiler refuses it, or what it should be known for."""
    asked: tuple[float, ...] = ()
    """Share of queries for which each member is asked."""
    scores: Mapping[str, float] = field(default_factory=dict, repr=False)
    """Expected score of each common row at the operating point, by the row's identity; cross-fitted
    as the metric is."""
    budget: float | None = None
    """Money a request at which it is to be fitted; None for a single one and for rules by hand."""
    costs: tuple[float, ...] = ()
    """Expected money a request of each member, which the budget is spent on."""
    rule: Mapping[str, Json] | None = field(default=None, repr=False)
    """What it was found to be on all common rows, as `contracts.policy.Rule.state` gives it."""
    final: bool = False
    """Whether it serves by that very rule: there is nothing to fit, the user wrote it, or it is
    certified. Otherwise `apply` fits it to the budget on rows that the members themselves answer.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A candidate or policy as the decision saw it."""

    name: str
    verdict: Verdict
    misses: tuple[Miss, ...]
    objective: Estimate | Unmeasured
    reason: str
    """One sentence: why it was chosen, or what speaks against it."""
    corrected: Estimate | None = None
    """The metric to expect of it, of a measured one that the choice is made among; None: as its
    forecast says."""
    paired: Paired | None = None
    """How much better the chosen one was measured to be on the same rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """What could be bought next, and what the choice is expected to gain by it."""

    kind: str
    """labels, training, model, probe, rows, or nothing."""
    what: str
    gain: float | Unmeasured
    """Expected, of the objective, larger is better; of a metric as a share of one."""
    interval: tuple[float, float] | None
    """The 90 % interval of the gain; None for measurements: what they find out is not known."""
    cost: float | Unmeasured
    unit: str
    """Of the cost: a currency, one a request, or labels."""
    recommended: bool

    @property
    def rate(self) -> float | None:
        """Gain for one unit of the cost; None where either is not known or it is free."""
        if isinstance(self.gain, Unmeasured) or isinstance(self.cost, Unmeasured):
            return None
        return self.gain / self.cost if self.cost > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    status: str
    """decided, undecided or infeasible."""
    chosen: str | None
    """Name of a candidate or policy."""
    reasons: tuple[str, ...]
    next_evidence: str | None
    """Where undecided: the cheapest measurement that could settle it."""
    regret_probability: float | None
    """Probability that the chosen one is within the tolerance of the best feasible one."""
    options: tuple[Option, ...]
    policies: tuple[PolicyForecast, ...]
    next: tuple[Purchase, ...] = ()
    """What to buy next, the best first; `nothing` is an answer."""
    certificates: tuple[Certificate, ...] = ()
    """Of the requirements that are tested where the option is a policy."""
