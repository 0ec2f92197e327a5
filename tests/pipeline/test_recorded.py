"""Two recorded models, from a spec to answers: free, and held to the log."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cosmosql.apply.answer import predict
from cosmosql.apply.execute import apply
from cosmosql.diagnostics.diagnostic import InputError
from cosmosql.pipeline import Outcome, quote, run

ROOT = Path(__file__).parents[2]
ROWS = 160

SPEC = """
param costs = recorded

dataset rows using jsonl {
  source = "rows.jsonl"
  id = number

  roles {
    train = 0%
    validation = 100 examples
    calibration = 20 examples
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
  costs = costs
}

model large using recorded {
  source = "large.jsonl"
  cost = 5 USD/request
  costs = costs
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
  maximize accuracy
}
"""


def lines(place: Path, name: str, rows: list[dict[str, object]]) -> None:
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (place / f"{name}.jsonl").write_text(text, encoding="utf-8")


def answered(name: str, index: int) -> dict[str, object]:
    """The small one is wrong where it is unsure, one row in four; the large one, one in twenty."""
    wrong = index % 4 == 0 if name == "small" else index % 20 == 1
    right = "AB"[index % 2]
    said = "BA"[index % 2] if wrong else right
    sure = 0.3 if wrong else 2.0 + index / ROWS
    return {
        "id": index,
        "output": said,
        "logits": {"A": sure if said == "A" else 0.0, "B": sure if said == "B" else 0.0},
        "prompt_tokens": 20,
        "completion_tokens": 1,
        "cost_usd": 0.001 if name == "small" else 0.004,
        "latency_ms": 100 if name == "small" else 100 + index,
    }


def make_project(place: Path) -> Path:
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
    (place / "logs.cosmos").write_text(SPEC, encoding="utf-8")
    return place / "logs.cosmos"


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """A project that was run once: look at it, or take a copy."""
    return run(make_project(tmp_path_factory.mktemp("finished") / "project"))


@pytest.fixture
def spec(finished: Outcome, tmp_path: Path) -> Path:
    """The spec of a copy of the project that was run."""
    shutil.copytree(finished.plan_path.parent, tmp_path / "project")
    return tmp_path / "project" / "logs.cosmos"


def part(outcome: Outcome, name: str) -> Any:
    found = json.loads(outcome.plan_path.read_text(encoding="utf-8"))
    return next(one for one in found["candidates"] if one["name"] == f"strategy.{name}")


def test_it_is_free_and_all_of_it_is_measured(finished: Outcome, tmp_path: Path) -> None:
    quoted = quote(make_project(tmp_path / "new"))
    assert [one.run.measurement.kind for one in quoted.runs] == ["evaluate", "evaluate"]
    for meter in ("money", "accelerator", "tokens", "requests"):
        assert quoted.total[meter] == Decimal(0)
    assert (finished.measured, finished.reused) == (2, 0)
    for name in ("small", "large"):
        metric = part(finished, name)["metric"]
        assert (metric["n"], metric["basis"]) == (100, "measured")


def test_costs_and_waits_are_those_of_the_log(finished: Outcome, spec: Path) -> None:
    large = part(finished, "large")
    cost, measures = large["serve_cost"], large["measures"]
    assert (cost["value"], cost["unit"], cost["basis"]) == ("0.004", "USD/request", "measured")
    waits = measures["latency"]
    assert 0.1 < waits["low"] < waits["value"] < waits["high"] < 0.26
    assert measures["latency_p99"]["value"] > measures["latency_p50"]["value"]
    assert measures["prompt_tokens"]["value"] == 20
    again = run(spec, settings={"costs": "declared"})
    declared = part(again, "large")["serve_cost"]
    assert (declared["value"], declared["basis"]) == ("5", "assumed")
    assert (again.measured, again.reused) == (0, 2)


def test_a_price_makes_money_of_recorded_tokens(spec: Path) -> None:
    """20 tokens read at 1 and one written at 3 dollars a million."""
    listed = (
        "price listed {\n  input = 1 USD/Mtok\n  output = 3 USD/Mtok\n"
        '  source = "a list"\n  as_of = "2026-01-01"\n}\n'
    )
    text = spec.read_text(encoding="utf-8").replace(
        "  cost = 5 USD/request\n  costs = costs\n", "  price = price.listed\n"
    )
    spec.write_text(text + listed, encoding="utf-8")
    log = [answered("large", index) for index in range(ROWS)]
    lines(spec.parent, "large", [{**line, "cost_usd": None} for line in log])
    large = part(run(spec), "large")
    assert float(large["serve_cost"]["value"]) == pytest.approx(23e-6)
    assert large["measures"]["endpoint_cost"]["value"] == large["serve_cost"]["value"]


def test_a_cascade_by_the_recorded_margin_pays(finished: Outcome) -> None:
    """Small is wrong exactly where it is unsure: asking large there alone is right on all rows but
    those that large gets wrong."""
    plan = json.loads(finished.plan_path.read_text(encoding="utf-8"))
    (policy,) = (one for one in plan["policies"] if one["kind"] == "cascade")
    assert policy["signal"] == "margin"
    assert policy["metric"]["value"] > part(finished, "small")["metric"]["value"]
    assert Decimal(policy["serve_cost"]["value"]) < Decimal("0.005")


def test_the_evidence_alone_gives_the_same_plan(finished: Outcome, spec: Path) -> None:
    (spec.parent / "logs.plan.json").unlink()
    (spec.parent / ".cosmosql" / "ledger.sqlite").unlink()
    replayed = run(spec, offline=True)
    assert replayed.plan_path.read_bytes() == finished.plan_path.read_bytes()


def test_another_log_is_another_model(spec: Path) -> None:
    changed = [answered("small", index) for index in range(ROWS)]
    changed[0]["margin"] = 9.0
    lines(spec.parent, "small", changed)
    assert run(spec).measured == 1


def test_the_bundle_answers_the_rows_of_the_log(spec: Path) -> None:
    applied = apply(spec.parent / "logs.plan.json")
    cost = next(one for one in applied.outcomes if one.name == "serve_cost")
    assert cost.measured.value is not None
    asked = {"number": 3, "text": "as it was", "options": {"A": "dark", "B": "bright"}}
    (found,) = predict(applied.bundle, [asked])
    assert found["answer"] == "B"
    with pytest.raises(InputError) as error:
        list(predict(applied.bundle, [{**asked, "number": "new"}]))
    assert error.value.diagnostics[0].code == "E0543"
    assert error.value.diagnostics[0].notes[0].endswith("has no answer to the row new")
    with pytest.raises(InputError) as error:
        list(predict(applied.bundle, [{**asked, "number": None}]))
    assert error.value.diagnostics[0].notes[0].endswith("and a row has none")
    lines(spec.parent, "large", [answered("small", index) for index in range(ROWS)])
    lines(spec.parent, "small", [answered("large", index) for index in range(ROWS)])
    with pytest.raises(InputError) as error:
        list(predict(applied.bundle, [asked]))
    assert error.value.diagnostics[0].code == "E0810"


def test_planning_needs_no_model_library(tmp_path: Path) -> None:
    spec = make_project(tmp_path / "new")
    program = (
        "import sys; from pathlib import Path; from cosmosql.pipeline import run;"
        f"run(Path({str(spec)!r}));"
        "print(sorted({'torch', 'transformers', 'peft'} & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout == "[]\n", ran.stderr
