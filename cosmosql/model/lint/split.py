"""W0601: too few rows to tell the difference that a query asks for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from decimal import Decimal

from cosmosql.data.rows import LoadedDataset, Role
from cosmosql.diagnostics.diagnostic import Diagnostic
from cosmosql.model.lint.warning import is_standard, warning
from cosmosql.model.program import Program, Query, strategies_of
from cosmosql.units import number_text

COUNTED = ("accuracy", "exact_match")
"""Metrics that are the share of right answers: of the others no such bound is certain."""

TYPICAL_DISAGREEMENT = 0.2
"""Share of rows that two candidates answer with different success, in the note's second figure."""


def split_too_small(
    program: Program, query: Query, data: Mapping[str, LoadedDataset]
) -> Iterator[Diagnostic]:
    """W0601 where no paired comparison on the query's probe rows can tell the difference that its
    `decide within` asks for, with its confidence. Of a query that does not ask, nothing is said.

    On n rows answered by both, the difference of two accuracies has the standard error
    sqrt((b + c - d^2) / n), with b and c the shares of rows that only one of the two gets right
    and d = b - c (McNemar 1947; Dietterich 1998, Neural Computation 10:1895; Card et al. 2020,
    EMNLP, for its power). It is least where c = 0: then b = d. A difference of d is told with
    one-sided confidence p where z_p times that error is at most d, so it takes at least

        n = z_p^2 (1 - d) / d

    rows, and more where the two also differ on other rows.
    """
    task = program.tasks[query.task]
    rows = data.get(task.dataset)
    place = query.decided
    if place is None or rows is None:
        return
    if task.metric not in COUNTED or not _compares(program, query):
        return
    probe = program.probes[query.probe]
    there = len(rows.rows[Role.VALIDATION])
    used = min(probe.rows, there)
    least = rows_needed(query.tolerance, query.confidence)
    if used >= least:
        return
    typical = rows_needed(query.tolerance, query.confidence, TYPICAL_DISAGREEMENT)
    difference, confidence = number_text(query.tolerance * 100), number_text(query.confidence * 100)
    asked = f"{difference} pp with {confidence}% confidence"
    enough = [f"`rows = {least}` in the probe"] if probe.rows < least else []
    enough += [f"{least} validation rows"] if there < least else []
    yield warning(
        "W0601",
        "split too small to tell the asked difference",
        query.span if is_standard(place) else place,
        f"this is asked, and candidates are compared on {used} rows",
        notes=(
            f"to tell {asked} takes at least {least} rows, "
            f"and about {typical} where two candidates disagree on {TYPICAL_DISAGREEMENT:.0%}",
            f"there are {there} validation rows, and the probe takes {probe.rows}",
        ),
        help=f"give it {' and '.join(enough)}, or ask for a larger difference: `decide within …`",
    )


def rows_needed(difference: Decimal, confidence: Decimal, disagreement: float | None = None) -> int:
    """Rows from which on a difference of two accuracies is told with a one-sided confidence.

    `disagreement` is the share of rows that one of the two alone gets right; left out: as small
    as it can be, the difference itself.

    >>> rows_needed(Decimal("0.01"), Decimal("0.9")), rows_needed(Decimal("0.05"), Decimal("0.8"))
    (163, 14)
    """
    from statistics import NormalDist  # slow to load, and few queries ask

    gap = float(difference)
    variance = max(gap, disagreement or 0.0) - gap**2
    return max(1, math.ceil(NormalDist().inv_cdf(float(confidence)) ** 2 * variance / gap**2))


def _compares(program: Program, query: Query) -> bool:
    """True where the query has several candidates: strategies, or values of a sweep."""
    strategies = strategies_of(program, query)
    return len(strategies) > 1 or any(strategy.swept for strategy in strategies)
