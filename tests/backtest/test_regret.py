"""Regret of the query's own decision, in its own unit, and under caps."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cosmosql.backtest.document import method_scores, scored
from cosmosql.backtest.policies import policy_truths
from cosmosql.backtest.regret import (
    FORECAST,
    capped_choices,
    dimension_of,
    maximises_metric,
    options_of,
    own_regret,
)
from cosmosql.backtest.rules import Option, three_caps
from cosmosql.interval import Unmeasured
from cosmosql.model.program import Literal, Measure, Operation, Requirement
from cosmosql.pipeline import Line
from cosmosql.source import Source, Span
from cosmosql.units import Quantity
from tests.backtest.conftest import CASCADE, forecast, line_of, runs_of, tiers, truth

SHARES = st.floats(0, 1)


def below(measure: str, limit: str) -> Requirement:
    return Requirement(
        left=Measure(name=measure),
        comparison="<=",
        right=Literal(quantity=Quantity.of(Decimal(limit), "USD")),
        confidence=Decimal("0.9"),
        text=measure,
        span=Span(Source("a", "x"), 0, 1),
    )


def minimising(line: Line, measure: str) -> Line:
    query = line.compiled.query
    objective = replace(query.objective, direction="minimize", formula=Measure(name=measure))
    return replace(line, compiled=replace(line.compiled, query=replace(query, objective=objective)))


def test_regret_is_what_the_best_feasible_candidate_has_more(real: Line) -> None:
    found = [forecast("cheap", 0.9), forecast("dear", 0.6, cost=5.0)]
    truths = {"cheap": truth(0.7), "dear": truth(0.75)}
    taken = own_regret(line_of(real, found, "cheap"), truths, {})
    assert taken.value == pytest.approx(5.0)
    assert (taken.unit, taken.best) == ("points", "dear")
    assert own_regret(line_of(real, found, "dear"), truths, {}).value == 0
    capped = line_of(real, found, "cheap", [below("adapt_cost", "2")])
    assert own_regret(capped, truths, {}).value == 0, "the better one is too dear"


def test_what_only_policies_stand_on_is_no_candidate(real: Line) -> None:
    found = [forecast("own", 0.9), forecast("member", 0.6)]
    line = line_of(real, found, "own")
    query = replace(line.compiled.query, strategies=("strategy.own",))
    line = replace(line, compiled=replace(line.compiled, query=query))
    taken = own_regret(line, {"own": truth(0.7), "member": truth(0.75)}, {})
    assert (taken.value, taken.best) == (0, "own")


def test_a_regret_that_is_not_known_says_why(real: Line) -> None:
    found = [forecast("a", 0.9), forecast("b", 0.6)]
    nothing = own_regret(line_of(real, found, None), {"a": truth(0.7), "b": truth(0.7)}, {})
    assert nothing.value is None and nothing.reason == "nothing was chosen"
    truths = {"a": Unmeasured("too long for its context"), "b": truth(0.75)}
    overflow = own_regret(line_of(real, found, "a"), truths, {})
    assert overflow.value is None and overflow.reason == "too long for its context"


def test_the_interval_of_a_regret_is_paired(real: Line) -> None:
    """Both truths move together, so that their difference is certain."""
    found = [forecast("a", 0.9), forecast("b", 0.6)]
    truths = {"a": truth(0.7, error=0.05), "b": truth(0.75, error=0.05)}
    taken = own_regret(line_of(real, found, "a"), truths, {})
    assert taken.low == pytest.approx(5) and taken.high == pytest.approx(5)


def test_another_objective_has_a_regret_in_its_own_unit(real: Line) -> None:
    found = [forecast("cheap", 0.9, cost=2.0), forecast("dear", 0.6, cost=5.0)]
    truths = {"cheap": truth(0.7), "dear": truth(0.75)}
    line = minimising(line_of(real, found, "dear"), "adapt_cost")
    assert not maximises_metric(line)
    taken = own_regret(line, truths, {})
    assert (taken.value, taken.unit, taken.best) == (pytest.approx(3.0), "USD", "cheap")


def test_the_unit_of_a_formula(real: Line) -> None:
    found = [forecast("a", 0.5)]
    cost, accuracy = Measure(name="adapt_cost"), Measure(name="accuracy")
    ratio = Operation(operator="/", left=accuracy, right=cost)
    product = Operation(operator="*", left=cost, right=cost)
    both = Operation(operator="+", left=cost, right=cost)
    assert dimension_of(both, found) == Quantity.of(1, "USD").dimension
    assert dimension_of(ratio, found).precise_name == "per USD"
    assert dimension_of(product, found).precise_name == "USD^2"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(values=st.lists(st.tuples(SHARES, SHARES), min_size=1, max_size=6), data=st.data())
def test_regret_is_never_negative(
    real: Line, values: list[tuple[float, float]], data: st.DataObject
) -> None:
    found = [forecast(str(index), value) for index, (value, _) in enumerate(values)]
    truths = {str(index): truth(value) for index, (_, value) in enumerate(values)}
    chosen = data.draw(st.sampled_from(sorted(truths)))
    regret = own_regret(line_of(real, found, chosen), truths, {}).value
    assert regret is not None and regret >= 0
    best = max(value for _, value in values)
    assert regret == pytest.approx(100 * (best - truths[chosen].metric), rel=1e-5, abs=1e-9)


def test_a_policys_regret_is_that_of_its_members_answers(real: Line) -> None:
    truths = tiers()
    line = line_of(real, [forecast("a", 0.1), forecast("b", 0.9)], CASCADE.name)
    line = replace(line, decision=replace(line.decision, policies=(CASCADE,)))
    policies = policy_truths(line, truths, seed=0)
    assert own_regret(line, truths, policies).value == pytest.approx(50.0)
    gone = {**truths, "a": Unmeasured("too long")}
    assert own_regret(line, gone, policy_truths(line, gone, seed=0)).reason == "too long"


def test_the_forecast_stands_first_among_the_rules(real: Line) -> None:
    """On the real candidates, with truths that put the dearest first."""
    plain = {one.candidate.name: truth(0.5) for one in real.forecasts}
    full = runs_of(real)
    costs = sorted(options_of(real, plain, full), key=lambda one: one.flops)
    truths = {one.name: truth(0.3 + 0.01 * rank) for rank, one in enumerate(costs)}
    options = options_of(real, truths, full)
    choices = capped_choices(real, options, seed=0)
    assert [one.cap_flops for one in choices] == pytest.approx(three_caps(options), rel=1e-5)
    assert choices
    for choice in choices:
        assert choice.rules[0].rule == FORECAST
        assert not choice.best_fits
        assert 0 < choice.feasible < choice.candidates
        random = next(one for one in choice.rules if one.rule == "random")
        assert len(random.chosen) == choice.feasible
        assert all((one.regret_points or 0.0) >= 0 for one in choice.rules)


def test_a_methods_scores_are_of_its_own_candidates(real: Line) -> None:
    truths = {one.candidate.name: truth(0.5) for one in real.forecasts}
    full = runs_of(real)
    document = scored(real, truths, {}, full, plan="0" * 64, seeds=3, seed=0)
    assert set(document.methods) == {"baseline", "prompt", "icl-random", "lora"}
    assert sum(one.candidates for one in document.methods.values()) == len(document.candidates)
    free = document.methods["baseline"]
    assert (free.predicted, free.mae_points, free.cost_saved) == (0, None, None)
    assert document.methods["lora"].regret_points == 0
    none: tuple[Option, ...] = ()
    assert method_scores(real, "lora", (), none, full, seed=0).regret_points is None
