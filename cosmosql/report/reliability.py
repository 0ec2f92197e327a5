"""Calibration of the members' signals in words."""

from __future__ import annotations

from dataclasses import dataclass

from cosmosql.artifact.plan import Bounded, Calibration, PlanDocument
from cosmosql.report import words

MOST_PANELS = 3
COMBINED = "combined"


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationRow:
    """A member's signal. `error_by_chance` is what exact chances would show."""

    member: str
    signal: str
    fit: str
    error: str
    error_bounds: str
    error_by_chance: str
    brier: str
    brier_bounds: str
    rows: str
    outcomes: str
    used: bool


def calibration_rows(plan: PlanDocument) -> tuple[CalibrationRow, ...]:
    return tuple(
        CalibrationRow(
            member=item.member,
            signal=item.signal,
            fit=item.fit,
            error=f"{item.ece.value:.3f}",
            error_bounds=bounds(item.ece),
            error_by_chance=f"{item.ece_by_chance:.3f}",
            brier=f"{item.brier.value:.3f}",
            brier_bounds=bounds(item.brier),
            rows=f"{item.rows:,}",
            outcomes="of its nearest probe" if item.basis == "predicted" else item.basis,
            used=item.used,
        )
        for item in plan.calibration
    )


def bounds(found: Bounded) -> str:
    return f"[{found.low:.3f}, {found.high:.3f}]"


def calibration_note(plan: PlanDocument) -> str:
    """What the tables mean, with the number of bins."""
    if not plan.calibration:
        return ""
    counts = sorted({len(item.bins) for item in plan.calibration})
    most = words.plural(counts[-1], "bin")
    bins = most if len(counts) == 1 else f"{counts[0]} to {most}"
    return (
        "A signal as a chance of being right, by logistic or isotonic regression, whichever has "
        "the smaller Brier score; each row is judged by a fit on others. The calibration error "
        f"(ECE) is the mean gap between said and true over {bins} of equally many rows; "
        "the column by chance is what the same bins show on average where every chance is exact."
    )


def shown_calibrations(plan: PlanDocument) -> tuple[Calibration, ...]:
    """What is drawn, of as many as one looks at: the signals that policies decide by, then the
    combined ones, then the others in their order; of those that look alike one."""
    ordered = sorted(plan.calibration, key=lambda one: (not one.used, one.signal != COMBINED))
    looks = {(one.member, tuple(place.right for place in one.bins)): one for one in ordered[::-1]}
    return tuple([one for one in ordered if one in looks.values()][:MOST_PANELS])
