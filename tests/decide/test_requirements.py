from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cosmosql.decide.decision import Verdict
from cosmosql.decide.formulas import combined, values
from cosmosql.decide.requirements import feasible_draws, judge, verdict
from cosmosql.decide.subject import Subject, subject_of
from cosmosql.interval import Unmeasured
from cosmosql.model.program import Literal, Measure, Operation
from cosmosql.predict.forecast import Distribution
from cosmosql.units import Quantity

HALF = [1.0, 0.0] * 50


def subject(metric: Distribution | Unmeasured) -> Subject:
    return Subject(
        name="one", strategy="strategy.one", metric_name="accuracy", quantities={"accuracy": metric}
    )


def spread(share_above: float) -> Distribution:
    """Draws of which this share is at least 0.8."""
    draws = np.where(np.arange(1000) < 1000 * share_above, 0.85, 0.75)
    return Distribution(draws=draws, value=0.8, unit="", basis="measured", n=100)


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (1.0, Verdict.HOLDS),
        (0.9, Verdict.HOLDS),
        (0.899, Verdict.UNDECIDED),
        (0.5, Verdict.UNDECIDED),
        (0.101, Verdict.UNDECIDED),
        (0.1, Verdict.FAILS),
        (0.0, Verdict.FAILS),
    ],
)
def test_the_verdict_is_one_sided_at_the_confidence(
    requirement: Any, share: float, expected: Verdict
) -> None:
    found, probability = verdict(requirement("accuracy", ">=", "80%"), subject(spread(share)), {})
    assert found is expected
    assert probability == pytest.approx(share)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    comparison=st.sampled_from(["<", "<=", ">", ">="]),
    confidence=st.sampled_from(["0.5", "0.8", "0.99"]),
    name=st.sampled_from(["accuracy", "latency"]),
)
def test_the_unmeasured_never_satisfies_and_never_violates(
    requirement: Any, comparison: str, confidence: str, name: str
) -> None:
    nothing = subject(Unmeasured("not run"))
    asked = requirement(name, comparison, "50%", confidence)
    assert verdict(asked, nothing, {}) == (Verdict.UNDECIDED, None)
    assert feasible_draws([asked], nothing, {}, 5).all()


def test_one_failure_fails_and_one_doubt_leaves_undecided(requirement: Any) -> None:
    asked = [requirement("accuracy", ">=", "80%"), requirement("latency", "<=", "1 s")]
    assert judge(asked, subject(spread(0.0)), {})[0] is Verdict.FAILS
    result, misses = judge(asked, subject(spread(1.0)), {})
    assert result is Verdict.UNDECIDED
    assert [miss.requirement for miss in misses] == ["latency <= 1 s"]
    assert "unmeasured" in misses[0].found
    assert judge(asked[:1], subject(spread(1.0)), {}) == (Verdict.HOLDS, ())


def test_formulas_are_in_base_units(candidate: Any) -> None:
    """1.2 million requests a month at 0.002 USD are 2,400 USD a month."""
    one = subject_of(candidate("strategy.one", HALF, cost=0.002))
    traffic = Literal(quantity=Quantity.parse("1_200_000 requests/month"))
    monthly = Operation(operator="*", left=traffic, right=Measure(name="serve_cost"))
    found = values(monthly, one, {})
    limit = Quantity.parse("2_400 USD/month").base
    assert not isinstance(found, Unmeasured)
    assert found[0] == pytest.approx(float(limit))


def test_a_formula_with_something_unknown_is_unknown(candidate: Any) -> None:
    one = subject_of(candidate("strategy.one", HALF, cost=None))
    both = Operation(
        operator="+", left=Measure(name="adapt_cost"), right=Measure(name="serve_cost")
    )
    assert values(both, one, {}) == Unmeasured("no price")


def test_a_division_by_zero_is_unknown() -> None:
    assert isinstance(combined("/", np.ones(3), np.zeros(3)), Unmeasured)


def test_another_strategy_is_named_by_its_one_candidate(candidate: Any) -> None:
    one = subject_of(candidate("strategy.one", HALF))
    other = subject_of(candidate("strategy.other", [1.0] * 100))
    measure = Measure(name="accuracy", strategy="strategy.other")
    found = values(measure, one, {"strategy.other": [other]})
    assert not isinstance(found, Unmeasured) and found.mean() == pytest.approx(1.0)
    assert isinstance(values(measure, one, {"strategy.other": [other, one]}), Unmeasured)
    assert isinstance(values(measure, one, {}), Unmeasured)
