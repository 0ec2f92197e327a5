"""The plan document, format 1: what other programs may read of a plan.

Keys are added, never renamed. Reading keeps keys that this version does not know, so a newer
plan of the same format survives a round trip.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
)

FORMAT: Final = 1

MONEY = r"^-?[0-9]{1,40}(\.[0-9]{1,40})?$"

Number: TypeAlias = float | Annotated[str, StringConstraints(pattern=MONEY)] | None
"""A finite float, money as a decimal string, or null for unmeasured."""

Basis: TypeAlias = str
"""`measured`, `predicted` or `assumed`; `unmeasured` where the value is null."""


def is_none(value: object) -> bool:
    return value is None


def is_empty(value: tuple[object, ...]) -> bool:
    return not value


def is_false(value: bool) -> bool:
    return not value


class Part(BaseModel):
    """A piece of the document: immutable, tolerant of keys it does not know."""

    model_config = ConfigDict(
        extra="allow",
        frozen=True,
        allow_inf_nan=False,
        protected_namespaces=(),
    )


class ModuleFile(Part):
    path: str
    sha256: str


class Spec(Part):
    """`path` is relative to the plan; `parameters` are the values of `param`, as canonical text."""

    path: str
    sha256: str
    modules: tuple[ModuleFile, ...] = ()
    parameters: dict[str, str] = {}


class Certificate(Part):
    """What a test on calibration rows says of a policy and a requirement. `procedure` is binomial,
    losses, paired or betting; `bound` is the lower bound of what the policy gives beyond the
    promise, as a share of one (with `losses` of the right answers that it may lose), 0 or more
    where it holds. `tried` ways to serve were tested one after the other, on `rows` calibration
    rows; `needed` rows should settle what is undecided, null where no number seems to."""

    policy: str
    status: str
    """holds or undecided."""
    procedure: str | None
    confidence: float
    rows: int
    tried: int
    bound: float | None
    p_value: float | None
    needed: int | None = None
    reason: str | None = None
    """Why it was not tested."""


class Requirement(Part):
    text: str
    confidence: float
    """Of the one-sided bound that must satisfy it."""
    certificate: Certificate | None = Field(default=None, exclude_if=is_none)
    """How it was judged of the policy that was tested; left out where it is forecast."""


class Question(Part):
    """The query in its own words."""

    task: str
    metric: str
    objective: str
    requirements: tuple[Requirement, ...] = ()
    tolerance: float
    confidence: float


class Locked(Part):
    """What the plan rests on: per reference the digests, revisions and declared prices."""

    models: dict[str, dict[str, JsonValue]] = {}
    datasets: dict[str, dict[str, JsonValue]] = {}
    prices: dict[str, dict[str, JsonValue]] = {}
    versions: dict[str, str] = {}
    seed: int = 0


class Amount(Part):
    """A quantity of one meter. Money is a decimal string."""

    value: Number
    unit: str


class Budget(Part):
    """By meter: what probing may spend, what it spent, what running everything would have."""

    caps: dict[str, Amount] = {}
    spent: dict[str, Amount] = {}
    exhaustive: dict[str, Amount] = {}


class Probe(Part):
    """What was measured: `kind` is profile, proxy or evaluate; `rows` were answered, from place
    `start` of the validation rows on."""

    node: str
    kind: str
    candidate: str
    rows: int
    start: int = 0
    train_rows: int | None = None
    shots: int | None = None
    steps: int | None = None
    seed: int = 0


class Round(Probe):
    """A probe after the first round. `worth` is the gain that was expected of the choice's
    objective, in its unit, `error` its Monte Carlo error; null where nothing was known yet of a
    candidate that the probe tells of. `cost` is what it was expected to take."""

    worth: float | None
    error: float | None
    cost: Amount


class Probing(Part):
    """In which order was probed, and why it ended: `decided`, `infeasible`, `cap reached`, `nothing
    worth its price` or `menu exhausted`; null where the evidence does not say. `left` counts what
    could have been measured and was not."""

    order: str
    first: tuple[Probe, ...]
    rounds: tuple[Round, ...] = ()
    left: int = 0
    ended: str | None = None


class Metric(Part):
    """A quality with its two-sided interval, judged on `n` rows."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    confidence: float
    basis: Basis
    n: int | None
    reason: str | None = None
    """Why there is no value."""


class Quantity(Part):
    """A measure with its interval. Money is a decimal string."""

    value: Number
    low: Number
    high: Number
    unit: str
    basis: Basis
    reason: str | None = None


class Paired(Part):
    """How much better the chosen one was measured to be than this candidate on the same rows: the
    metric's difference with its interval, by the bootstrap of the common `rows`. On `better` and
    `worse` of them the chosen one scored higher and lower; `p_value` is the exact McNemar test's,
    null where the metric does not count rows."""

    difference: float
    low: float
    high: float
    confidence: float
    rows: int
    better: int
    worse: int
    p_value: float | None = None


class Miss(Part):
    requirement: str
    verdict: str
    found: str


class Candidate(Part):
    name: str
    kind: str
    status: str
    metric: Metric
    measures: dict[str, Quantity] = {}
    adapt_cost: Quantity
    serve_cost: Quantity
    misses: tuple[Miss, ...] = ()
    reason: str = ""
    """One sentence: why it was chosen, or what speaks against it."""
    strategy: str
    model: str | None = None
    retriever: str | None = None
    hardware: str | None = None
    config: dict[str, JsonValue] = {}
    corrected: Metric | None = Field(default=None, exclude_if=is_none)
    """The metric to expect once the choice among the measured options is allowed for; left out
    where `metric` already is what to expect."""
    paired: Paired | None = Field(default=None, exclude_if=is_none)


class CurvePoint(Part):
    """A policy's operating point: mean money a request, metric, share of the last tier. `low` and
    `high` bound the metric at 0.9; `asked` is the share of queries for which each tier is asked,
    cheapest first; `hull` says that the point lies on the hull of cost and metric over all that
    `auto` offers."""

    budget: Number
    accuracy: float
    share: float
    low: float | None = Field(default=None, exclude_if=is_none)
    high: float | None = Field(default=None, exclude_if=is_none)
    asked: tuple[float, ...] = Field(default=(), exclude_if=is_empty)
    hull: bool = Field(default=False, exclude_if=is_false)


class Policy(Part):
    name: str
    kind: str
    signal: str | None = None
    thresholds: tuple[float, ...] = ()
    metric: Metric
    serve_cost: Quantity
    auc: float | None = None
    curve: tuple[CurvePoint, ...] = ()
    status: str
    """holds, fails, undecided, or refused where the compiler did not let it be chosen."""
    misses: tuple[Miss, ...] = ()
    reason: str = ""
    members: tuple[str, ...] = ()
    """Candidate names, cheapest first."""
    share: float | None = None
    """Share of queries that the last member answers."""
    measures: dict[str, Quantity] = {}
    note: str | None = None
    """Why the compiler refuses it, or what it should be known for."""
    corrected: Metric | None = Field(default=None, exclude_if=is_none)
    """As of a candidate."""
    asked: tuple[float, ...] = Field(default=(), exclude_if=is_empty)
    """Share of queries for which each member is asked."""
    budget: Number = Field(default=None, exclude_if=is_none)
    """Mean money a request that it is fitted to; left out of a single one and of rules by hand."""
    costs: tuple[Number, ...] = Field(default=(), exclude_if=is_empty)
    """Expected money a request of each member, which the budget is spent on."""
    rule: dict[str, JsonValue] | None = Field(default=None, exclude_if=is_none)
    """The rule that it serves by; left out where `apply` fits it to the budget."""


class ReferencePoint(Part):
    budget: Number
    accuracy: float


class Reference(Part):
    """What policies over `members` are held against: `oracle` knows on each query who is right,
    `random` draws lots between the members."""

    kind: Literal["oracle", "random"]
    members: tuple[str, ...]
    auc: float
    curve: tuple[ReferencePoint, ...]


class Bounded(Part):
    """A number with its 90 % interval."""

    value: float
    low: float
    high: float


class ReliabilityBin(Part):
    """Rows of similar chance: the mean chance that was said, and the share that was right."""

    chance: float
    right: float
    low: float
    high: float
    rows: int


class Calibration(Part):
    """How well a member's signal, made into a chance of being right, foretells its outcomes.
    Cross-fitted on `rows` validation rows; `ece` is the expected calibration error over bins of
    equally many rows, `ece_by_chance` what the same bins show where every chance is exactly right.
    `fit` is logistic or isotonic."""

    member: str
    signal: str
    fit: str
    rows: int
    basis: Basis
    """measured, or predicted where the outcomes are those of the member's nearest probe."""
    ece: Bounded
    ece_by_chance: float
    brier: Bounded
    used: bool = False
    """Whether a policy of the plan decides by it."""
    bins: tuple[ReliabilityBin, ...] = ()


class Slice(Part):
    """Rows that have something in common, and how the chosen one does on them. `value` is the mean
    score, `low` and `high` its interval, valid for all slices that were looked at together;
    `shrunk` is what to expect, drawn towards the mean of all rows by what the slice's size leaves
    open."""

    by: str
    name: str
    rows: int
    value: float
    low: float
    high: float
    shrunk: float


class Slices(Part):
    """The worst slices of the chosen one, the worst first, of `looked_at` in all, of which `shown`
    lie below the mean with their whole interval; `confidence` is that of all the intervals together
    (Bonferroni)."""

    of: str
    mean: float
    rows: int
    looked_at: int
    shown: int
    confidence: float
    worst: tuple[Slice, ...]


class Decision(Part):
    status: Literal["decided", "undecided", "infeasible"]
    chosen: str | None
    reasons: tuple[str, ...] = ()
    next_evidence: str | None = None
    regret_probability: float | None = None
    """Probability that the chosen one is within the tolerance of the best feasible one."""
    forecast: Metric | None = Field(default=None, exclude_if=is_none)
    """The metric to expect of the chosen one: corrected for having been chosen."""


class Purchase(Part):
    """What could be bought next. `gain` is what the choice is expected to gain, of `of` (a metric
    as a share of one), with the interval from `low` to `high`; no interval for a measurement
    (`probe`, `rows`), whose gain is that of a better choice. `rate` is the gain for one unit of
    `cost`."""

    kind: str
    """labels, training, model, probe, rows, or nothing."""
    what: str
    of: str
    gain: float | None
    low: float | None = None
    high: float | None = None
    cost: Amount | None = None
    rate: float | None = None
    recommended: bool
    reason: str | None = None
    """Why there is no gain."""


class BreakEven(Part):
    """Where the chosen one is cheaper in all than another candidate: `from` so many requests on,
    `up to` so many, `always` or `never`; `probability` of it, and of the interval a confidence of
    0.9."""

    other: str
    cheaper: Literal["from", "up to", "always", "never"]
    requests: float | None = None
    low: float | None = None
    high: float | None = None
    probability: float


class Evidence(Part):
    """Digest and size of the evidence file beside the plan."""

    digest: str
    observations: int
    test_reads: int = 0


class Step(Part):
    """One step of `apply`, after those that it needs."""

    id: str
    kind: str
    needs: tuple[str, ...] = ()
    arguments: dict[str, JsonValue] = Field(
        default={}, validation_alias=AliasChoices("with", "arguments"), serialization_alias="with"
    )


class PlanDocument(Part):
    """`NAME.plan.json`."""

    format: Literal[1] = FORMAT
    spec: Spec
    query: str
    question: Question
    locked: Locked
    budget: Budget
    probing: Probing | None = Field(default=None, exclude_if=is_none)
    candidates: tuple[Candidate, ...]
    policies: tuple[Policy, ...] = ()
    decision: Decision
    next: tuple[Purchase, ...] = Field(default=(), exclude_if=is_empty)
    """What to buy next, what is recommended first; `nothing` is an answer."""
    break_even: tuple[BreakEven, ...] = Field(default=(), exclude_if=is_empty)
    """The chosen one against the next cheaper and the next dearer candidate a request."""
    references: tuple[Reference, ...] = Field(default=(), exclude_if=is_empty)
    """What the policies are held against."""
    calibration: tuple[Calibration, ...] = Field(default=(), exclude_if=is_empty)
    """Of the signals of the policies' members."""
    slices: Slices | None = Field(default=None, exclude_if=is_none)
    """Where the chosen one does worst."""
    evidence: Evidence
    steps: tuple[Step, ...] = ()
    docs: dict[str, str] = Field(default={}, exclude_if=lambda docs: not docs)
    """Doc comments of the query and of what it names in the author's files, by reference; left
    out where there are none."""
