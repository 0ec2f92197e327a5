"""What commands print under `--format json` and is no artifact: models that give it a schema."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from cosmosql.artifact.bundle import Outcome
from cosmosql.artifact.plan import Part


class Place(Part):
    """Lines and columns count from 1, in characters; the end is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


class DiagnosticLabel(Place):
    text: str


class DiagnosticFix(Place):
    """What to put in the place of a text."""

    replacement: str


class PrintedDiagnostic(Part):
    """A finding; the first label is the primary one."""

    code: str
    severity: Literal["error", "warning"]
    title: str
    labels: tuple[DiagnosticLabel, ...]
    notes: tuple[str, ...]
    help: str | None
    fix: DiagnosticFix | None


class SilencedDiagnostic(PrintedDiagnostic):
    """A warning that a comment of its file allows; `reason` is empty where it says none."""

    reason: str


class DiagnosticsDocument(Part):
    """What `check --format json` prints."""

    format: Literal[1]
    errors: int
    warnings: int
    diagnostics: tuple[PrintedDiagnostic, ...]
    silenced: tuple[SilencedDiagnostic, ...]


class GraphNode(Part):
    """A step: what it needs, what it is done with, and the hash of both."""

    id: str
    kind: str
    needs: tuple[str, ...]
    arguments: dict[str, JsonValue] = Field(serialization_alias="with")
    identity: str


class GraphDocument(Part):
    """What `graph --format json` prints: every step before the steps that need it."""

    query: str
    candidates: tuple[str, ...]
    nodes: tuple[GraphNode, ...]


class Amount(Part):
    """A decimal number and its unit."""

    value: str
    unit: str


class QuotedProbe(Part):
    """A measurement, what it can take at most by meter, and whether it is paid for already."""

    key: str
    kind: str
    candidate: str
    model: str | None
    basis: str
    rows: int
    start: int = 0
    train_rows: int | None
    shots: int | None
    steps: int | None
    seed: int
    seconds_assumed: bool
    paid: bool
    worst: dict[str, Amount]


class QuoteDocument(Part):
    """What `quote --format json` prints: the first round, what may follow it one at a time, of what
    a test of a policy may ask some, and amounts by meter."""

    runs: tuple[QuotedProbe, ...]
    menu: tuple[QuotedProbe, ...] = ()
    tests: tuple[QuotedProbe, ...] = ()
    total: dict[str, Amount]
    caps: dict[str, Amount]
    spent: dict[str, Amount]
    fits: bool


class OutcomeDocument(Part):
    """What `apply --format json` prints: each forecast beside what the full run measured."""

    bundle: str
    within: bool
    outcomes: tuple[Outcome, ...]


class AnswerLine(Part):
    """One line of `predict`: the answer to a row, and which tier of the policy gave it; null where
    it is left to a person. Of a policy also the members that were `asked`, in order, and `why`: by
    what figures the first was chosen, and then, after each answer, to go on or to stay."""

    id: JsonValue = None
    answer: str | None
    tier: int
    member: str
    confidence: float | None
    signals: dict[str, float]
    asked: tuple[str, ...] = ()
    why: tuple[dict[str, float], ...] = ()


class DriftFound(Part):
    """A member's signal on the stream against its `reference` calibration rows: the largest
    distance and the least p-value of the windows, and where those that have drifted start."""

    member: str
    signal: str
    reference: int
    windows: int
    drifted: list[int]
    distance: float
    p_value: float


class SummaryDocument(Part):
    """What `predict --summary FILE` writes: rows answered, how often each member was asked and
    answered, and whether the stream drifted."""

    rows: int
    asked: dict[str, int]
    answered: dict[str, int]
    drift: tuple[DriftFound, ...] = ()


class Examined(Part):
    """What was found, and what to do where that is not enough."""

    value: str
    advice: str = ""


class DoctorDocument(Part):
    """What `doctor --format json` prints: findings by name."""

    program: dict[str, Examined]
    features: dict[str, Examined]
    machine: dict[str, Examined]
    plugins: dict[str, Examined] = Field(serialization_alias="plug-ins")
    places: dict[str, Examined]
    broken: tuple[str, ...]
    """Names of what nothing works without."""
