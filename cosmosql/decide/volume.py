"""From how many requests on the chosen candidate is cheaper than its neighbours, or up to how many.

What a candidate costs in all is a line over the number of requests: once, and each. Two lines cross
at N = (once of the other - own once) / (own each - each of the other).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cosmosql.decide.frontier import frontier_of, mean_cost
from cosmosql.interval import Estimate
from cosmosql.predict.forecast import Distribution, Forecast
from cosmosql.predict.pairing import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEven:
    """Where the chosen candidate is cheaper than `other`: `from` so many requests on, `up to` so
    many, `always` or `never`. `requests` has the 90 % interval over the draws in which it is so,
    None for always and never; `probability` is their share of all draws."""

    other: str
    cheaper: Literal["from", "up to", "always", "never"]
    requests: Estimate | None
    probability: float


def break_evens(forecasts: Sequence[Forecast], chosen: str | None) -> tuple[BreakEven, ...]:
    """The chosen candidate against the next cheaper and the next dearer one a request among those
    that no other beats in metric and cost; nothing for a policy or where costs are unknown."""
    own = next((one for one in forecasts if one.candidate.name == chosen), None)
    if own is None or costs_of(own) is None or not isinstance(own.metric, Distribution):
        return ()
    others = [one for one in forecasts if one is not own and costs_of(one) is not None]
    singles = frontier_of(others).singles
    cheaper = [one for one in singles if mean_cost(one) <= mean_cost(own)]
    dearer = [one for one in singles if mean_cost(one) > mean_cost(own)]
    near = [*cheaper[-1:], *dearer[:1]]
    return tuple(found for one in near if (found := break_even(own, one)) is not None)


def costs_of(forecast: Forecast) -> tuple[Array, Array] | None:
    """Draws of the money once and a request; None where one of them is unknown."""
    once, each = forecast.measures.get("adapt_cost"), forecast.measures.get("serve_cost")
    if not (isinstance(once, Distribution) and isinstance(each, Distribution)):
        return None
    return once.draws, each.draws


def break_even(own: Forecast, other: Forecast) -> BreakEven | None:
    """Where one candidate is cheaper than another; None where a cost is unknown."""
    costs, others = costs_of(own), costs_of(other)
    if costs is None or others is None:
        return None
    once, each = others[0] - costs[0], costs[1] - others[1]
    means = float(once.mean()), float(each.mean())
    side = side_of(*means)
    alike = np.array([side_of(*pair) == side for pair in zip(once, each, strict=True)])
    requests = None
    if side in ("from", "up to"):
        value = means[0] / means[1]
        volumes = (once[alike] / each[alike]) if alike.any() else np.array([value])
        low, high = (float(bound) for bound in np.quantile(volumes, [0.05, 0.95]))
        requests = Estimate(value, min(low, value), max(high, value), len(volumes))
    return BreakEven(
        other=other.candidate.name,
        cheaper=side,
        requests=requests,
        probability=float(alike.mean()),
    )


def side_of(once: float, each: float) -> Literal["from", "up to", "always", "never"]:
    """Where a candidate is cheaper whose one-off cost is less by `once`, and whose cost a request
    is more by `each`.

    >>> side_of(-10, -1), side_of(10, 1), side_of(10, -1), side_of(0, 0)
    ('from', 'up to', 'always', 'never')
    """
    if each < 0:
        return "from" if once < 0 else "always"
    if once > 0:
        return "up to" if each > 0 else "always"
    return "never"
