"""What `show` says of signals and slices: all of it with `-v`, else only what is shown."""

from __future__ import annotations

import importlib.util
import io
import sys
from pathlib import Path

import pytest
from rich.console import Console

from cosmosql.artifact.plan import PlanDocument
from cosmosql.artifact.storage import read_plan
from cosmosql.cli.table import plan_tables
from cosmosql.report.view import view

TESTS = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def plan() -> PlanDocument:
    where = TESTS / "report" / "tiers_plan.py"
    spec = importlib.util.spec_from_file_location("tiers_plan", where)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    found: PlanDocument = module.tiers_plan(read_plan(TESTS / "artifact" / "sample.plan.json"))
    return found


def printed(plan: PlanDocument, *, verbose: bool) -> str:
    out = io.StringIO()
    console = Console(file=out, width=140)
    for item in plan_tables(view(plan), width=140, verbose=verbose):
        console.print(item)
    return out.getvalue()


def test_all_of_it_when_asked_for_more(plan: PlanDocument) -> None:
    text = printed(plan, verbose=True)
    assert "margin, decides" in text
    assert "0.061 [0.000, 0.091]" in text
    assert "refund" in text and "61.0 % [36.0, 82.0]" in text
    assert "Shown to be worse than the mean row score of 84.4 %: label `refund`." in text


def test_else_only_a_slice_that_is_shown_to_be_worse(plan: PlanDocument) -> None:
    text = printed(plan, verbose=False)
    assert "Brier" not in text and "simultaneous" not in text
    assert "Shown to be worse" in text
    assert plan.slices is not None
    mild = plan.slices.model_copy(update={"worst": plan.slices.worst[1:], "shown": 0})
    assert "No slice" not in printed(plan.model_copy(update={"slices": mild}), verbose=False)
