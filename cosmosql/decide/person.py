"""A person as the last tier of a policy: always right, at a price (abstaining, or learning to
defer: Madras et al. 2018, arXiv 1711.06664)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cosmosql.interval import Unmeasured
from cosmosql.plan.candidate import Candidate
from cosmosql.predict.footprint import Footprint
from cosmosql.predict.forecast import Distribution, Forecast, ItemForecast
from cosmosql.schema.measures import PERCENTILES
from cosmosql.units import Quantity

PERSON = "person"
"""The name under which a person stands among the members of a policy."""

UNTIMED = ("latency", *PERCENTILES)


def person(price: Quantity, members: Sequence[Forecast]) -> Forecast | None:
    """A member that answers every row that some other one answered, rightly, and takes the price a
    request; how long it takes is not known. None where no other member was measured."""
    known = [one for one in members if one.items and isinstance(one.metric, Distribution)]
    if not known:
        return None
    first = known[0]
    assert isinstance(first.metric, Distribution)
    rows = tuple(dict.fromkeys(row for one in known if one.items for row in one.items.rows))
    draws = len(first.metric.draws)

    def exactly(value: float, unit: str) -> Distribution:
        return Distribution(
            draws=np.full(draws, value), value=value, unit=unit, basis="assumed", n=1
        )

    measures: dict[str, Distribution | Unmeasured] = {
        name: exactly(0.0, found.unit)
        for name, found in first.measures.items()
        if isinstance(found, Distribution)
    }
    measures |= dict.fromkeys(UNTIMED, Unmeasured("how long a person takes is not known"))
    cost = exactly(float(price.base), f"{price.dimension.currency}/request")
    return Forecast(
        candidate=Candidate(
            name=PERSON,
            strategy="",
            kind=PERSON,
            task=first.candidate.task,
            model=None,
            retriever=None,
            hardware=None,
            config={},
        ),
        metric_name=first.metric_name,
        metric=exactly(1.0, ""),
        measures={**measures, "serve_cost": cost},
        items=ItemForecast(rows=rows, score=np.ones(len(rows)), signals={}, shift=None),
        footprint=Footprint(),
    )
