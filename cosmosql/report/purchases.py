"""What to buy next, in words."""

from __future__ import annotations

from dataclasses import dataclass

from cosmosql.artifact.plan import PlanDocument, Purchase
from cosmosql.report.words import UNMEASURED, significant

LABEL = "label"

SHOWN = 2
"""Purchases that the text output tells, of what is recommended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseRow:
    """`line` says it in one sentence."""

    kind: str
    what: str
    gain: str
    cost: str
    rate: str
    recommended: bool
    line: str


def purchase_rows(plan: PlanDocument) -> tuple[PurchaseRow, ...]:
    """Everything that may be bought, what is recommended first."""
    return tuple(_row(item, item.of == plan.question.metric) for item in plan.next)


def recommended_lines(rows: tuple[PurchaseRow, ...]) -> tuple[str, ...]:
    """What the text output says of it."""
    return tuple(row.line for row in rows if row.recommended)[:SHOWN]


def _row(item: Purchase, ratio: bool) -> PurchaseRow:
    if item.kind == "nothing":
        gain = cost = rate = ""
        line = item.what
    else:
        gain, cost, rate = _gain(item, ratio), _cost(item), _rate(item, ratio)
        priced = f" for {cost}" if cost else ""
        line = f"{item.what}: {gain}{priced}" + (f", {rate}" if rate else "")
    return PurchaseRow(
        kind=item.kind,
        what=item.what,
        gain=gain,
        cost=cost,
        rate=rate,
        recommended=item.recommended,
        line=line,
    )


def _gain(item: Purchase, ratio: bool) -> str:
    """`+2.3 points [0.4, 4.1]`; of an objective that is no metric in its own unit."""
    if item.gain is None:
        return f"{UNMEASURED}: {item.reason}" if item.reason else UNMEASURED
    if not ratio:
        return f"{item.gain:+.3g} {item.of}"
    text = f"{100 * item.gain:+.2f} points"
    if item.low is None or item.high is None:
        return text
    return f"{text} [{100 * item.low:.1f}, {100 * item.high:.1f}]"


def _cost(item: Purchase) -> str:
    """`512 labels`, `0.0013 USD once` or `0.00002 USD/request`."""
    if item.cost is None:
        return ""
    if item.cost.unit == LABEL:
        return f"{float(item.cost.value or 0):,.0f} labels"
    once = "" if "/" in item.cost.unit else " once"
    return f"{significant(item.cost.value, item.cost.unit)}{once}"


def _rate(item: Purchase, ratio: bool) -> str:
    """`4.5 points per 1,000 labels`, `0.8 points per USD`."""
    if item.rate is None or item.cost is None or item.rate <= 0:
        return ""
    many = 1000 if item.cost.unit == LABEL else 1
    gained = many * item.rate * (100 if ratio else 1)
    per = "1,000 labels" if item.cost.unit == LABEL else item.cost.unit
    return f"{significant(gained)} {'points' if ratio else item.of} per {per}"
