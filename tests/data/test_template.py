"""Templates over columns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmosql.data.template import TemplateError, parse_template


def test_columns_in_order_of_first_use() -> None:
    template = parse_template("Ticket: {subject}\n{text} {{{subject}}}")
    assert template.columns == ("subject", "text")
    values = {"subject": "a", "text": ["b", 2]}
    assert template.render(values) == "Ticket: a\nb, 2 {a}"


@given(st.text())
def test_escaped_text_is_itself(text: str) -> None:
    escaped = text.replace("{", "{{").replace("}", "}}")
    template = parse_template(escaped)
    assert template.columns == ()
    assert template.render({}) == text


@pytest.mark.parametrize(("text", "offset"), [("a {", 2), ("{}", 0), ("x{a{b}", 1), ("{a", 0)])
def test_malformed(text: str, offset: int) -> None:
    with pytest.raises(TemplateError) as error:
        parse_template(text)
    assert error.value.offset == offset


def test_missing_column() -> None:
    with pytest.raises(KeyError):
        parse_template("{a}").render({})
