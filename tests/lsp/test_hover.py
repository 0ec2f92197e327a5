"""What is said of the word under the cursor, and above declarations that a plan forecasts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from cosmosql.lsp.hover import hover
from cosmosql.lsp.lens import STALE, lenses

ROOT = Path(__file__).parents[2]

SPEC = """\
import std.hardware as hw

## What is good enough.
param floor = 80% + 2 pp
let limit = 8 GPUs * 30 min

dataset rows using jsonl {
  source = "rows.jsonl"

  roles {
    test = 15%
  }
}

task tickets using classify {
  data = dataset.rows
  input = "{text}"
  target = label
  metric = macro_f1
}

## Tries hard.
strategy rag using baseline {
  method = sweep(knn, tfidf)
  on = hw.l4
}

query pick {
  for task.tickets
  among strategy.rag
  measure within 40 min
  maximize macro_f1
  require serve_cost <= 1000 s * hw.h100.price / 1 requests
}
"""


def said(desk: Any, marked: str) -> str:
    fragment = marked.replace("|", "", 1)
    assert SPEC.count(fragment) == 1
    snapshot = desk.open(SPEC.replace(fragment, marked))
    found = hover(snapshot, desk.plans, desk.offset)
    return "" if found is None else found.markdown


@pytest.mark.parametrize(
    ("marked", "words"),
    [
        ("param flo|or", ["`80% + 2 pp` is `82%`", "What is good enough.", "--set floor=…"]),
        ("let lim|it", ["`8 GPUs * 30 min` is `4 GPU-hours`: GPU time"]),
        ("8 GPU|s", ["8 GPUs", "`8 GPUs * 30 min` is `4 GPU-hours`: GPU time"]),
        ("within 40 mi|n", ["40 min", "time"]),
        ("ta|sk tickets", ["What to do with the rows of a dataset."]),
        ("using class|ify", ["task … using classify"]),
        ("using json|l", ["One JSON object a line"]),
        ("task tick|ets", ["task tickets using classify", "target = label"]),
        ("in|put = ", ["input = text", "required"]),
        ("metr|ic = ", ["How good answers are"]),
        ("metric = macro|_f1", ["macro_f1: ratio"]),
        ("target = lab|el", ["target = label", "Column that holds the right answer."]),
        ("rol|es {", ["Which rows serve which purpose."]),
        ("te|st = 15%", ["test = examples or share", "of roles"]),
        (
            "strategy r|ag using",
            ["strategy rag using baseline", "Tries hard.", "sweep(knn, tfidf)"],
        ),
        ("among strategy.r|ag", ["strategy rag using baseline", "Tries hard."]),
        ("maximize mac|ro_f1", ["macro_f1: ratio"]),
        ("require serve_|cost", ["serve_cost: money per request", "Money a request."]),
        ("h|w.h100", ["import std.hardware as hw"]),
        ("hw.h1|00.price", ["hardware h100", "from `std.hardware`"]),
        ("h100.pri|ce", ["hardware.h100.price =", "USD per GPU time"]),
        ("for task.tick|ets", ["task tickets using classify"]),
        ("for ta|sk.tickets", ["What to do with the rows of a dataset."]),
    ],
)
def test_what_is_said(desk: Any, marked: str, words: list[str]) -> None:
    text = said(desk, marked)
    assert [word for word in words if word not in text] == []


@pytest.mark.parametrize(
    "marked", ["quer|y pick".replace("quer|y", "|  for task.t"), "mea|sure", "maxi|mize"]
)
def test_nothing_is_said_of_the_rest(desk: Any, marked: str) -> None:
    if SPEC.count(marked.replace("|", "")) == 1:
        assert said(desk, marked) == ""


def test_no_place_raises_and_every_name_is_explained(desk: Any) -> None:
    snapshot = desk.open(SPEC)
    for offset in range(len(SPEC) + 1):
        hover(snapshot, desk.plans, offset)
    for item in snapshot.index.of(snapshot.module):
        assert hover(snapshot, desk.plans, item.span.start) is not None, item.span.text


@pytest.fixture
def planned(desk: Any, tmp_path: Path) -> Any:
    """The reviewed example with its plan, and the spec of that plan open."""
    for name in ("quickstart.cosmos", "quickstart.plan.json"):
        shutil.copy(ROOT / "examples" / "review" / name, tmp_path / name)
    return desk.buffer("quickstart.cosmos", (tmp_path / "quickstart.cosmos").read_text("utf-8"))


def test_lenses_tell_the_plan(desk: Any, planned: Any, tmp_path: Path) -> None:
    plan = json.loads((tmp_path / "quickstart.plan.json").read_text("utf-8"))
    found = {lens.span.text: lens.text for lens in lenses(planned, desk.plans)}
    assert set(found) >= {"pick", "tuned", "retrieved"}
    assert plan["decision"]["status"] in found["pick"]
    assert plan["decision"]["chosen"] in found["pick"]
    best = max(
        (item for item in plan["candidates"] if item["strategy"] == "strategy.tuned"),
        key=lambda item: (item["status"] == "holds", item["metric"]["value"]),
    )
    metric = best["metric"]
    shown = f"{100 * metric['value']:.1f} % [{100 * metric['low']:.1f}, {100 * metric['high']:.1f}]"
    assert found["tuned"].startswith(shown)
    assert "best of" in found["tuned"]
    assert sum("chosen" in text for name, text in found.items() if name != "pick") == 1


def test_a_lens_is_marked_once_the_spec_has_changed(
    desk: Any, planned: Any, tmp_path: Path
) -> None:
    text = planned.document.text.text
    digest = planned.program.sha256
    plan = tmp_path / "quickstart.plan.json"
    document = json.loads(plan.read_text("utf-8"))
    document["spec"]["sha256"] = digest
    document["spec"]["modules"] = [
        {"path": module.path, "sha256": module.sha256} for module in planned.program.modules
    ]
    plan.write_text(json.dumps(document), encoding="utf-8")
    fresh = lenses(planned, desk.plans)
    assert fresh
    assert not any(STALE in lens.text for lens in fresh)
    edited = desk.buffer("quickstart.cosmos", text.replace("83%", "84%"))
    assert all(STALE in lens.text for lens in lenses(edited, desk.plans))


def test_hover_tells_the_forecasts_of_a_strategy(desk: Any, planned: Any) -> None:
    offset = planned.document.text.text.index("strategy tuned") + len("strategy ")
    found = hover(planned, desk.plans, offset)
    assert found is not None
    assert "Forecast of the plan for `pick`" in found.markdown
    assert "[model=large,share=100%]" in found.markdown


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"format": 99}', '{"format": 1}', "\udc80", None]
)
def test_a_plan_that_is_none_is_left_out(
    desk: Any, planned: Any, tmp_path: Path, content: str | None
) -> None:
    plan = tmp_path / "quickstart.plan.json"
    plan.unlink()
    if content is not None:
        plan.write_bytes(content.encode("utf-8", "surrogateescape"))
    assert lenses(planned, desk.plans) == ()


def test_comments_of_strangers_are_no_markup(desk: Any) -> None:
    text = "## ![x](http://example.org/x.png) <img src=y> `code`\nparam a = 1\n"
    found = hover(desk.open(text), desk.plans, text.index("a = 1"))
    assert found is not None
    assert r"\!\[x\](http://example.org/x.png) \<img src=y\> `code`" in found.markdown
