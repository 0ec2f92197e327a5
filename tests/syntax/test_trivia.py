"""Comments and the texts that only look like them."""

from __future__ import annotations

from cosmosql.source import Source
from cosmosql.syntax.trivia import comments, documentation


def test_comments_with_spans() -> None:
    source = Source("a.cosmos", '# one\nlet x = "a # b" # two\n  ## three\nlet y = "open # x\n')
    found = comments(source)
    assert [item.span.text for item in found] == ["# one", "# two", "## three"]
    assert [item.own_line for item in found] == [True, False, True]
    assert [item.documents for item in found] == [False, False, True]


def test_documentation_is_keyed_by_the_line_below() -> None:
    text = "## a\n## b\nlet x = 1\n##c\n\n"
    assert documentation(Source("a.cosmos", text)) == {10: "a\nb", 24: "c"}
