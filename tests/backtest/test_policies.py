"""Policies on the test rows: carried out as `apply` would, and their forecasts scored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from cosmosql.apply import fitting
from cosmosql.artifact.backtest import BacktestPolicy
from cosmosql.artifact.bundle import BundlePolicy
from cosmosql.backtest import policies
from cosmosql.backtest.policies import (
    Carrying,
    PolicyTruth,
    carrying,
    policy_truth,
    policy_truths,
)
from cosmosql.backtest.policy_scores import policy_row, policy_scores
from cosmosql.backtest.truth import Truth
from cosmosql.decide.decision import PolicyForecast
from cosmosql.decide.person import PERSON
from cosmosql.interval import Estimate, Unmeasured
from cosmosql.pipeline import Line
from tests.backtest.conftest import CASCADE, item, line_of, tiers

ROWS = 200

HALF = replace(
    CASCADE, final=False, rule=None, thresholds=(), budget=6.0, costs=(1.0, 10.0), asked=(1.0, 0.5)
)
"""To be fitted: after the small member's 1, half of the rows may go to the large one for 10."""


def with_policies(real: Line, *found: PolicyForecast) -> Line:
    line = line_of(real, (), None)
    return replace(line, decision=replace(line.decision, policies=found))


def known(found: PolicyTruth | Unmeasured) -> PolicyTruth:
    assert isinstance(found, PolicyTruth)
    return found


def unsure(run: int = 0, offset: float = 0.0) -> Truth:
    """A small member with margins in another order for every run; right where it is sure."""
    margins = np.random.default_rng(run).permutation(ROWS) / ROWS
    items = tuple(
        item(row, float(margin >= 0.5), margin=float(margin) + offset)
        for row, margin in enumerate(margins)
    )
    return Truth(metric=0.5, runs=(0.5,), answers=(items,), draws=np.full(1000, 0.5))


def always(score: float) -> Truth:
    items = tuple(item(row, score) for row in range(ROWS))
    return Truth(metric=score, runs=(score,), answers=(items,), draws=np.full(1000, score))


def test_a_final_rule_answers_every_row_as_it_is(real: Line) -> None:
    found = known(policy_truths(with_policies(real, CASCADE), tiers(), seed=0)[CASCADE.name])
    assert found.truth.metric == 0.5
    assert found.asked == (1.0, 0.5)


def test_a_threshold_is_set_on_the_members_own_signals(real: Line) -> None:
    """In full its margins are far from those of any probe: the share is what the plan promises."""
    for offset in (0.0, 100.0):
        truths = {"a": unsure(offset=offset), "b": always(1.0)}
        found = known(policy_truths(with_policies(real, HALF), truths, seed=0)[HALF.name])
        assert found.asked[1] == pytest.approx(0.5, abs=0.1)
        assert found.truth.metric > 0.9


def test_no_row_is_answered_by_a_policy_that_has_seen_it(
    real: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    learnt: list[set[str]] = []
    answered: list[set[str]] = []
    fit, serve = fitting.fitted, policies.tiers

    def fitted(policy, declared, answers, *, seed):  # type: ignore[no-untyped-def]
        learnt.append({one.row for one in answers.questions})
        return fit(policy, declared, answers, seed=seed)

    def served(rule, said):  # type: ignore[no-untyped-def]
        answered.append({one.row for one in said.questions})
        return serve(rule, said)

    monkeypatch.setattr(policies, "fitted", fitted)
    monkeypatch.setattr(policies, "tiers", served)
    truths = {"a": unsure(), "b": always(1.0)}
    policy_truths(with_policies(real, HALF), truths, seed=0)
    assert len(learnt) == len(answered) > 1
    assert set.union(*answered) == {str(row) for row in range(ROWS)}
    for fold, inside in zip(learnt, answered, strict=True):
        assert not fold & inside


def test_it_learns_from_as_many_rows_as_apply_would(real: Line) -> None:
    line = with_policies(real, HALF)
    task = line.compiled.program.tasks[line.compiled.query.task]
    loaded = line.compiled.data[task.dataset]
    declared = line.compiled.program.policies

    def learnt(policy: PolicyForecast) -> int:
        return carrying(declared, policy, loaded, 0).learnt

    counts: Mapping[str, int] = {role: len(rows) for role, rows in loaded.rows.items()}
    assert learnt(HALF) == counts["calibration"] > 0
    assert learnt(replace(HALF, kind="route")) == counts["validation"] + counts["calibration"]
    assert learnt(CASCADE) == 0


def test_runs_of_members_are_averaged(real: Line) -> None:
    runs = [unsure(run) for run in range(3)]
    small = replace(runs[0], answers=tuple(one.answers[0] for one in runs), runs=(0.5,) * 3)
    found = known(
        policy_truths(with_policies(real, HALF), {"a": small, "b": always(1.0)}, seed=0)[HALF.name]
    )
    assert len(found.truth.runs) == 3
    assert found.truth.metric == pytest.approx(np.mean(found.truth.runs))


def test_a_person_is_right_and_needs_no_truth(real: Line) -> None:
    policy = replace(CASCADE, members=("a", PERSON))
    found = policy_truths(with_policies(real, policy), {"a": tiers()["a"]}, seed=0)
    assert known(found[policy.name]).truth.metric == 0.5


def test_a_policy_whose_member_has_no_truth_has_none(real: Line) -> None:
    truths = {**tiers(), "b": Unmeasured("too long")}
    found = policy_truths(with_policies(real, CASCADE), truths, seed=0)[CASCADE.name]
    assert found == Unmeasured("too long")
    row = policy_row(CASCADE, found)
    assert (row.measured, row.reason) == (None, "too long")


def test_only_policies_of_several_members_that_were_forecast_are_carried_out(real: Line) -> None:
    alone = replace(CASCADE, name="policy.tiers[a]", kind="single", members=("a",))
    unknown = replace(CASCADE, name="policy.tiers", metric=Unmeasured("none"))
    assert policy_truths(with_policies(real, alone, unknown), tiers(), seed=0) == {}


def test_a_mix_without_rows_to_fit_on_serves_by_the_rule_of_its_forecast(real: Line) -> None:
    rule = {"tiers": [0, 1], "dearer": 0.25}
    policy = Carrying(
        bundle=BundlePolicy(kind="mix", members=("a", "b"), rule=rule),
        declared=real.compiled.program.policies["policy.tiers"],
        learnt=0,
        seed=0,
    )
    truths = {"a": always(0.0), "b": always(1.0)}
    found = known(policy_truth(policy, ("a", "b"), truths, {}, metric="accuracy", seed=0))
    assert found.truth.metric == pytest.approx(0.25, abs=0.1)
    assert found.asked == pytest.approx((1 - found.truth.metric, found.truth.metric))


def row(
    predicted: float, measured: float | None, spread: float, basis: str = "predicted"
) -> BacktestPolicy:
    policy = replace(
        CASCADE,
        metric=Estimate(predicted, predicted - spread, predicted + spread, 10),
        basis=basis,
    )
    found: PolicyTruth | Unmeasured = Unmeasured("too long")
    if measured is not None:
        truth = Truth(metric=measured, runs=(measured,), answers=((),), draws=np.zeros(10))
        found = PolicyTruth(truth=truth, asked=(1.0, 0.7))
    return policy_row(policy, found)


def test_scores_are_over_policies_of_probed_members() -> None:
    rows = [
        row(0.5, 0.52, 0.03),
        row(0.6, 0.52, 0.03),
        row(0.9, 0.1, 0.01, basis="measured"),
        row(0.9, None, 0.01),
    ]
    found = policy_scores(rows, seed=0)
    assert found is not None
    assert found.predicted == 2
    assert found.mae_points == pytest.approx(5.0)
    assert found.bias_points == pytest.approx(-3.0)
    assert found.coverage == 0.5
    assert found.asked_points == pytest.approx(20.0)


def test_nothing_forecast_scores_nothing() -> None:
    assert policy_scores([row(0.9, 0.1, 0.01, basis="measured")], seed=0) is None
