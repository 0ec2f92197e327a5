"""Sweeps to candidates: order, names and limits."""

from __future__ import annotations

from dataclasses import replace

from cosmosql.model.program import Policy
from cosmosql.plan.expand import expand


def names(world):
    program, query, _ = world
    return [candidate.name for candidate in expand(program, query)]


def test_only_swept_names_appear_and_the_first_varies_slowest(fakes, tmp_path):
    assert names(fakes.world(tmp_path)) == [
        "strategy.majority",
        "strategy.shown[model=small,shots=2]",
        "strategy.shown[model=small,shots=8]",
        "strategy.shown[model=small,shots=16]",
        "strategy.shown[model=large,shots=2]",
        "strategy.shown[model=large,shots=8]",
        "strategy.shown[model=large,shots=16]",
        "strategy.tuned[share=50%]",
        "strategy.tuned[share=100%]",
    ]


def test_ratios_are_percent_and_other_numbers_plain(fakes, tmp_path):
    strategy = fakes.strategy(
        "base.strategy.tuned",
        "fake_tuned",
        sweeps={"rank": (8, 16), "share": (0.125, 0.07)},
        swept=("rank", "share"),
    )
    assert names(fakes.world(tmp_path, strategies=(strategy,))) == [
        "base.strategy.tuned[rank=8,share=12.5%]",
        "base.strategy.tuned[rank=8,share=7%]",
        "base.strategy.tuned[rank=16,share=12.5%]",
        "base.strategy.tuned[rank=16,share=7%]",
    ]


def test_models_that_end_alike_keep_their_whole_reference(fakes, tmp_path):
    strategy = fakes.strategy(
        "strategy.shown",
        "fake_shots",
        models=("a.model.small", "b.model.small", "model.large"),
        sweeps={"shots": (1,)},
        swept=("model",),
    )
    assert names(fakes.world(tmp_path, strategies=(strategy,))) == [
        "strategy.shown[model=a.model.small]",
        "strategy.shown[model=b.model.small]",
        "strategy.shown[model=large]",
    ]


def test_strategies_that_only_a_policy_names_are_candidates_too(fakes, tmp_path):
    program, query, _ = fakes.world(tmp_path)
    policy = Policy(
        **fakes.declared("policy.tiers"),
        using="cascade",
        over=("strategy.majority", "strategy.tuned"),
        signal="margin",
        escalations=(),
        options={},
    )
    query = replace(query, strategies=("strategy.majority",), policies=("policy.tiers",))
    program = replace(program, policies={"policy.tiers": policy})
    strategies = [candidate.strategy for candidate in expand(program, query)]
    assert list(dict.fromkeys(strategies)) == ["strategy.majority", "strategy.tuned"]
