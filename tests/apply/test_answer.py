"""Bundles whose policy is not what it should be, and what is said of a row."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from cosmosql.apply.answer import Answerer, Reply, described
from cosmosql.artifact.bundle import BundleManifest
from cosmosql.contracts.policy import Question
from cosmosql.contracts.strategy import Answer
from cosmosql.diagnostics.diagnostic import InputError

TASK = {
    "kind": "classify",
    "input": "{text}",
    "target": "label",
    "metric": "accuracy",
    "separator": " =>",
    "max_tokens": 4,
}
RULE = {"signals": ["margin"], "thresholds": [1.5], "tied": [0.0]}


def manifest(policy: Mapping[str, Any]) -> BundleManifest:
    members = [
        {"name": name, "kind": "baseline", "directory": f"members/{name}", "config": {}}
        for name in ("small", "large")
    ]
    return BundleManifest.model_validate(
        {"plan": "0", "task": TASK, "policy": policy, "members": members}
    )


@pytest.mark.parametrize(
    "policy",
    [
        {"kind": "cascade", "members": ["small", "large"], "rule": {"signals": 3}},
        {"kind": "cascade", "members": ["small", "large"], "rule": {**RULE, "thresholds": ["x"]}},
        {"kind": "route", "members": ["small", "large"], "rule": {"before": []}},
        {"kind": "route", "members": ["small", "large"]},
        {"kind": "cascade", "members": ["small", "ghost"], "rule": RULE},
    ],
)
def test_a_policy_that_cannot_serve_is_a_diagnostic(
    tmp_path: Path, policy: Mapping[str, Any]
) -> None:
    with pytest.raises(InputError) as refused:
        Answerer(manifest(policy), tmp_path)
    assert [one.code for one in refused.value.diagnostics] == ["E0803"]


def test_a_policy_that_is_not_installed_is_named(tmp_path: Path) -> None:
    policy = {"kind": "by_mood", "members": ["small", "large"], "rule": {}}
    with pytest.raises(InputError) as refused:
        Answerer(manifest(policy), tmp_path)
    assert [one.code for one in refused.value.diagnostics] == ["E0501"]


def test_a_row_says_who_was_asked_and_why(tmp_path: Path) -> None:
    found = manifest({"kind": "cascade", "members": ["small", "large"], "rule": RULE})
    rule = Answerer(found, tmp_path).rule
    said = {
        tier: Answer(
            predicted=f"label {tier}",
            signals={"margin": 0.5 + tier, "max_probability": 0.6},
            prompt_tokens=1,
            completion_tokens=1,
        )
        for tier in (0, 1)
    }
    reply = Reply(question=Question(row="r", text="t"), asked=(0, 1), tier=1, answers=said)
    line = described(found, rule, {"id": 7, "text": "t"}, reply)
    assert (line["id"], line["answer"], line["tier"], line["member"]) == (7, "label 1", 2, "large")
    assert line["asked"] == ["small", "large"]
    assert line["why"] == [{}, {"margin": 0.5, "threshold": 1.5}, {}]
    deferred = manifest({"kind": "cascade", "members": ["small", "person"], "rule": RULE})
    left = Reply(question=Question(row="r", text="t"), asked=(0, 1), tier=1, answers={0: said[0]})
    line = described(deferred, rule, {}, left)
    assert line["answer"] is None and line["member"] == "person"
    assert line["asked"] == ["small", "person"]
