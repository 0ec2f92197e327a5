"""The result of `backtest`: forecasts against what running every candidate in full measured."""

from __future__ import annotations

from cosmosql.artifact.plan import Basis, Part


class BacktestCandidate(Part):
    """One candidate's forecast, with its 90 % interval, and its measured metric, all in 0 to 1."""

    name: str
    kind: str
    basis: Basis
    predicted: float | None
    low: float | None
    high: float | None
    measured: float | None


class KindScores(Part):
    """The scores of one kind's predicted candidates."""

    candidates: int
    mae_points: float | None
    kendall_tau: float | None


class BacktestDocument(Part):
    """Scores of the forecasts, over candidates whose basis is predicted. Points are hundredths of
    the metric; null is unmeasured."""

    mae_points: float | None
    kendall_tau: float | None
    regret_points: float | None
    coverage: dict[str, float | None]
    """Share of measured values inside the central interval, by its level in percent."""
    cost_saved: float | None
    """One minus the cost of the probes over the cost of running everything, in FLOPs."""
    kinds: dict[str, KindScores]
    candidates: tuple[BacktestCandidate, ...]
