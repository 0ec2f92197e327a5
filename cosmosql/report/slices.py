"""Where the chosen one does worst, in words."""

from __future__ import annotations

from dataclasses import dataclass

from cosmosql.artifact.plan import PlanDocument, Slice, Slices
from cosmosql.report import words

MOST_NAMED = 3
"""In a sentence; the table has more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceRow:
    """`shown_worse` where the whole interval lies below the mean of all rows."""

    by: str
    name: str
    rows: str
    expected: str
    mean: str
    bounds: str
    shown_worse: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceTable:
    """Empty `note`: nothing was cut."""

    note: str
    finding: str
    rows: tuple[SliceRow, ...]


NOTHING = SliceTable(note="", finding="", rows=())


def slice_table(plan: PlanDocument) -> SliceTable:
    found = plan.slices
    if found is None:
        return NOTHING
    return SliceTable(
        note=f"The worst of {words.plural(found.looked_at, 'slice')} of the chosen one's "
        f"{words.plural(found.rows, 'validation row')}. The worst of many is unlucky as well as "
        "weak: `to expect` draws each towards the mean of all rows by what its size leaves open, "
        f"and the intervals hold for all {found.looked_at:,} together with "
        f"{words.whole_percent(found.confidence)} confidence (Bonferroni).",
        finding=_finding(found),
        rows=tuple(_row(one, found) for one in found.worst),
    )


def _row(one: Slice, all_of: Slices) -> SliceRow:
    return SliceRow(
        by=one.by,
        name=one.name,
        rows=f"{one.rows:,}",
        expected=words.percent(one.shrunk),
        mean=words.percent(one.value),
        bounds=f"[{100 * one.low:.1f}, {100 * one.high:.1f}]",
        shown_worse=one.high < all_of.mean,
    )


def _finding(found: Slices) -> str:
    worse = [one for one in found.worst if one.high < found.mean]
    mean = f"the mean row score of {words.percent(found.mean)}"
    if not found.shown:
        return f"No slice is shown to be worse than {mean}."
    names = words.listed([f"{one.by} `{one.name}`" for one in worse[:MOST_NAMED]])
    if found.shown > min(len(worse), MOST_NAMED):
        names = f"{words.plural(found.shown, 'slice')}, the worst of them {names}"
    return f"Shown to be worse than {mean}: {names}."
