"""The examples of the error pages: each wrong one gives its code alone, each right one nothing."""

from __future__ import annotations

import datetime
import re
from pathlib import Path

import pytest

from cosmosql.compiler import check
from cosmosql.diagnostics.diagnostic import Diagnostic
from cosmosql.resources import resource

FENCE = re.compile(r"^```(\w+)(?: file=(\S+))?\n(.*?)^```$", re.M | re.S)
TODAY = datetime.date(2026, 7, 1)


def pages() -> list[Path]:
    return [
        page
        for page in sorted(resource("errors").glob("[EW]*.md"))
        if "```cosmos" in page.read_text(encoding="utf-8")
    ]


def findings(section: str, directory: Path) -> tuple[Diagnostic, ...]:
    directory.mkdir()
    for language, name, text in FENCE.findall(section):
        path = directory / (name or "spec.cosmos")
        assert name or language == "cosmos"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return check(directory / "spec.cosmos", today=TODAY)


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.stem)
def test_examples_do_what_the_page_says(page: Path, tmp_path: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {page.stem}: ")
    assert text.endswith("Since 0.1.0.\n")
    wrong, right = text.split("## Wrong")[1].split("## Right")
    found = findings(wrong, tmp_path / "wrong")
    assert [item.code for item in found] == [page.stem]
    assert findings(right, tmp_path / "right") == ()
