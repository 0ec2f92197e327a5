"""What `apply` states before it measures, and how that is settled."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cosmosql.apply.execute import apply
from cosmosql.apply.statement import settle_plan, state_plan
from cosmosql.artifact.bundle import Outcome
from cosmosql.artifact.storage import read_plan
from cosmosql.backtest.scoreboard import scoreboard
from cosmosql.evidence.ledger import Ledger
from cosmosql.evidence.observation import Observation
from tests.backtest.conftest import forecast, item

SAMPLE = Path(__file__).parents[1] / "artifact" / "sample.plan.json"


def test_an_applied_candidate_is_on_the_scoreboard_once(project: Path) -> None:
    path = project.parent / "colours.plan.json"
    plan = json.loads(path.read_text(encoding="utf-8"))
    plan["decision"] |= {"status": "decided", "chosen": "strategy.tuned[share=100%]"}
    path.write_text(json.dumps(plan), encoding="utf-8")
    done = apply(path)
    found = scoreboard(project)
    assert {one.quantity for one in found.entries} == {"accuracy", "serve_cost", "adapt_cost"}
    for entry, outcome in zip(found.entries, done.outcomes, strict=True):
        assert entry.quantity == outcome.name
        assert entry.predicted == outcome.forecast.value
        assert entry.measured == outcome.measured.value
        assert (entry.status == "hit") == outcome.within
        assert (entry.by, entry.hindsight) == ("apply", False)
    apply(path)
    assert scoreboard(project) == found


@pytest.fixture
def observed() -> Observation:
    items = tuple(item(row, float(row < 7)) for row in range(10))
    return Observation(kind="evaluate", key="k", asked={}, conditions={}, role="test", items=items)


def test_a_policys_members_are_stated_and_settled_beside_it(
    tmp_path: Path, observed: Observation
) -> None:
    document = json.loads(SAMPLE.read_text(encoding="utf-8"))
    policy = next(one for one in document["policies"] if len(one["members"]) == 2)
    document["decision"] |= {"status": "decided", "chosen": policy["name"]}
    path = tmp_path / "task.plan.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    plan = read_plan(path)
    members = [forecast(name, 0.5).candidate for name in policy["members"]]
    chosen = next(one for one in plan.policies if one.name == policy["name"])
    with Ledger.open(tmp_path) as ledger:
        stated = state_plan(plan, path, ["nowhere"], members, ledger)
        outcomes = [
            Outcome(
                name=chosen.metric.name, forecast=chosen.metric, measured=chosen.metric, within=True
            ),
            Outcome(
                name="serve_cost",
                forecast=chosen.serve_cost,
                measured=chosen.serve_cost,
                within=True,
            ),
        ]
        settle_plan(stated, outcomes, [(one, observed) for one in members], ledger)
    found = scoreboard(tmp_path)
    own = [one for one in found.entries if one.name == policy["name"]]
    assert own and all(one.measured == one.predicted for one in own)
    rest = {one.name: one.measured for one in found.entries if one.name != policy["name"]}
    assert rest == dict.fromkeys(policy["members"], 0.7)
    assert found.open == 0
