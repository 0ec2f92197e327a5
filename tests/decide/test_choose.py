from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from cosmosql.decide.choose import choose, decide
from cosmosql.decide.decision import Verdict
from cosmosql.decide.judged import Judged
from cosmosql.decide.subject import Subject
from cosmosql.interval import Estimate, Unmeasured
from cosmosql.predict.forecast import Distribution


def right(count: int, of: int = 400) -> list[float]:
    return [1.0] * count + [0.0] * (of - count)


def test_a_clear_winner_is_decided(candidate: Any, query: Any) -> None:
    best, other = candidate("strategy.a", right(360), 3.0), candidate("strategy.b", right(200), 1.0)
    found = decide(query(among=("strategy.a", "strategy.b")), [best, other], [], n_test=400, seed=0)
    assert (found.status, found.chosen) == ("decided", "strategy.a")
    assert found.regret_probability == 1.0
    assert found.next_evidence is None
    against = next(one for one in found.options if one.name == "strategy.b").reason
    assert "lower accuracy" in against and "paired" in against and "0.333×" in against


def test_what_cannot_be_told_apart_goes_to_the_cheaper(candidate: Any, query: Any) -> None:
    dear, cheap = candidate("strategy.a", right(300), 3.0), candidate("strategy.b", right(299), 1.0)
    asked = query(among=("strategy.a", "strategy.b"))
    found = decide(asked, [dear, cheap], [], n_test=400, seed=0)
    assert (found.status, found.chosen) == ("decided", "strategy.b")


def test_what_costs_the_same_goes_to_the_better(candidate: Any, query: Any) -> None:
    poor, good = candidate("strategy.a", right(100), 0.0), candidate("strategy.b", right(390), 0.0)
    asked = query(among=("strategy.a", "strategy.b"), direction="minimize", objective="serve_cost")
    found = decide(asked, [poor, good], [], n_test=400, seed=0)
    assert (found.status, found.chosen) == ("decided", "strategy.b")


def test_rivals_too_close_to_call_are_undecided(candidate: Any, query: Any) -> None:
    first, second = right(70, 100), right(72, 100)[::-1]
    asked = query(among=("strategy.a", "strategy.b"))
    forecasts = [candidate("strategy.a", first), candidate("strategy.b", second)]
    found = decide(asked, forecasts, [], n_test=400, seed=0)
    assert found.status == "undecided" and found.chosen is not None
    assert found.next_evidence is not None and "rows" in found.next_evidence
    assert found.regret_probability is not None and found.regret_probability < 0.9


def test_a_predicted_rival_is_the_next_evidence(candidate: Any, query: Any) -> None:
    rng = np.random.default_rng(2)
    measured = candidate("strategy.a", right(70, 100))
    guess = candidate("strategy.b", right(70, 100))
    draws = np.clip(0.72 + 0.08 * rng.normal(size=len(guess.metric.draws)), 0, 1)
    guess = replace(guess, metric=replace(guess.metric, draws=draws, basis="predicted"))
    asked = query(among=("strategy.a", "strategy.b"))
    found = decide(asked, [measured, guess], [], n_test=400, seed=0)
    assert found.status == "undecided"
    assert found.next_evidence == "measure strategy.b in full on the validation rows"


def test_all_shown_to_fail_is_infeasible(candidate: Any, query: Any, requirement: Any) -> None:
    asked = query(requirement("accuracy", ">=", "95%"), among=("strategy.a", "strategy.b"))
    forecasts = [candidate("strategy.a", right(200)), candidate("strategy.b", right(240))]
    found = decide(asked, forecasts, [], n_test=400, seed=0)
    assert (found.status, found.chosen) == ("infeasible", None)
    assert all(one.verdict is Verdict.FAILS for one in found.options)
    assert "2 of 2" in found.reasons[0]


def test_a_doubtful_requirement_leaves_a_best_guess_undecided(
    candidate: Any, query: Any, requirement: Any
) -> None:
    asked = query(requirement("accuracy", ">=", "75%"), among=("strategy.a",))
    found = decide(asked, [candidate("strategy.a", right(302))], [], n_test=400, seed=0)
    assert (found.status, found.chosen) == ("undecided", "strategy.a")
    assert "not shown to meet" in found.options[0].reason


def test_an_option_shown_to_meet_the_floor_is_preferred_to_a_better_guess(
    candidate: Any, query: Any, requirement: Any
) -> None:
    asked = query(
        requirement("latency", "<=", "1 s"),
        requirement("accuracy", ">=", "50%"),
        among=("strategy.a", "strategy.b"),
        tolerance="0.5",
    )
    known = candidate("strategy.a", right(300))
    quick = replace(known.measures["serve_cost"], draws=np.full(1000, 0.2), unit="s", value=0.2)
    known = replace(known, measures={**known.measures, "latency": quick})
    found = decide(asked, [known, candidate("strategy.b", right(350))], [], n_test=400, seed=0)
    assert (found.status, found.chosen) == ("decided", "strategy.a")
    verdicts = {one.name: one.verdict for one in found.options}
    assert verdicts["strategy.b"] is Verdict.UNDECIDED


def test_the_cheapest_that_is_good_enough(candidate: Any, query: Any, requirement: Any) -> None:
    asked = query(
        requirement("accuracy", ">=", "70%"),
        among=("strategy.a", "strategy.b", "strategy.c"),
        direction="minimize",
        objective="serve_cost",
    )
    forecasts = [
        candidate("strategy.a", right(380), 9.0),
        candidate("strategy.b", right(340), 2.0),
        candidate("strategy.c", right(200), 1.0),
    ]
    found = decide(asked, forecasts, [], n_test=400, seed=0)
    assert (found.status, found.chosen) == ("decided", "strategy.b")
    chosen = next(one for one in found.options if one.name == "strategy.b")
    assert isinstance(chosen.objective, Estimate) and chosen.objective.value == pytest.approx(2.0)


def test_unmeasured_objectives_choose_nothing(candidate: Any, query: Any) -> None:
    asked = query(among=("strategy.a",), direction="minimize", objective="serve_cost")
    found = decide(asked, [candidate("strategy.a", right(9, 10), None)], [], n_test=400, seed=0)
    assert (found.status, found.chosen, found.regret_probability) == ("undecided", None, None)
    assert isinstance(found.options[0].objective, Unmeasured)


def test_refused_policies_alone_leave_nothing_to_choose(
    candidate: Any, policy: Any, query: Any
) -> None:
    over = ("strategy.a", "strategy.b")
    forecasts = [candidate(name, right(9, 10)) for name in over]
    found = decide(query(), forecasts, [policy("route", *over)], n_test=400, seed=0)
    assert (found.status, found.chosen, found.next_evidence) == ("undecided", None, None)
    assert "every policy is refused" in found.reasons[0]


def test_a_best_guess_without_a_metric_is_what_to_measure(
    candidate: Any, query: Any, requirement: Any
) -> None:
    unknown = replace(
        candidate("strategy.a", right(9, 10)), metric=Unmeasured("not run"), items=None
    )
    asked = query(
        requirement("accuracy", ">=", "80%"),
        among=("strategy.a",),
        direction="minimize",
        objective="adapt_cost",
    )
    found = decide(asked, [unknown], [], n_test=400, seed=0)
    assert (found.status, found.chosen) == ("undecided", "strategy.a")
    assert found.next_evidence == "measure strategy.a"


def test_the_order_of_forecasts_changes_nothing(candidate: Any, query: Any) -> None:
    rng = np.random.default_rng(0)
    names = [f"strategy.s{index}" for index in range(5)]
    forecasts = [candidate(name, rng.integers(0, 2, 80), 1.0) for name in names]
    one = decide(query(among=names), forecasts, [], n_test=400, seed=0)
    other = decide(query(among=names), forecasts[::-1], [], n_test=400, seed=0)
    assert (one.status, one.chosen) == (other.status, other.chosen)


def test_decided_choices_regret_little(query: Any) -> None:
    """The criterion at work: over worlds whose draws are honest, a query that is decided at 90 %
    is wrong by more than the tolerance in at most a tenth of them."""
    rng = np.random.default_rng(5)
    decided = wrong = 0
    for _ in range(300):
        truth = rng.normal(0.7, 0.03, 3)
        noise = 0.012
        seen = truth + noise * rng.standard_normal(3)
        posterior = (seen / noise**2 + 0.7 / 0.03**2) / (1 / noise**2 + 1 / 0.03**2)
        spread = (1 / noise**2 + 1 / 0.03**2) ** -0.5
        judged = []
        for index in range(3):
            draws = posterior[index] + spread * rng.standard_normal(500)
            metric = Distribution(draws=draws, value=0.7, unit="", basis="measured", n=100)
            judged.append(
                Judged(
                    subject=Subject(
                        name=str(index),
                        strategy=None,
                        metric_name="accuracy",
                        quantities={"accuracy": metric},
                    ),
                    verdict=Verdict.HOLDS,
                    misses=(),
                    objective=draws,
                    feasible=np.ones(500, bool),
                )
            )
        chosen, _, settled = choose(query(), judged)
        assert chosen is not None
        decided += settled
        wrong += settled and truth.max() - truth[int(chosen.subject.name)] > 0.01
    assert decided > 60
    assert wrong / decided < 0.1 + 2 * norm.ppf(0.975) * np.sqrt(0.09 / decided)


@pytest.mark.parametrize(("cost", "name"), [(0.995, "strategy.a"), (0.95, "policy.p")])
def test_a_policy_has_to_save_something(query: Any, cost: float, name: str) -> None:
    metric = Distribution(draws=np.full(100, 0.8), value=0.8, unit="", basis="measured", n=100)
    judged = []
    for option, strategy, amount in (("strategy.a", "strategy.a", 1.0), ("policy.p", None, cost)):
        price = replace(metric, draws=np.full(100, amount), value=amount, unit="USD/request")
        quantities = {"accuracy": metric, "serve_cost": price}
        subject = Subject(
            name=option, strategy=strategy, metric_name="accuracy", quantities=quantities
        )
        judged.append(
            Judged(
                subject=subject,
                verdict=Verdict.HOLDS,
                misses=(),
                objective=metric.draws,
                feasible=np.ones(100, bool),
            )
        )
    chosen, _, settled = choose(query(), judged)
    assert settled and chosen is not None and chosen.subject.name == name
