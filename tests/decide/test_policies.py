from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cosmosql.decide.choose import decide
from cosmosql.decide.policies import offers
from cosmosql.interval import Estimate, Unmeasured
from cosmosql.model.program import Escalation, Literal, Measure, Operation
from cosmosql.units import Quantity

OVER = ("strategy.small", "strategy.large")
ROWS = 400


def two(candidate: Any, *, informative: bool, small_right: float = 0.6) -> list[Any]:
    """A small tier right on some rows, a large one on more, at four times the cost. The margin
    tells which rows the small one gets right, or nothing."""
    rng = np.random.default_rng(4)
    small = (rng.random(ROWS) < small_right).astype(float)
    large = np.maximum(small * (rng.random(ROWS) < 0.95), rng.random(ROWS) < 0.7).astype(float)
    margin = rng.normal(size=ROWS) + (4.0 * small if informative else 0.0)
    return [
        candidate("strategy.small", small, cost=1.0, margin=margin),
        candidate("strategy.large", large, cost=4.0),
    ]


def kinds(found: Any, *, refused: bool) -> list[str]:
    return [one.forecast.kind for one in found if (one.subject is None) is refused]


def test_a_margin_that_tells_makes_a_cascade(candidate: Any, policy: Any, query: Any) -> None:
    found = offers(
        policy("auto", *OVER),
        two(candidate, informative=True),
        query(among=OVER),
        n_test=500,
        seed=0,
    )
    (cascade,) = [one for one in found if one.forecast.kind == "cascade"]
    assert cascade.subject is not None and cascade.forecast.note is None
    assert cascade.forecast.members == OVER
    assert len(cascade.forecast.thresholds) == 1
    assert cascade.forecast.auc is not None
    (mix,) = [one for one in found if one.forecast.kind == "mix"]
    assert mix.forecast.auc is not None and cascade.forecast.auc > mix.forecast.auc
    assert isinstance(cascade.forecast.metric, Estimate)


def test_a_margin_that_tells_nothing_is_refused_with_the_reason(
    candidate: Any, policy: Any, query: Any
) -> None:
    found = offers(
        policy("auto", *OVER),
        two(candidate, informative=False),
        query(among=OVER),
        n_test=500,
        seed=0,
    )
    (cascade,) = [one for one in found if one.forecast.kind == "cascade"]
    assert cascade.subject is None
    assert cascade.forecast.note is not None and cascade.forecast.note.startswith("refused: ")
    assert "mix" in cascade.forecast.note or "alone" in cascade.forecast.note


def test_a_cascade_within_a_price_beats_both_tiers(
    candidate: Any, policy: Any, query: Any, requirement: Any
) -> None:
    cap = requirement("serve_cost", "<=", "2.8 USD/request")
    forecasts = two(candidate, informative=True)
    found = decide(query(cap, among=OVER), forecasts, [policy("auto", *OVER)], n_test=500, seed=0)
    assert found.chosen is not None and "cascade" in found.chosen
    (chosen,) = [one for one in found.policies if one.name == found.chosen]
    assert isinstance(chosen.measures["serve_cost"], Estimate)
    assert chosen.measures["serve_cost"].value <= 2.8


def test_a_mix_fills_a_budget_between_its_tiers(
    candidate: Any, policy: Any, query: Any, requirement: Any
) -> None:
    """Cap 2.5 between 1 and 4: half of the queries may go up, and no single does as well."""
    cap = requirement("serve_cost", "<=", "2.5 USD/request")
    (mix,) = offers(
        policy("mix", *OVER),
        two(candidate, informative=False),
        query(cap, among=OVER),
        n_test=500,
        seed=0,
    )
    assert mix.subject is not None
    assert mix.forecast.share == pytest.approx(0.5, abs=0.01)


def test_a_share_is_chosen_by_what_another_strategy_costs(
    candidate: Any, policy: Any, query: Any, requirement: Any
) -> None:
    """At most 0.625 of the large tier's 4: the same cap of 2.5."""
    large = Measure(name="serve_cost", strategy="strategy.large")
    share = Literal(quantity=Quantity.parse("0.625"))
    cap = replace(
        requirement("serve_cost", "<=", "1 USD/request"),
        right=Operation(operator="*", left=large, right=share),
    )
    (mix,) = offers(
        policy("mix", *OVER),
        two(candidate, informative=False),
        query(cap, among=OVER),
        n_test=500,
        seed=0,
    )
    assert mix.forecast.share == pytest.approx(0.5, abs=0.01)


def test_without_a_cap_a_mix_is_refused_for_the_better_tier(
    candidate: Any, policy: Any, query: Any
) -> None:
    (mix,) = offers(
        policy("mix", *OVER),
        two(candidate, informative=False),
        query(among=OVER),
        n_test=500,
        seed=0,
    )
    assert mix.subject is None
    assert "strategy.large alone" in (mix.forecast.note or "")


def test_a_threshold_written_by_hand_is_kept(candidate: Any, policy: Any, query: Any) -> None:
    rule = Escalation(target="strategy.large", signal="margin", threshold=1.5)
    forecasts = two(candidate, informative=True)
    (cascade,) = offers(
        policy("cascade", *OVER, escalations=(rule,)),
        forecasts,
        query(among=OVER),
        n_test=500,
        seed=0,
    )
    assert cascade.forecast.thresholds == (1.5,)
    assert cascade.forecast.final and cascade.forecast.budget is None
    below = float(np.mean(forecasts[0].items.signals["margin"] < 1.5))
    assert cascade.forecast.share == pytest.approx(below, abs=0.01)


def test_a_rule_stands_on_its_own_signal_and_its_own_stage(
    candidate: Any, policy: Any, query: Any
) -> None:
    small, large = two(candidate, informative=True)
    middle = replace(large, candidate=replace(large.candidate, name="strategy.middle"))
    middle = replace(middle, candidate=replace(middle.candidate, strategy="strategy.middle"))
    stages = ("strategy.small", "strategy.middle", "strategy.large")
    rules = (
        Escalation(target="strategy.large", signal="margin", threshold=1.5),
        Escalation(target="strategy.middle", signal="max_probability", threshold=0.5),
    )

    def offered(*rules: Escalation) -> Any:
        return offers(
            policy("cascade", *stages, escalations=rules),
            [small, middle, large],
            query(among=stages),
            n_test=500,
            seed=0,
        )

    (kept,) = [one for one in offered(rules[0]) if one.subject is not None]
    assert kept.forecast.members == OVER and kept.forecast.thresholds == (1.5,)
    (refused,) = offered(rules[1])
    assert refused.forecast.members == ("strategy.small", "strategy.middle")
    assert refused.forecast.note == "refused: strategy.small gives no max_probability"
    assert {one.forecast.members for one in offered()} >= {OVER}


def test_a_small_tier_without_a_signal_cannot_lead_a_cascade(
    candidate: Any, policy: Any, query: Any
) -> None:
    mute = [
        candidate("strategy.small", [1.0, 0.0] * 50),
        candidate("strategy.large", [1.0] * 100, 4.0),
    ]
    (cascade,) = offers(policy("cascade", *OVER), mute, query(among=OVER), n_test=500, seed=0)
    assert cascade.subject is None and "signal" in (cascade.forecast.note or "")


def test_tiers_of_one_price_make_no_policy(candidate: Any, policy: Any, query: Any) -> None:
    alike = [candidate("strategy.small", [1.0, 0.0] * 50), candidate("strategy.large", [1.0] * 100)]
    (nothing,) = offers(policy("auto", *OVER), alike, query(among=OVER), n_test=500, seed=0)
    assert nothing.subject is None and isinstance(nothing.forecast.metric, Unmeasured)
    assert nothing.forecast.note is not None
    assert "as cheap and as good as any other" in nothing.forecast.note


def test_singles_that_the_query_does_not_name_are_offered_by_the_policy(
    candidate: Any, policy: Any, query: Any
) -> None:
    found = offers(
        policy("auto", *OVER), two(candidate, informative=True), query(), n_test=500, seed=0
    )
    assert kinds(found, refused=False).count("single") == 2


def test_cross_fitting_gives_an_uninformative_cascade_no_credit(
    candidate: Any, policy: Any, query: Any
) -> None:
    """Over twenty worlds whose margin tells nothing the cascade's expected metric is, on average,
    what a random cascade of its share has: tuning on noise is not rewarded."""
    gaps = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        small = rng.integers(0, 2, 100).astype(float)
        large = rng.integers(0, 2, 100).astype(float)
        forecasts = [
            candidate("strategy.small", small, 1.0, rng.normal(size=100)),
            candidate("strategy.large", large, 4.0),
        ]
        for one in offers(
            policy("cascade", *OVER), forecasts, query(among=OVER), n_test=None, seed=0
        ):
            if one.forecast.share is not None and isinstance(one.forecast.metric, Estimate):
                random = small.mean() + one.forecast.share * (large.mean() - small.mean())
                gaps.append(one.forecast.metric.value - random)
    assert len(gaps) >= 5
    assert np.mean(gaps) < 2.5 * np.std(gaps) / np.sqrt(len(gaps))
