"""What to buy next: gains, costs and their ranking, by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmosql.decide.choose import decide
from cosmosql.decide.decision import Decision, Purchase
from cosmosql.decide.imagined import Imagined
from cosmosql.interval import Unmeasured
from cosmosql.predict.forecast import Forecast

ROWS = 40_000


def known(forecast: Forecast, level: float) -> Forecast:
    """The candidate with a metric that is certain."""
    draws = np.full(1000, level)
    return replace(forecast, metric=replace(forecast.metric, draws=draws, value=level))


def doubtful(forecast: Forecast, high: float, low: float) -> Forecast:
    """The candidate, predicted to be at one of two levels with even chance."""
    draws = np.where(np.arange(1000) % 2 == 0, high, low)
    metric = replace(forecast.metric, draws=draws, value=(high + low) / 2, basis="predicted")
    return replace(forecast, metric=replace(metric, n=ROWS))


def more(kind: str, candidate: str, change: float, labels: int = 0) -> Imagined:
    return Imagined(
        kind=kind,
        candidate=candidate,
        what=f"{kind} for {candidate}",
        change=np.full(1000, change),
        labels=labels,
    )


def bought(found: Decision, kind: str) -> Purchase:
    return next(one for one in found.next if one.kind == kind)


@pytest.fixture
def three(candidate: Any) -> list[Forecast]:
    """a is known to be at 80 %; b, not run yet, at 90 % or 60 %; c known to be at 50 %."""
    rows = [1.0] * 10
    return [
        known(candidate("strategy.a", rows, 0.01, adapt=5.0), 0.80),
        doubtful(candidate("strategy.b", rows, 0.01, adapt=3.0), 0.90, 0.60),
        known(candidate("strategy.c", rows, 0.02), 0.50),
    ]


NAMES = ("strategy.a", "strategy.b", "strategy.c")


def test_measuring_the_doubtful_one_is_worth_half_of_what_it_may_gain(
    three: list[Forecast], query: Any
) -> None:
    """a is the best guess. Once b is run it is known to be ten points better, with chance one
    half: five points for one training and 40,000 answers."""
    found = decide(query(among=NAMES), three, [], n_test=400, seed=0)
    assert (found.status, found.chosen) == ("undecided", "strategy.a")
    probe = found.next[0]
    assert (probe.kind, probe.recommended, probe.unit) == ("probe", True, "USD")
    assert probe.gain == pytest.approx(0.05, abs=0.001)
    assert probe.cost == pytest.approx(3.0 + ROWS * 0.01)
    assert probe.rate == pytest.approx(0.05 / 403.0, rel=0.02)
    assert (
        found.next_evidence == probe.what == ("measure strategy.b in full on the validation rows")
    )


def test_labels_and_training_add_what_they_change(three: list[Forecast], query: Any) -> None:
    """Without b the choice is settled. Three points for 100 labels; four for a training that costs
    five more."""
    imagined = [more("labels", "strategy.a", 0.03, 100), more("training", "strategy.a", 0.04)]
    asked = query(among=NAMES)
    found = decide(asked, [three[0], three[2]], [], n_test=400, seed=0, imagined=imagined)
    assert found.status == "decided"
    labels, training = bought(found, "labels"), bought(found, "training")
    assert labels.gain == pytest.approx(0.03) and labels.interval == pytest.approx((0.03, 0.03))
    assert (labels.cost, labels.unit) == (100.0, "label")
    assert labels.rate == pytest.approx(0.0003)
    assert training.gain == pytest.approx(0.04)
    assert (training.cost, training.unit) == (5.0, "USD")
    assert training.rate == pytest.approx(0.008)
    assert [one.kind for one in found.next] == ["training", "labels", "nothing"]
    assert [one.recommended for one in found.next] == [True, True, False]


def test_nothing_is_worth_buying_where_the_decision_holds(
    three: list[Forecast], query: Any
) -> None:
    imagined = [more("labels", "strategy.a", 0.03, 100), more("training", "strategy.a", -0.01)]
    asked = query(among=NAMES, tolerance="0.04")
    found = decide(asked, [three[0], three[2]], [], n_test=400, seed=0, imagined=imagined)
    assert found.status == "decided" and found.next_evidence is None
    first = found.next[0]
    assert (first.kind, first.recommended) == ("nothing", True)
    assert "the decision holds" in first.what
    assert not any(one.recommended for one in found.next[1:])


def test_what_breaks_a_requirement_gains_nothing(
    three: list[Forecast], query: Any, requirement: Any
) -> None:
    """Without money for more than one training a longer one is no gain: in no draw is it allowed,
    and who bought it would be left with the worst of the others."""
    asked = query(requirement("adapt_cost", "<=", "6 USD"), among=NAMES)
    imagined = [more("training", "strategy.a", 0.05)]
    found = decide(asked, [three[0], three[2]], [], n_test=400, seed=0, imagined=imagined)
    assert bought(found, "training").gain == pytest.approx(0.50 - 0.80)
    assert not bought(found, "training").recommended


def test_the_same_with_a_bigger_model(three: list[Forecast], query: Any) -> None:
    """Twice the price a request for six points; the largest model is not looked at, the next is."""
    small = three[0]
    large, huge = (
        replace(
            known(three[2], level),
            candidate=replace(three[2].candidate, name=name, model=f"model.{name}"),
        )
        for name, level in (("large", 0.86), ("huge", 0.9))
    )
    asked = query(among=NAMES, tolerance="0.2")
    sizes = {"model.m": 100, "model.huge": 900, "model.large": 400}
    found = decide(asked, [small, large, huge], [], n_test=400, seed=0, parameters=sizes)
    assert found.chosen == "strategy.a"
    model = bought(found, "model")
    assert (model.what, model.unit) == ("large", "USD/request")
    assert model.gain == pytest.approx(0.06) and model.cost == pytest.approx(0.01)
    alone = decide(asked, [small], [], n_test=400, seed=0, parameters=sizes)
    assert isinstance(bought(alone, "model").gain, Unmeasured)


def test_more_rows_are_worth_something_to_measured_rivals_alone(candidate: Any, query: Any) -> None:
    """Two candidates within a point of each other on 100 rows, one far below."""
    rng = np.random.default_rng(0)
    close = [candidate(f"strategy.{name}", rng.random(100) < 0.72, 0.01) for name in "ab"]
    far = candidate("strategy.c", [1.0] * 20 + [0.0] * 80, 0.01)
    found = decide(query(among=NAMES), [*close, far], [], n_test=400, seed=0)
    assert found.status == "undecided"
    rows = bought(found, "rows")
    assert rows.recommended and not isinstance(rows.gain, Unmeasured) and 0 < rows.gain < 0.05
    assert rows.cost == pytest.approx(2 * 100 * 0.01)
    assert found.next_evidence == rows.what and "more validation rows than 100" in rows.what


def test_what_has_no_price_has_no_rate(three: list[Forecast], query: Any) -> None:
    unpriced = [
        replace(one, measures={**one.measures, "adapt_cost": Unmeasured("no price")})
        for one in three
    ]
    found = decide(query(among=NAMES), unpriced, [], n_test=400, seed=0)
    assert isinstance(found.next[0].cost, Unmeasured) and found.next[0].rate is None
    assert found.next[0].recommended


@settings(max_examples=15)
@given(st.permutations(range(3)), st.permutations(["k", "m", "z"]))
def test_names_and_order_change_nothing_but_names(order: list[int], names: list[str]) -> None:
    from cosmosql.plan.candidate import Candidate
    from cosmosql.predict.forecast import Distribution
    from tests.decide.conftest import constant, the_query

    def make(name: str, metric: np.ndarray, basis: str) -> Forecast:
        return Forecast(
            candidate=Candidate(
                name=f"strategy.{name}",
                strategy=f"strategy.{name}",
                kind="prompt",
                task="task.t",
                model="model.m",
                retriever=None,
                hardware=None,
                config={},
            ),
            metric_name="accuracy",
            metric=Distribution(
                draws=metric, value=float(np.median(metric)), unit="", basis=basis, n=200
            ),
            measures={
                "serve_cost": constant(0.01, "USD/request"),
                "adapt_cost": constant(1.0, "USD"),
            },
            items=None,
        )

    rng = np.random.default_rng(0)
    levels = ((0.80, "measured"), (0.79, "predicted"), (0.78, "predicted"))
    draws = [level + 0.02 * rng.standard_normal(1000) for level, _ in levels]

    def decided(names: list[str], order: list[int]) -> Decision:
        made = [make(names[place], draws[place], levels[place][1]) for place in range(3)]
        among = [one.candidate.strategy for one in made]
        forecasts = [made[place] for place in order]
        return decide(the_query(among=among), forecasts, [], n_test=400, seed=0)

    plain, other = decided(["a", "b", "c"], [0, 1, 2]), decided(names, order)
    back = {f"strategy.{new}": f"strategy.{old}" for new, old in zip(names, "abc", strict=True)}
    assert other.status == plain.status and back[str(other.chosen)] == plain.chosen
    assert [one.kind for one in other.next] == [one.kind for one in plain.next]
    for ours, theirs in zip(other.next, plain.next, strict=True):
        assert ours.gain == pytest.approx(theirs.gain, abs=1e-12)
        assert ours.cost == theirs.cost
        words = ours.what
        for new, old in back.items():
            words = words.replace(new, old)
        assert words == theirs.what
