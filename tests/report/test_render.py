"""The report: golden words, the same bytes again, and nothing of a plan that acts as markup."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from cosmosql.artifact.plan import PlanDocument
from cosmosql.artifact.storage import read_plan
from cosmosql.report.figure import WIDE, frontier
from cosmosql.report.render import render_html, render_markdown
from cosmosql.report.view import view

SAMPLE = Path(__file__).parents[1] / "artifact" / "sample.plan.json"
HOSTILE = "</title><script>alert(1)</script><img src=x onerror=alert(2)>|`$x^2$\n# head {{ 7*7 }}"
VOID = {"meta", "br", "wbr", "img", "link", "hr", "input"}


@pytest.fixture(scope="module")
def plan() -> PlanDocument:
    return read_plan(SAMPLE)


def hostile(plan: PlanDocument) -> PlanDocument:
    """The plan with a hostile text wherever a person chose one."""
    first = plan.candidates[0]
    metric = first.metric.model_copy(update={"name": HOSTILE, "reason": HOSTILE})
    candidate = first.model_copy(
        update={"name": HOSTILE, "kind": HOSTILE, "reason": HOSTILE, "metric": metric}
    )
    policy = plan.policies[0].model_copy(
        update={"name": HOSTILE, "kind": HOSTILE, "note": HOSTILE, "signal": HOSTILE}
    )
    question = plan.question.model_copy(
        update={"task": HOSTILE, "metric": HOSTILE, "objective": HOSTILE}
    )
    decision = plan.decision.model_copy(
        update={"chosen": HOSTILE, "reasons": (HOSTILE,), "next_evidence": HOSTILE}
    )
    spec = plan.spec.model_copy(update={"path": HOSTILE, "parameters": {HOSTILE: HOSTILE}})
    return plan.model_copy(
        update={
            "docs": {HOSTILE: HOSTILE},
            "candidates": (candidate, *plan.candidates[1:]),
            "policies": (policy,),
            "question": question,
            "decision": decision,
            "spec": spec,
            "query": HOSTILE,
        }
    )


class Tags(HTMLParser):
    """Counts what a browser would see as elements, attributes and text; checks nesting."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        for name, value in attrs:
            if name in ("href", "src", "xlink:href"):
                self.links.append(value or "")
            if name == "id":
                self.ids.append(value or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag


def parsed(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    tags.close()
    assert tags.open == []
    return tags


def test_the_page_is_whole_and_asks_for_nothing(plan: PlanDocument) -> None:
    page = render_html(plan)
    tags = parsed(page)
    assert not tags.tags & {"script", "img", "iframe", "object", "link", "form"}
    assert all(link.startswith("#") for link in tags.links)
    assert len(tags.ids) == len(set(tags.ids))
    assert "default-src 'none'" in page
    assert not re.search(r"url\((?!#)", page)
    assert not re.search(r"@import|https?://(?!www\.w3\.org/)", page)


def test_a_hostile_plan_is_text(plan: PlanDocument) -> None:
    page = render_html(hostile(plan))
    clean = parsed(render_html(plan))
    tags = parsed(page)
    assert tags.tags <= clean.tags
    assert tags.attributes <= clean.attributes
    assert "alert(1)" in page
    assert "{{ 7*7 }}" in page


def test_hostile_markdown_stays_in_its_cells(plan: PlanDocument) -> None:
    text = render_markdown(hostile(plan))
    outside_code = re.sub(r"(?<!\\)`[^`\n]*`", "", text)
    assert not re.search(r"(?<!\\)<", outside_code)
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert len(headings) == len(
        [line for line in render_markdown(plan).splitlines() if line.startswith("#")]
    )
    rows = [line for line in text.splitlines() if line.startswith("| 1 |")]
    cells = len(re.findall(r"(?<!\\)\|", rows[0]))
    others = [line for line in text.splitlines() if line.startswith("| 2 |")]
    assert cells == len(re.findall(r"(?<!\\)\|", others[0]))


def test_the_same_plan_gives_the_same_bytes(plan: PlanDocument) -> None:
    assert render_html(plan) == render_html(read_plan(SAMPLE))
    assert render_markdown(plan) == render_markdown(read_plan(SAMPLE))


def test_every_candidate_and_policy_is_in_both(plan: PlanDocument) -> None:
    page = html.unescape(render_html(plan).replace("<wbr>", ""))
    text = render_markdown(plan)
    for item in (*plan.candidates, *plan.policies):
        assert item.name in page
        assert item.name in text


def test_the_golden_markdown(plan: PlanDocument) -> None:
    """Made again with `render_markdown(read_plan(SAMPLE))`."""
    golden = Path(__file__).parent / "sample.report.md"
    assert render_markdown(plan) == golden.read_text(encoding="utf-8")


def test_the_picture_is_drawn_twice_with_text_as_text(plan: PlanDocument) -> None:
    page = render_html(plan)
    assert page.count('<svg class="frontier') == 2
    assert page.count(">chosen: cascade</text>") == 2
    assert page.count('role="img"') == 4
    assert "var(--kind-lora)" in page
    assert not re.search(r"#0[0-9]{5}\b", page)


def test_costs_between_two_powers_of_ten_have_ticks(plan: PlanDocument) -> None:
    priced = [one for one in plan.candidates if one.metric.value is not None][:2]
    near = [
        one.model_copy(update={"serve_cost": one.serve_cost.model_copy(update={"value": value})})
        for one, value in zip(priced, ("1.1", "4.4"), strict=True)
    ]
    drawn = frontier(plan.model_copy(update={"candidates": tuple(near), "policies": ()}), WIDE)
    assert drawn is not None
    digits = re.findall(r">([0-9.,]+)</text>", drawn.partition("accuracy</text>")[0])
    assert len(digits) >= 3


@pytest.mark.parametrize(
    ("status", "chosen", "words"),
    [
        ("decided", "strategy.linear", "Decided"),
        ("infeasible", None, "Infeasible: every candidate is shown to miss a requirement"),
        ("undecided", None, "Undecided: probing ended before the best one was settled"),
    ],
)
def test_the_headline_says_the_status(
    plan: PlanDocument, status: str, chosen: str | None, words: str
) -> None:
    decision = plan.decision.model_copy(
        update={"status": status, "chosen": chosen, "next_evidence": "200 more rows"}
    )
    changed = plan.model_copy(update={"decision": decision})
    assert view(changed).headline == words
    assert words in render_html(changed)
    assert "200 more rows" in render_markdown(changed)


def test_undecided_without_any_that_holds_says_so(plan: PlanDocument) -> None:
    open_ones = tuple(item.model_copy(update={"status": "undecided"}) for item in plan.candidates)
    decision = plan.decision.model_copy(update={"status": "undecided", "chosen": None})
    changed = plan.model_copy(
        update={"candidates": open_ones, "policies": (), "decision": decision}
    )
    assert view(changed).headline == "Undecided: no candidate is shown to meet the requirements"


def test_a_plan_without_numbers_has_no_picture(plan: PlanDocument) -> None:
    nothing = plan.candidates[-1]
    assert nothing.metric.value is None
    decision = plan.decision.model_copy(update={"status": "undecided", "chosen": None})
    changed = plan.model_copy(
        update={"candidates": (nothing,), "policies": (), "decision": decision, "steps": ()}
    )
    page = render_html(changed)
    assert "frontier wide" not in page
    assert "unmeasured" in page
    parsed(page)


def test_doc_comments_are_told_in_the_authors_words(plan: PlanDocument) -> None:
    documented = plan.model_copy(update={"docs": {"query.pick": "Which one?\nAs of May."}})
    line = "- `query.pick`: Which one? As of May."
    assert line in render_markdown(documented)
    assert "Which one? As of May." in render_html(documented)
    assert "In the author" not in render_markdown(plan)
