"""What can be chosen, a candidate or a policy, with its quantities as draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cosmosql.decide.decision import Certificate
from cosmosql.interval import Unmeasured
from cosmosql.predict.forecast import Distribution, Forecast


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """`quantities` holds the metric and every measure by name."""

    name: str
    strategy: str | None
    """The strategy's reference; None for policies."""
    metric_name: str
    quantities: Mapping[str, Distribution | Unmeasured]
    measured: Distribution | None = None
    """The metric as it was measured, where `quantities` holds one that is corrected."""
    certificates: Mapping[str, Certificate] = field(default_factory=dict)
    """By requirement, those that are tested and not forecast."""

    @property
    def metric(self) -> Distribution | Unmeasured:
        return self.quantities[self.metric_name]


def subject_of(forecast: Forecast) -> Subject:
    return Subject(
        name=forecast.candidate.name,
        strategy=forecast.candidate.strategy,
        metric_name=forecast.metric_name,
        quantities={forecast.metric_name: forecast.metric, **forecast.measures},
    )


def by_strategy(forecasts: Sequence[Forecast]) -> dict[str, list[Subject]]:
    """The candidates of each strategy, for formulas that name one."""
    found: dict[str, list[Subject]] = {}
    for forecast in forecasts:
        found.setdefault(forecast.candidate.strategy, []).append(subject_of(forecast))
    return found
