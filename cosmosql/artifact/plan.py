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


class Requirement(Part):
    text: str
    confidence: float
    """Of the one-sided bound that must satisfy it."""


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


class CurvePoint(Part):
    """A policy's operating point: mean money a request, metric, share of the last tier."""

    budget: Number
    accuracy: float
    share: float


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


class Decision(Part):
    status: Literal["decided", "undecided", "infeasible"]
    chosen: str | None
    reasons: tuple[str, ...] = ()
    next_evidence: str | None = None
    regret_probability: float | None = None
    """Probability that the chosen one is within the tolerance of the best feasible one."""


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
    candidates: tuple[Candidate, ...]
    policies: tuple[Policy, ...] = ()
    decision: Decision
    evidence: Evidence
    steps: tuple[Step, ...] = ()
    docs: dict[str, str] = Field(default={}, exclude_if=lambda docs: not docs)
    """Doc comments of the query and of what it names in the author's files, by reference; left
    out where there are none."""
