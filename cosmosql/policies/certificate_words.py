"""What a certificate says, in words; numbers are those of `certificates`, nothing is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

PROCEDURES: Mapping[str, str] = MappingProxyType(
    {
        "binomial": "exact binomial test",
        "losses": "exact test of the right answers that are lost",
        "paired": "exact paired test of losses and wins",
        "betting": "test by betting on bounded scores",
    }
)


def certificate_words(
    *,
    holds: bool,
    procedure: str | None,
    confidence: float,
    rows: int,
    bound: float | None,
    needed: int | None,
    reason: str | None,
) -> str:
    """`certified on 300 calibration rows with 95 % confidence (…)`, or why not and the rows that
    should settle it. `bound` is a share of one, `rows` 0 where it was not tested."""
    level = f"{100 * confidence:g} % confidence"
    if holds:
        return f"certified on {rows} calibration rows with {level}{margin(procedure, bound)}"
    if rows:
        words = f"not certified on {rows} calibration rows{margin(procedure, bound)}"
    else:
        words = f"not tested: {reason}"
    if needed is not None:
        words += f"; about {needed} calibration rows should settle it at {level}"
    return words


def margin(procedure: str | None, bound: float | None) -> str:
    """` (exact paired test of losses and wins: at least 0.04 points beyond the promise)`."""
    if bound is None or procedure is None:
        return ""
    of = " of its right answers" if procedure == "losses" else ""
    points = 100 * bound
    side = "beyond" if points >= 0 else "short of"
    size = f"at least {points:.2f}" if points >= 0 else f"perhaps {-points:.2f}"
    return f" ({PROCEDURES[procedure]}: {size} points{of} {side} the promise)"
