"""The index of codes is written from the pages."""

from __future__ import annotations

from pathlib import Path

from cosmosql.diagnostics.pages import STAGES, codes, index, title

INDEX = Path(__file__).parents[2] / "docs" / "errors" / "README.md"


def test_the_index_is_up_to_date() -> None:
    written = INDEX.read_text(encoding="utf-8")
    assert written == index(), "run `python -m cosmosql.diagnostics.pages > docs/errors/README.md`"


def test_every_code_stands_in_it_once() -> None:
    for code in codes():
        assert code[1:3] in STAGES
        assert index().count(f"| [{code}]({code}.md) | {title(code)} |\n") == 1
