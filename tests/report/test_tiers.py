"""Policies, signals and slices in the report: golden words, pictures with text, and no picture of
what is not there."""

from __future__ import annotations

import html
import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from cosmosql.artifact.plan import PlanDocument
from cosmosql.artifact.storage import document_bytes, read_plan
from cosmosql.report.band_figures import band_pictures
from cosmosql.report.policy_figures import policy_pictures
from cosmosql.report.render import render_html, render_markdown
from cosmosql.report.view import view

HERE = Path(__file__).parent
SAMPLE = HERE.parent / "artifact" / "sample.plan.json"


def built() -> ModuleType:
    spec = importlib.util.spec_from_file_location("tiers_plan", HERE / "tiers_plan.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def plan() -> PlanDocument:
    found: PlanDocument = built().tiers_plan(read_plan(SAMPLE))
    return found


@pytest.fixture(scope="module")
def page(plan: PlanDocument) -> str:
    return render_html(plan)


def sections(text: str) -> str:
    return text[text.index("## Policies") : text.index("## Spent")]


def test_the_golden_sections(plan: PlanDocument) -> None:
    """Made again with `sections(render_markdown(tiers_plan(read_plan(SAMPLE))))`."""
    golden = (HERE / "tiers.sections.md").read_text(encoding="utf-8")
    assert sections(render_markdown(plan)) == golden


def test_it_survives_being_written(plan: PlanDocument, tmp_path: Path) -> None:
    path = tmp_path / "tiers.plan.json"
    path.write_bytes(document_bytes(plan))
    again = read_plan(path)
    assert again.policies[0].curve[3].asked == plan.policies[0].curve[3].asked
    assert again.references[0].kind == "oracle"
    assert again.slices is not None and again.slices.looked_at == 14
    assert render_markdown(again) == render_markdown(plan)


def test_every_picture_is_drawn_for_both_widths(page: str) -> None:
    assert page.count('<svg class="figure wide"') == 3
    assert page.count('<svg class="figure narrow"') == 3
    assert page.count('role="img"') == 8
    ids = re.findall(r'\bid="([^"]*)"', page)
    assert len(ids) == len(set(ids))
    assert not re.search(r"#0[0-9]{5}\b", page)


def test_pictures_are_told_in_words(page: str) -> None:
    text = html.unescape(page)
    described = re.findall(r"<desc[^>]*>(.*?)</desc>", text, re.DOTALL)
    assert any(
        "cascade 15 > 27: area 82.4 %" in one and "oracle: area 88.5 %" in one for one in described
    )
    assert any(
        "route 15 > 27: from 73.0 % [69.0, 76.0] to 87.0 % [83.0, 90.0]." in one
        for one in described
    )
    assert any("margin: 5 % said: 6 %" in one for one in described)


def test_the_chosen_policy_stands_out(page: str) -> None:
    assert page.count(">cascade, chosen</text>") == 2
    assert page.count(">calls of each tier, cascade 15 &gt; 27</text>") == 2
    assert page.count(">mix 15 &gt; 27, refused</text>") == 2
    assert "var(--kind-cascade_route)" in page


def test_colours_of_the_pictures_are_colours_of_the_page(page: str) -> None:
    used = set(re.findall(r"var\((--[a-z_-]+)\)", page))
    light, dark = page.split("@media (prefers-color-scheme: dark)", 1)
    for name in used - {"--sans", "--mono"}:
        assert f"{name}:" in light
        assert f"{name}:" in dark


def test_a_slice_is_called_worse_only_where_its_whole_interval_is(plan: PlanDocument) -> None:
    found = view(plan).slices
    assert [row.shown_worse for row in found.rows] == [True, False]
    assert found.finding == "Shown to be worse than the mean row score of 84.4 %: label `refund`."
    assert plan.slices is not None
    mild = plan.slices.model_copy(update={"worst": plan.slices.worst[1:], "shown": 0})
    assert view(plan.model_copy(update={"slices": mild})).slices.finding.startswith("No slice")
    many = plan.slices.model_copy(update={"shown": 12})
    told = view(plan.model_copy(update={"slices": many})).slices.finding
    assert told.endswith(": 12 slices, the worst of them label `refund`.")


def test_what_is_not_known_has_no_section(plan: PlanDocument) -> None:
    bare = plan.model_copy(update={"calibration": (), "slices": None, "references": ()})
    text, page = render_markdown(bare), render_html(bare)
    assert "## Signals" not in text and 'id="signals"' not in page
    assert "## Where it does worst" not in text and 'id="slices"' not in page
    assert "Areas to compare with" not in text
    assert page.count('<svg class="figure wide"') == 2


def test_curves_without_bands_and_calls_have_one_panel(plan: PlanDocument) -> None:
    plain = tuple(
        item.model_copy(
            update={
                "curve": tuple(
                    point.model_copy(update={"low": None, "high": None, "asked": ()})
                    for point in item.curve
                )
            }
        )
        for item in plan.policies
    )
    bare = plan.model_copy(update={"policies": plain})
    assert band_pictures(bare) == ()
    pictures = policy_pictures(bare)
    assert len(pictures) == 2
    assert not any("calls of each tier" in picture for picture in pictures)


def test_three_tiers_have_three_lines_of_calls(plan: PlanDocument) -> None:
    chosen = plan.policies[1]
    curve = tuple(
        point.model_copy(update={"asked": (1.0, point.share, point.share / 2)})
        for point in chosen.curve
    )
    three = chosen.model_copy(update={"curve": curve, "asked": (1.0, 0.4, 0.2)})
    changed = plan.model_copy(update={"policies": (three,)})
    assert all(">tier 3</text>" in picture for picture in policy_pictures(changed))
    assert view(changed).policies[0].asked == "100 %, 40 %, 20 %"
