"""What a decision is examined for: lines to compare with, calibration, and slices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cosmosql.decide.calibration import calibrations
from cosmosql.decide.decision import Decision, PolicyForecast
from cosmosql.decide.examined import chosen_scores, examine, slices_of
from cosmosql.decide.references import references
from cosmosql.interval import Estimate

ROWS = 300


def policy(members: Sequence[str], **more: Any) -> PolicyForecast:
    found = PolicyForecast(
        name="policy.tiers",
        kind="cascade",
        members=tuple(members),
        signal="margin",
        thresholds=(1.5,),
        share=0.3,
        metric=Estimate(0.8, 0.75, 0.85, 200),
        basis="measured",
        measures={},
        auc=0.78,
        curve=(),
        note=None,
    )
    return replace(found, **more)


def decision(chosen: str | None, *policies: PolicyForecast) -> Decision:
    return Decision(
        status="decided",
        chosen=chosen,
        reasons=(),
        next_evidence=None,
        regret_probability=None,
        options=(),
        policies=policies,
    )


@pytest.fixture
def tiers(candidate: Any) -> list[Any]:
    """A small tier that is right on two thirds, mostly where its margin is large, and a large one
    that is right on five sixths."""
    rng = np.random.default_rng(0)
    small = np.arange(ROWS) % 3 > 0
    margin = rng.normal(1.5 * small, 1.0)
    large = np.arange(ROWS) % 6 > 0
    return [
        candidate("strategy.small", small.astype(float), 1.0, margin),
        candidate("strategy.large", large.astype(float), 4.0, rng.normal(size=ROWS)),
    ]


def named(tiers: list[Any]) -> list[str]:
    return [one.candidate.name for one in tiers]


def test_the_lines_run_from_the_cheapest_to_the_dearest(tiers: list[Any]) -> None:
    oracle, random = references(tiers, [policy(named(tiers))], seed=0)
    assert (oracle.kind, random.kind) == ("oracle", "random")
    assert (oracle.budgets[0], oracle.budgets[-1]) == (1.0, 4.0)
    assert oracle.accuracies[0] == random.accuracies[0] == pytest.approx(2 / 3)
    assert random.accuracies[-1] == pytest.approx(5 / 6)
    assert oracle.accuracies[-1] == pytest.approx(5 / 6)
    assert random.auc == pytest.approx(0.75)
    assert oracle.auc > random.auc


def test_an_oracle_of_probed_members_knows_outcomes_not_chances(tiers: list[Any]) -> None:
    """Both tiers are right on a row with the same chance, independently: together they are right
    more often than either."""
    probed = [
        replace(one, items=replace(one.items, shift=np.zeros(len(one.metric.draws))))
        for one in tiers
    ]
    oracle, random = references(probed, [policy(named(tiers))], seed=0)
    assert oracle.accuracies[-1] > random.accuracies[-1] + 0.05
    again, _ = references(probed, [policy(named(tiers))], seed=0)
    assert (again.accuracies == oracle.accuracies).all()


def test_without_two_costs_there_are_no_lines(tiers: list[Any]) -> None:
    alike = replace(tiers[1], measures=tiers[0].measures)
    assert references([tiers[0], alike], [policy(named(tiers))], seed=0) == ()
    assert references(tiers, [policy(named(tiers)[:1])], seed=0) == ()
    assert references(tiers[:1], [policy(named(tiers))], seed=0) == ()
    apart = replace(tiers[1], items=replace(tiers[1].items, rows=tuple(map(str, range(ROWS)))))
    assert references([tiers[0], apart], [policy(named(tiers))], seed=0) == ()


def test_signals_are_calibrated_of_members_that_may_be_passed_over(tiers: list[Any]) -> None:
    found = calibrations(tiers, [policy(named(tiers))], seed=0)
    assert [(one.member, one.signal, one.used) for one in found] == [
        ("strategy.small", "margin", True)
    ]
    judged = found[0].reliability
    assert judged.brier.value < 2 / 9
    assert judged.error.n == ROWS and len(judged.bins) == 10
    assert found[0].basis == "measured"


def test_several_signals_are_combined_and_told_in_order(tiers: list[Any]) -> None:
    items = tiers[0].items
    entropy = -items.score + np.random.default_rng(1).normal(0, 0.7, ROWS)
    signals = {"entropy": entropy, "mean_logprob": np.zeros(ROWS), **items.signals}
    rich = replace(tiers[0], items=replace(items, signals=signals))
    found = calibrations([rich, tiers[1]], [policy(named(tiers))], seed=0)
    assert [one.signal for one in found] == ["margin", "entropy", "combined"]
    margin, _, both = (one.reliability for one in found)
    assert both.brier.value < margin.brier.value
    assert found[-1].fit == "logistic"
    assert both.error.value < 1.5 * both.error_by_chance


def test_few_rows_are_not_calibrated(candidate: Any) -> None:
    few = candidate("strategy.small", [1.0, 0.0] * 19, 1.0, list(range(38)))
    assert calibrations([few], [policy(["strategy.small", "strategy.large"])], seed=0) == ()


def test_slices_are_those_of_the_chosen_one(tiers: list[Any]) -> None:
    kinds = {f"row {row}": f"every sixth and {row % 6}" for row in range(ROWS)}
    chosen = decision("strategy.large", policy(named(tiers)))
    found = slices_of(tiers, chosen, {"kind": kinds})
    assert found is not None
    assert [one.name for one in found.worst] == ["every sixth and 0"]
    assert found.worst[0].mean.value == 0.0
    assert slices_of(tiers, chosen, {}) is None
    assert slices_of(tiers, decision(None), {"kind": kinds}) is None


def test_a_policy_is_judged_by_its_own_rows(tiers: list[Any]) -> None:
    scores = {f"row {row}": 0.25 for row in range(ROWS)}
    mixed = policy(named(tiers), scores=scores)
    assert chosen_scores(tiers, decision("policy.tiers", mixed)) == scores
    single = policy(named(tiers)[1:], kind="single")
    assert sum(chosen_scores(tiers, decision("policy.tiers", single)).values()) == 250
    assert chosen_scores(tiers, decision("policy.tiers", policy(named(tiers)))) == {}


def test_all_of_it_at_once(tiers: list[Any]) -> None:
    kinds = {f"row {row}": str(row % 6) for row in range(ROWS)}
    plan = decision("strategy.large", policy(named(tiers)))
    found = examine(tiers, plan, {"kind": kinds}, seed=0)
    assert len(found.references) == 2
    assert len(found.calibrations) == 1
    assert found.slices is not None and found.slices.looked_at == 6
