"""Scores of forecasts by hand, and a backtest of a small spec."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmosql import backtest as scores
from cosmosql.backtest import Truth
from cosmosql.compiler import compile_spec
from cosmosql.decide.decision import PolicyForecast
from cosmosql.evidence.observation import Item
from cosmosql.interval import Unmeasured
from cosmosql.model.program import Literal, Measure, Requirement
from cosmosql.pipeline import Line, replayed
from cosmosql.plan.candidate import Candidate
from cosmosql.predict.forecast import Distribution, Forecast
from cosmosql.source import Source, Span
from cosmosql.units import Quantity

SHARES = st.floats(0, 1)


def forecast(
    name: str,
    value: float,
    spread: float = 0.0,
    basis: str = "predicted",
    cost: float = 1.0,
    kind: str = "lora",
) -> Forecast:
    draws = np.clip(value + spread * np.linspace(-1, 1, 401), 0, 1)
    metric = Distribution(draws=draws, value=value, unit="", basis=basis, n=20)
    money = Distribution(draws=np.full(401, cost), value=cost, unit="USD", basis="predicted", n=20)
    return Forecast(
        candidate=Candidate(
            name=name,
            strategy=f"strategy.{name}",
            kind=kind,
            task="task.colours",
            model="model.small",
            retriever=None,
            hardware=None,
            config={},
        ),
        metric_name="accuracy",
        metric=metric,
        measures={"adapt_cost": money},
        items=None,
    )


def item(row: int, score: float, **signals: float) -> Item:
    return Item(
        row=str(row),
        score=score,
        predicted=None,
        target=None,
        signals=signals,
        prompt_tokens=1,
        completion_tokens=1,
    )


def truth(value: float) -> Truth:
    return Truth(metric=value, items=())


@pytest.fixture(scope="module")
def real(finished: Path) -> Line:
    return replayed(compile_spec(finished), 0)[0]


def line_of(
    real: Line, forecasts: Sequence[Forecast], chosen: str | None, cap: Decimal | None = None
) -> Line:
    """The real line with other forecasts, another choice and a cap on the one-off cost."""
    requirement = Requirement(
        left=Measure(name="adapt_cost"),
        comparison="<=",
        right=Literal(quantity=Quantity.of(cap or Decimal(0), "USD")),
        confidence=Decimal("0.9"),
        text="adapt_cost",
        span=Span(Source("a", "x"), 0, 1),
    )
    query = replace(real.compiled.query, requirements=() if cap is None else (requirement,))
    return replace(
        real,
        compiled=replace(real.compiled, query=query),
        forecasts=tuple(forecasts),
        decision=replace(real.decision, chosen=chosen, policies=()),
    )


def test_the_mean_error_is_in_points() -> None:
    found = [forecast("a", 0.8), forecast("b", 0.5)]
    truths = {"a": truth(0.9), "b": truth(0.46)}
    assert scores.mean_error(found, truths) == pytest.approx((10 + 4) / 2)
    assert scores.mean_error([], truths) is None


def test_rank_correlation() -> None:
    found = [forecast(name, value) for name, value in zip("abc", (0.1, 0.2, 0.3), strict=True)]
    same = {"a": truth(0.5), "b": truth(0.6), "c": truth(0.7)}
    turned = {"a": truth(0.7), "b": truth(0.6), "c": truth(0.5)}
    one_swap = {"a": truth(0.6), "b": truth(0.5), "c": truth(0.7)}
    assert scores.rank_correlation(found, same) == 1
    assert scores.rank_correlation(found, turned) == -1
    assert scores.rank_correlation(found, one_swap) == pytest.approx(1 / 3)
    assert scores.rank_correlation(found[:1], same) is None
    assert scores.rank_correlation(found, dict.fromkeys("abc", truth(0.5))) is None


def test_coverage_counts_truths_in_the_central_interval() -> None:
    """Draws of `wide` go evenly from 0.4 to 0.6, and so many test rows add no noise."""
    found = [forecast("wide", 0.5, 0.1), forecast("also", 0.5, 0.1)]
    truths = {"wide": truth(0.54), "also": truth(0.585)}
    assert scores.coverage(found, truths, 50, 10**8, 0) == 0.5
    assert scores.coverage(found, truths, 30, 10**8, 0) == 0.0
    assert scores.coverage(found, truths, 90, 10**8, 0) == 1.0
    assert scores.coverage([], truths, 90, 10**8, 0) is None


def test_the_noise_of_few_test_rows_widens_an_interval() -> None:
    sure = [forecast("sure", 0.5)]
    assert scores.coverage(sure, {"sure": truth(0.55)}, 80, 100, 0) == 1.0
    assert scores.coverage(sure, {"sure": truth(0.55)}, 80, 10**6, 0) == 0.0


def test_a_measured_candidate_is_no_forecast() -> None:
    assert scores.is_predicted(forecast("a", 0.5))
    assert not scores.is_predicted(forecast("a", 0.5, basis="measured"))
    unknown = replace(forecast("a", 0.5), metric=Unmeasured("no run"))
    assert not scores.is_predicted(unknown)


def test_regret_is_what_the_best_feasible_candidate_has_more(real: Line) -> None:
    found = [forecast("cheap", 0.9), forecast("dear", 0.6, cost=5.0)]
    truths = {"cheap": truth(0.7), "dear": truth(0.75)}
    assert scores.regret(line_of(real, found, "cheap"), truths) == pytest.approx(5.0)
    assert scores.regret(line_of(real, found, "dear"), truths) == 0
    capped = line_of(real, found, "cheap", cap=Decimal(2))
    assert scores.regret(capped, truths) == 0, "the better one is too dear"
    assert scores.regret(line_of(real, found, None), truths) is None
    assert scores.regret(line_of(real, found, "cheap"), {"dear": truth(0.75)}) is None


def test_regret_is_of_a_maximised_metric_alone(real: Line) -> None:
    line = line_of(real, [forecast("a", 0.5)], "a")
    query = line.compiled.query
    costs = replace(query, objective=replace(query.objective, formula=Measure(name="serve_cost")))
    other = replace(line, compiled=replace(line.compiled, query=costs))
    assert scores.regret(other, {"a": truth(0.5)}) is None


@given(values=st.lists(st.tuples(SHARES, SHARES), min_size=1, max_size=6), data=st.data())
def test_regret_is_never_negative(
    real: Line, values: list[tuple[float, float]], data: st.DataObject
) -> None:
    found = [forecast(str(index), value) for index, (value, _) in enumerate(values)]
    truths = {str(index): truth(value) for index, (_, value) in enumerate(values)}
    chosen = data.draw(st.sampled_from(sorted(truths)))
    regret = scores.regret(line_of(real, found, chosen), truths)
    assert regret is not None and regret >= 0
    best = max(value for _, value in values)
    assert regret == pytest.approx(100 * (best - truths[chosen].metric), rel=1e-5, abs=1e-9)


def test_a_policy_is_true_to_its_members_answers(real: Line) -> None:
    cascade = PolicyForecast(
        name="policy.tiers",
        kind="cascade",
        members=("a", "b"),
        signal="margin",
        thresholds=(1.0,),
        share=0.5,
        metric=Unmeasured("by hand"),
        basis="predicted",
        measures={},
        auc=None,
        curve=(),
        note=None,
    )
    first = tuple(item(row, 0.0, margin=float(row % 2) * 2) for row in range(10))
    second = tuple(item(row, 1.0) for row in range(10))
    truths = {"a": Truth(metric=0.0, items=first), "b": Truth(metric=1.0, items=second)}
    line = line_of(real, [forecast("a", 0.1), forecast("b", 0.9)], "policy.tiers")
    line = replace(line, decision=replace(line.decision, policies=(cascade,)))
    assert scores.truth_of(line, "policy.tiers", truths) == pytest.approx(0.5)
    assert scores.truth_of(line, "policy.tiers", {"a": truths["a"]}) is None
    assert scores.regret(line, truths) == pytest.approx(50.0)


def test_a_backtest_runs_everything_and_never_again(project: Path) -> None:
    planned = (project.parent / "colours.plan.json").read_bytes()
    found = scores.backtest(project)
    assert len(found.candidates) == 8
    assert all(one.measured is not None for one in found.candidates)
    assert set(found.kinds) == {"lora"}, "everything else was measured in full"
    assert set(found.coverage) == {"50", "80", "90"}
    assert found.regret_points is not None and found.regret_points >= 0
    assert (project.parent / "colours.plan.json").read_bytes() == planned
    assert scores.backtest(project) == found
