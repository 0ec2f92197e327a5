"""Offsets and positions: what an editor counts is what it gets back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmosql.lsp.positions import ENCODINGS, EditorText

LETTERS = st.text(alphabet="ab é€😀𝒳\u2028\t\n\r\ufeff{}", max_size=40)
UNITS = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}
WIDTH = {"utf-8": 1, "utf-16": 2, "utf-32": 4}


def units(text: str, encoding: str) -> int:
    return len(text.encode(UNITS[encoding], "surrogatepass")) // WIDTH[encoding]


@given(LETTERS, st.sampled_from(ENCODINGS))
def test_every_offset_comes_back(raw: str, encoding: str) -> None:
    text = EditorText(raw, encoding)
    ends = {index for index in range(len(text.text)) if text.text[index] == "\n"}
    for offset in range(len(text.text) + 1):
        after_return = offset in ends and text.text[offset - 1 : offset] == "\r"
        if not after_return:
            assert text.offset(text.position(offset)) == offset


@given(LETTERS, LETTERS, st.data(), st.sampled_from(ENCODINGS))
def test_an_edit_replaces_what_lies_between(
    raw: str, new: str, data: st.DataObject, encoding: str
) -> None:
    """Against a model that counts code units from the beginning of each line."""
    first = data.draw(st.integers(0, len(raw)))
    last = data.draw(st.integers(first, len(raw)))

    def place(index: int) -> tuple[int, int]:
        before = raw[:index].replace("\r\n", "\n").replace("\r", "\n")
        line = before.count("\n")
        return line, units(before[before.rfind("\n") + 1 :], encoding)

    def inside_line_end(index: int) -> bool:
        return raw[index - 1 : index + 1] == "\r\n"

    if not inside_line_end(first) and not inside_line_end(last):
        edited = EditorText(raw, encoding).edited(place(first), place(last), new)
        assert edited.raw == raw[:first] + new + raw[last:]


def test_two_character_line_ends_and_a_mark_are_not_the_compilers() -> None:
    text = EditorText("\ufefflet a = 1\r\nlet b = 2\r\n")
    assert text.text == "let a = 1\nlet b = 2\n"
    assert text.position(text.text.index("b")) == (1, 4)
    assert text.offset((1, 4)) == text.text.index("b")
    assert text.position(0) == (0, 1)


@pytest.mark.parametrize(("encoding", "column"), [("utf-16", 12), ("utf-8", 14), ("utf-32", 11)])
def test_a_letter_outside_the_basic_plane(encoding: str, column: int) -> None:
    text = EditorText('let a = "😀" # x', encoding)
    assert text.position(text.text.index('" #') + 1) == (0, column)


def test_positions_beyond_the_end_are_the_end() -> None:
    text = EditorText("ab\ncd")
    assert text.offset((0, 99)) == 2
    assert text.offset((9, 0)) == 5
    assert text.edited((0, 99), (9, 9), "!").raw == "ab!"


def test_half_a_letter_is_no_reason_to_stop() -> None:
    text = EditorText('let a = "\ud83d"')
    assert text.text == 'let a = "\ufffd"'
    assert text.position(10) == (0, 10)
