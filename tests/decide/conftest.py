"""Candidates with known outcomes row by row, and queries over them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from cosmosql.interval import Unmeasured
from cosmosql.model import program as model
from cosmosql.plan.candidate import Candidate
from cosmosql.predict.forecast import Distribution, Forecast, ItemForecast
from cosmosql.predict.pairing import row_weights
from cosmosql.source import Source, Span
from cosmosql.units import Quantity

DRAWS = 1000
SPAN = Span(Source("query.cosmos", "x"), 0, 1)


def constant(value: float, unit: str) -> Distribution:
    return Distribution(draws=np.full(DRAWS, value), value=value, unit=unit, basis="assumed", n=1)


@pytest.fixture
def candidate() -> Callable[..., Forecast]:
    """Makes a measured candidate from its scores on rows `row 0`, `row 1`, …"""

    def make(
        name: str,
        scores: Sequence[float],
        cost: float | None = 1.0,
        margin: Sequence[float] | None = None,
        adapt: float = 0.0,
    ) -> Forecast:
        rows = tuple(f"row {index}" for index in range(len(scores)))
        outcomes = np.asarray(scores, float)
        weights = row_weights(rows, draws=DRAWS, seed=0)
        metric = Distribution(
            draws=weights @ outcomes / len(rows),
            value=float(outcomes.mean()),
            unit="",
            basis="measured",
            n=len(rows),
        )
        measures: dict[str, Distribution | Unmeasured] = {
            "serve_cost": Unmeasured("no price") if cost is None else constant(cost, "USD/request"),
            "adapt_cost": constant(adapt, "USD"),
        }
        signals = {} if margin is None else {"margin": np.asarray(margin, float)}
        return Forecast(
            candidate=Candidate(
                name=name,
                strategy=name.partition("[")[0],
                kind="prompt",
                task="task.t",
                model="model.m",
                retriever=None,
                hardware=None,
                config={},
            ),
            metric_name="accuracy",
            metric=metric,
            measures=measures,
            items=ItemForecast(rows=rows, score=outcomes, signals=signals, shift=None),
        )

    return make


@pytest.fixture
def policy() -> Callable[..., model.Policy]:
    def make(using: str, *over: str, **more: Any) -> model.Policy:
        return model.Policy(
            name="policy.tiers",
            doc=None,
            span=SPAN,
            using=using,
            over=over,
            signal="margin",
            escalations=more.get("escalations", ()),
            options={},
        )

    return make


@pytest.fixture
def requirement() -> Callable[..., model.Requirement]:
    def make(name: str, comparison: str, bound: str, confidence: str = "0.9") -> model.Requirement:
        return model.Requirement(
            left=model.Measure(name=name),
            comparison=comparison,
            right=model.Literal(quantity=Quantity.parse(bound)),
            confidence=Decimal(confidence),
            text=f"{name} {comparison} {bound}",
            span=SPAN,
        )

    return make


@pytest.fixture
def query() -> Callable[..., model.Query]:
    return the_query


def the_query(
    *requirements: model.Requirement,
    among: Sequence[str] = (),
    direction: str = "maximize",
    objective: str = "accuracy",
    tolerance: str = "0.01",
) -> model.Query:
    budget = model.Budget(name="budget", doc=None, span=SPAN, probing={}, adaptation={}, serving={})
    return model.Query(
        name="pick",
        doc=None,
        span=SPAN,
        task="task.t",
        strategies=tuple(among),
        policies=(),
        probe="probe.p",
        budget=budget,
        objective=model.Objective(
            direction=direction, formula=model.Measure(name=objective), text=objective
        ),
        requirements=requirements,
        tolerance=Decimal(tolerance),
        confidence=Decimal("0.9"),
    )
