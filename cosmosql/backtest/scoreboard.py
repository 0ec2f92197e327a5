"""Ledgers → every forecast that was stated, beside what became of it. Reads, and only reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from cosmosql.artifact.scoreboard import (
    ScoreboardDocument,
    ScoreboardEntry,
    ScoreboardSummary,
)
from cosmosql.diagnostics.diagnostic import Diagnostic, InputError
from cosmosql.evidence.ledger import DIRECTORY, FILE, Ledger
from cosmosql.evidence.stated import Account, accounts
from cosmosql.identity import rounded

SPEC_SUFFIX = ".cosmos"
LEVELS = ("50", "80", "90")


def scoreboard(place: Path) -> ScoreboardDocument:
    """The forecasts of a spec, or of every ledger in a directory and below it.

    Raises InputError: E0607 where there is no ledger, E0604 where one cannot be used.
    """
    spec = place if place.suffix == SPEC_SUFFIX else None
    roots = [spec.parent] if spec else sorted(path.parent for path in place.rglob(DIRECTORY))
    roots = [root for root in roots if (root / DIRECTORY / FILE).is_file()]
    if not roots:
        raise InputError([no_ledger(place)])
    entries: list[ScoreboardEntry] = []
    for root in roots:
        with Ledger.read(root) as ledger:
            found = accounts(ledger)
        entries += [
            entry_of(one, str(root / DIRECTORY / FILE))
            for one in found
            if spec is None or one.stated.spec == spec.name
        ]
    return document_of(entries, [str(root / DIRECTORY / FILE) for root in roots])


def document_of(entries: Sequence[ScoreboardEntry], ledgers: Sequence[str]) -> ScoreboardDocument:
    closed = [one for one in entries if one.status in ("hit", "missed")]
    metrics = [one for one in closed if not one.unit]
    costs = [one for one in closed if one.unit]
    return ScoreboardDocument(
        ledgers=tuple(ledgers),
        summary=summary_of(one for one in metrics if not one.hindsight),
        costs=len(costs),
        costs_missed=sum(one.status == "missed" for one in costs),
        probed=sum(one.status == "measured" for one in entries),
        hindsight=summary_of(one for one in metrics if one.hindsight),
        open=sum(one.status == "open" for one in entries),
        entries=tuple(entries),
    )


def summary_of(entries: Iterable[ScoreboardEntry]) -> ScoreboardSummary:
    found = list(entries)
    inside = {
        level: [one.within[level] for one in found if level in one.within] for level in LEVELS
    }
    errors = [abs(one.error) for one in found if one.error is not None]
    return ScoreboardSummary(
        forecasts=len(found),
        missed=sum(one.status == "missed" for one in found),
        mae_points=rounded(sum(errors) / len(errors)) if errors else None,
        coverage={
            level: rounded(sum(known) / len(known)) if known else None
            for level, known in inside.items()
        },
        counted={level: len(known) for level, known in inside.items()},
    )


def entry_of(account: Account, ledger: str) -> ScoreboardEntry:
    stated = account.stated
    low, high = stated.intervals["90"]
    within = {} if account.measured is None else inside_of(account)
    return ScoreboardEntry(
        ledger=ledger,
        spec=stated.spec,
        query=stated.query,
        plan=stated.plan,
        name=stated.name,
        kind=stated.kind,
        quantity=stated.quantity,
        unit=stated.unit,
        basis=stated.basis,
        predicted=stated.value,
        low=low,
        high=high,
        stated_at=account.stated_at,
        hindsight=stated.hindsight,
        measured=account.measured,
        runs=account.runs,
        by=account.by,
        measured_at=account.measured_at,
        error=error_of(account),
        within=within,
        status=status_of(account, within),
    )


def inside_of(account: Account) -> dict[str, bool]:
    """Whether the measured value lies in each stated interval."""
    measured = float(account.measured or 0.0)
    return {
        level: float(low) <= measured <= float(high)
        for level, (low, high) in sorted(account.stated.intervals.items())
    }


def status_of(
    account: Account, within: dict[str, bool]
) -> Literal["open", "hit", "missed", "measured"]:
    if account.measured is None:
        return "open"
    if account.stated.basis == "measured" and not account.stated.unit:
        return "measured"
    return "hit" if within["90"] else "missed"


def error_of(account: Account) -> float | None:
    """Measured less predicted: in points for a metric, in percent of the forecast for a cost."""
    if account.measured is None:
        return None
    predicted, measured = float(account.stated.value), float(account.measured)
    if not account.stated.unit:
        return rounded(100 * (measured - predicted))
    return rounded(100 * (measured / predicted - 1)) if predicted else None


def no_ledger(place: Path) -> Diagnostic:
    return Diagnostic(
        code="E0607",
        title="there is no ledger",
        notes=(f"nothing was measured {'beside' if place.suffix else 'in or below'} {place}",),
        help="`cosmosql backtest SPEC` and `cosmosql apply PLAN` hold forecasts against outcomes, "
        "in the ledger beside the spec",
    )
