"""docs/language.md: every example is bound, and does what the page says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from cosmosql.diagnostics.diagnostic import Severity
from cosmosql.model.bind import analyse
from cosmosql.model.settings import read_params
from cosmosql.plan.expand import expand
from cosmosql.schema.kinds import KINDS
from cosmosql.source import Source
from cosmosql.syntax.format import format_source

Desk = Any

PAGE = (Path(__file__).parents[2] / "docs" / "language.md").read_text(encoding="utf-8")
FENCES = [
    (match[1], match[2])
    for match in re.finditer(r"^```cosmos ?(\S*)\n(.*?)^```$", PAGE, re.M | re.S)
]
FILES = {info.removeprefix("file="): text for info, text in FENCES if info.startswith("file=")}
ALONE = [(info, text) for info, text in FENCES if not info.startswith("file=")]


def names(fence: tuple[str, str]) -> str:
    return fence[0] or fence[1].strip().splitlines()[-2].strip()


@pytest.mark.parametrize("fence", ALONE, ids=names)
def test_an_example_binds_or_gives_its_code(desk: Desk, fence: tuple[str, str]) -> None:
    code, text = fence
    analysis = desk.analysis(text, FILES)
    errors = [item.code for item in analysis.diagnostics if item.severity is Severity.ERROR]
    assert errors == ([code] if code else [])


@pytest.mark.parametrize("name", FILES)
def test_a_file_binds_by_itself(desk: Desk, name: str) -> None:
    desk.write("", FILES)
    assert not analyse(desk.directory / name).failed


def test_the_page_shows_every_kind_and_every_chapter() -> None:
    assert len(ALONE) >= 12
    assert set(FILES) == {"prices.cosmos", "production.cosmos", "base.cosmos", "ours.cosmos"}
    shown = "\n".join(text for _, text in FENCES)
    for kind in KINDS:
        assert (
            kind == "price"
            or re.search(rf"^(template )?{kind} ", shown, re.M)
            or (f"`{kind}`" in PAGE)
        )
    prose = re.sub(r"^```.*?^```$", "", PAGE, flags=re.M | re.S)
    chapters = set(re.findall(r"^## (.+)$", prose, re.M))
    linked = set(re.findall(r"\[([^\]]+)\]\(#", PAGE))
    assert chapters <= linked


def test_examples_are_in_the_canonical_form() -> None:
    for _, text in FENCES:
        assert format_source(Source("language.md", text)) == text


def example(beginning: str) -> str:
    (text,) = [text for _, text in ALONE if beginning in text]
    return text


def test_the_parameters_of_the_page(desk: Desk) -> None:
    text = example("let wanted = floor + margin")
    path = desk.write(text, FILES).parent / "production.cosmos"
    settings = {**read_params([path]), "floor": "88%"}
    assert desk.program(text, FILES, settings).parameters == {
        "floor": "88%",
        "traffic": "3_000_000 requests/month",
    }
    assert desk.codes(text, FILES, {"floor": "88 USD"}) == ["E0301"]
    assert desk.codes(text, FILES, {"floor": "high"}) == ["E0302"]
    assert desk.codes(text, FILES, {"floor": "88"}) == []
    assert desk.codes(text, FILES, {"wanted": "88%"}) == ["E0201"]
    assert desk.codes(text, FILES, {"floor": "margin * 2"}) == ["E0301"]
    assert desk.codes(text, FILES, {"floor": "80% + margin"}) == []


def test_what_the_page_says_of_extending(desk: Desk) -> None:
    program = desk.program(example("query serve extends"), FILES)
    private = program.datasets["dataset.private"]
    assert (private.group, private.roles.amounts) == ("customer", {"validation": 300, "test": 500})
    query = program.queries["query.serve"]
    assert [item.text for item in query.requirements] == ["accuracy >= 86%"]
    assert query.strategies == ("base.strategy.shown",)
    assert str(query.budget.probing["money"]) == "3 USD"


def test_the_candidates_of_the_page(desk: Desk) -> None:
    program = desk.program(example("let ranks = sweep(8, 16)"), FILES)
    found = [item.name for item in expand(program, program.queries["query.pick"])]
    assert len(found) == 8
    assert found[0] == "strategy.tuned[model=small,share=25%,rank=8]"


def test_short_forms_of_a_budget(desk: Desk) -> None:
    amounts = re.search(r"`within 3 USD` is short.*?\. Of a", PAGE, re.S)
    assert amounts is not None
    written = re.findall(r"`(?:within )?(\d[^`]*)`", amounts[0])
    assert len(written) == 6
    for amount in written:
        assert desk.query(desk.whole.replace("within 1 USD", f"within {amount}")).budget.probing
