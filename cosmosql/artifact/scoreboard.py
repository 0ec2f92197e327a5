"""What `scoreboard` prints: forecasts beside what became of them."""

from __future__ import annotations

from typing import Literal

from cosmosql.artifact.plan import Basis, Number, Part


class ScoreboardEntry(Part):
    """One forecast quantity of a candidate or policy. Metrics are in 0 to 1 with an empty unit,
    money is a decimal string."""

    ledger: str
    spec: str
    query: str
    plan: str
    """SHA-256 of the plan document that states the forecast."""
    name: str
    kind: str
    quantity: str
    unit: str
    basis: Basis
    predicted: Number
    low: Number
    high: Number
    stated_at: str
    """UTC, ISO 8601."""
    hindsight: bool
    """The outcome stood in the ledger before the forecast did."""
    measured: Number
    """Null while nothing measured it."""
    runs: int
    """Runs whose mean `measured` is."""
    by: str | None
    measured_at: str | None
    error: float | None
    """Measured less predicted: in points for a metric, in percent of the forecast otherwise."""
    within: dict[str, bool]
    """Whether `measured` lies in the central interval, by its level in percent; empty while it is
    open."""
    status: Literal["open", "hit", "missed", "measured"]
    """`measured`: a probe had measured the candidate in full, so there was no forecast to miss."""


class ScoreboardSummary(Part):
    """Over metrics that were predicted, and measured only after that."""

    forecasts: int
    missed: int
    mae_points: float | None
    coverage: dict[str, float | None]
    """Share inside the central interval, by its level in percent, of the forecasts that state
    one."""
    counted: dict[str, int]
    """How many forecasts state an interval of that level."""


class ScoreboardDocument(Part):
    """`cosmosql scoreboard --format json`: the summary, what it leaves out, and every entry."""

    format: Literal[1] = 1
    ledgers: tuple[str, ...]
    summary: ScoreboardSummary
    costs: int
    costs_missed: int
    """Measured costs, and how many of them lie outside their 90 % interval."""
    probed: int
    """Entries that a probe had measured in full."""
    hindsight: ScoreboardSummary
    """Of the forecasts that were stated when their outcome was already known."""
    open: int
    entries: tuple[ScoreboardEntry, ...]
