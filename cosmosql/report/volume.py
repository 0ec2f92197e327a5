"""At how many requests the chosen candidate and its neighbours cost the same, in words."""

from __future__ import annotations

from collections.abc import Iterator

from cosmosql.artifact.plan import BreakEven, PlanDocument
from cosmosql.report import words


def volumes(plan: PlanDocument) -> Iterator[str]:
    """A sentence for each neighbour of the chosen one."""
    for found in plan.break_even:
        yield f"{_sentence(found)}{_chance(found)}."


def _sentence(found: BreakEven) -> str:
    match found.cheaper:
        case "always":
            return f"Cheaper than `{found.other}` at any number of requests"
        case "never":
            return f"At no number of requests cheaper than `{found.other}`"
        case "from":
            return f"Cheaper than `{found.other}` from {_requests(found)} on"
        case _:
            return f"Cheaper than `{found.other}` up to {_requests(found)}"


def _requests(found: BreakEven) -> str:
    if found.requests is None or found.low is None or found.high is None:
        return "an unknown number of requests"
    value, low, high = (
        words.significant(max(1, round(one))) for one in (found.requests, found.low, found.high)
    )
    interval = "" if low == high else f" [{low}, {high}]"
    return f"{value}{interval} requests"


def _chance(found: BreakEven) -> str:
    if found.probability >= 1:
        return ""
    return f" (probability {words.whole_percent(found.probability)})"
