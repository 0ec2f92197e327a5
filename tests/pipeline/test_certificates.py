"""A written confidence on a policy's accuracy: tested on fresh rows, replayed and carried out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cosmosql.apply.execute import apply
from cosmosql.compiler import compile_spec
from cosmosql.data.rows import Role
from cosmosql.evidence import file as evidence_file
from cosmosql.evidence.ledger import Ledger
from cosmosql.interval import Unmeasured
from cosmosql.pipeline import Outcome, quote, run
from cosmosql.probes.calibrating import LiveCalibrating, RecordedCalibrating
from cosmosql.probes.lower import lower
from cosmosql.probes.runtime import Runtime

from .conftest import PICK, make_project
from .conftest import SPEC as COLOURS

ROWS = 640
PROMISE = "accuracy >= strategy.large.accuracy - 5 pp"

SPEC = """
dataset rows using jsonl {
  source = "rows.jsonl"
  id = number

  roles {
    train = 0%
    validation = 200 examples
    calibration = CALIBRATED examples
    test = 40 examples
  }
}

task moods using choose {
  data = dataset.rows
  input = "{text}"
  target = label
  choices = options
}

model small using recorded {
  source = "small.jsonl"
  cost = 1 USD/request
}

model large using recorded {
  source = "large.jsonl"
  cost = 5 USD/request
}

strategy small using prompt {
  model = model.small
}

strategy large using prompt {
  model = model.large
}

policy tiers using cascade {
  stages = [strategy.small, strategy.large]
}

probe all {
  rows = 1_000 examples
}

query pick {
  for task.moods
  among strategy.*, policy.tiers
  measure with probe.all within 0.01 USD
  minimize serve_cost
  require PROMISE with confidence 95%
}
""".replace("PROMISE", PROMISE)


def lines(place: Path, name: str, rows: list[dict[str, object]]) -> None:
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (place / f"{name}.jsonl").write_text(text, encoding="utf-8")


def answered(name: str, index: int) -> dict[str, object]:
    """The small one is wrong where it is unsure, one row in four; the large one, one in twenty."""
    wrong = index % 4 == 0 if name == "small" else index % 20 == 1
    said = "BA"[index % 2] if wrong else "AB"[index % 2]
    sure = (0.3 if wrong else 2.0) + index / ROWS
    options = {"A": sure if said == "A" else 0.0, "B": sure if said == "B" else 0.0}
    return {"id": index, "output": said, "logits": options, "latency_ms": 100}


def make_logs(place: Path, calibrated: int) -> Path:
    place.mkdir()
    rows: list[dict[str, object]] = [
        {
            "number": index,
            "text": f"a text of number {index}",
            "options": {"A": "dark", "B": "bright"},
            "label": "AB"[index % 2],
        }
        for index in range(ROWS)
    ]
    lines(place, "rows", rows)
    for name in ("small", "large"):
        lines(place, name, [answered(name, index) for index in range(ROWS)])
    spec = place / "logs.cosmos"
    spec.write_text(SPEC.replace("CALIBRATED", str(calibrated)), encoding="utf-8")
    return spec


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return run(make_logs(tmp_path_factory.mktemp("certified") / "project", 300))


def certificate(outcome: Outcome) -> Any:
    found = json.loads(outcome.plan_path.read_text(encoding="utf-8"))
    return found["question"]["requirements"][0]["certificate"]


def test_the_plan_says_how_the_promise_was_shown(finished: Outcome) -> None:
    found = certificate(finished)
    assert (found["status"], found["rows"], found["confidence"]) == ("holds", 300, 0.95)
    assert found["procedure"] == "paired" and found["bound"] >= 0
    assert finished.plan.decision.chosen == found["policy"]
    assert (finished.measured, finished.reused) == (4, 0)


def test_a_quote_counts_what_a_test_may_ask(tmp_path: Path) -> None:
    spec = make_logs(tmp_path / "project", 300)
    asked = [one.run.measurement for one in quote(spec).tests]
    assert [(one.candidate.name, one.role, one.rows) for one in asked] == [
        ("strategy.small", "calibration", 300),
        ("strategy.large", "calibration", 300),
    ]
    text = spec.read_text(encoding="utf-8").replace(" with confidence 95%", "")
    spec.write_text(text, encoding="utf-8")
    assert quote(spec).tests == ()


def test_calibration_rows_are_evidence_and_no_test_row_is_read(finished: Outcome) -> None:
    roles = [one.role for one in evidence_file.read(finished.evidence_path)]
    assert roles.count(Role.CALIBRATION) == 2
    assert Role.TEST not in roles
    assert finished.plan.evidence.test_reads == 0


def test_reports_say_it_too(finished: Outcome) -> None:
    for report in (finished.report_md, finished.report_html):
        text = report.read_text(encoding="utf-8")
        assert "tested on calibration rows: policy.tiers" in text
        assert text.count("certified on 300 calibration rows with 95") == 2


def test_the_evidence_alone_gives_the_same_certificate(finished: Outcome, tmp_path: Path) -> None:
    shutil.copytree(finished.plan_path.parent, tmp_path / "project")
    shutil.rmtree(tmp_path / "project" / ".cosmosql")
    replayed = run(tmp_path / "project" / "logs.cosmos", offline=True)
    assert replayed.plan_path.read_bytes() == finished.plan_path.read_bytes()


def test_what_is_deployed_is_the_rule_that_was_tested(finished: Outcome, tmp_path: Path) -> None:
    shutil.copytree(finished.plan_path.parent, tmp_path / "project")
    plan = tmp_path / "project" / "logs.plan.json"
    chosen = json.loads(plan.read_text(encoding="utf-8"))
    (policy,) = [one for one in chosen["policies"] if one["name"] == chosen["decision"]["chosen"]]
    bundle = json.loads((apply(plan).bundle / "bundle.json").read_text(encoding="utf-8"))
    assert bundle["policy"]["rule"] == policy["rule"]


def test_too_few_rows_leave_it_undecided_and_say_how_many_would_do(tmp_path: Path) -> None:
    outcome = run(make_logs(tmp_path / "project", 20))
    found = certificate(outcome)
    assert (found["status"], found["rows"]) == ("undecided", 0)
    assert found["needed"] > 20
    assert outcome.plan.decision.status == "undecided"
    assert outcome.plan.decision.next_evidence == f"label {found['needed']} calibration rows"


def test_what_the_cap_leaves_no_room_for_is_not_measured(
    tmp_path: Path, checkpoint: Callable[[str], Path]
) -> None:
    text = COLOURS + PICK.replace("within 5 USD", "within 0.000001 USD")
    spec = make_project(tmp_path / "project", checkpoint("llama"), text)
    compiled = compile_spec(spec)
    wanted = [one for one in compiled.graph.candidates if one.strategy == "strategy.bare"]
    with Ledger.open(compiled.root) as ledger:
        runtime = Runtime(compiled.program, compiled.data, ledger)
        runs = lower(compiled.graph, runtime)
        live = LiveCalibrating(compiled.graph, runs, ledger, runtime)
        refused = live.answers(wanted)
        again = RecordedCalibrating(compiled.graph, runtime, ledger).answers(wanted)
    assert isinstance(refused, Unmeasured) and "left no room" in refused.reason
    assert live.measured == () and runtime.loaded is None
    assert isinstance(again, Unmeasured) and again.reason == refused.reason
