"""The words of one statement on one line, or on several where they are too many."""

from __future__ import annotations

import re
from collections.abc import Sequence

WIDTH = 100
"""Columns of a line; a comment at its end is not counted."""

INDENT = 2

_NUMBER = re.compile(r"([0-9_.]*)(?:[eE]([+-]?[0-9]+))?[ \t]*(.*)")
_VALUE, _NAME, _OPERATOR = range(3)


def lines_of(words: Sequence[str], indent: int, ending: str = "") -> list[str]:
    """The lines of a statement that starts `indent` columns in and is followed by `ending`.

    One that fits stands on one line. In one that does not, lists and calls are broken, the outer
    ones first, one element a line with a comma after each.
    """
    words = _needed(words)
    pieces, lists = _spaced(words)
    line = f"{' ' * indent}{''.join(pieces)}{ending}"
    if len(line) <= WIDTH:
        return [line]
    if words[0] == "among" and "," in words:
        pieces = ["among", " [", pieces[1].lstrip(), *pieces[2:], "]"]
        lists = {1: len(pieces) - 1}
    return _Layout(pieces, lists, indent, ending).lines


def number(word: str) -> str:
    """A number token with one blank before its unit, none before `%`, and a small `e`.

    >>> number("40USD"), number("82 %"), number("1E9   tok/s"), number("1_200")
    ('40 USD', '82%', '1e9 tok/s', '1_200')
    """
    match = _NUMBER.fullmatch(word)
    digits, exponent, unit = match.groups() if match else (word, None, "")
    blank = " " if unit and unit[0] != "%" else ""
    return f"{digits}{f'e{exponent}' if exponent else ''}{blank}{unit}"


def _needed(words: Sequence[str]) -> list[str]:
    """Without the comma after a last element, and the brackets around candidates."""
    kept: list[str] = []
    for word in words:
        if word in ("]", ")") and kept[-1] == ",":
            kept.pop()
        kept.append(word)
    if kept[0] == "among" and kept[1] == "[":
        return [kept[0], *kept[2:-1]]
    return kept


def _spaced(words: Sequence[str]) -> tuple[list[str], dict[int, int]]:
    """The words with the blanks that belong before them, and where lists and calls start and end.

    A name where no value can stand is a keyword such as `with`, and a value follows it.
    """
    pieces = [words[0]]
    lists: dict[int, int] = {}
    opened: list[tuple[int, bool]] = []
    before = _OPERATOR
    tight = False  # no blank follows the word before
    keyword = words[0] in ("measure", "decide", "escalate")  # the next word is one
    for index, word in enumerate(words[1:], 1):
        blank = not tight
        tight = False
        first = word[0]
        if first.isalpha() or first == "_":
            if before == _OPERATOR and not keyword:
                before = _NAME
            else:
                before = _OPERATOR
                keyword = not keyword and word == "with" and words[0] in ("require", "decide")
        elif first.isdigit():
            word, before = number(word), _VALUE
        elif first == '"':
            before = _VALUE
        elif word == ".":
            blank, tight, before = False, True, _OPERATOR
        elif word in ("(", "["):
            is_call = before == _NAME
            blank = blank and not is_call
            opened.append((index, is_call or word == "["))
            tight, before = True, _OPERATOR
        elif word in (")", "]"):
            start, is_list = opened.pop()
            if is_list and index > start + 1:
                lists[start] = index
            blank, before = False, _VALUE
        elif word == ",":
            blank, before = False, _OPERATOR
        elif word == "*" and words[index - 1] == ".":
            before = _VALUE
        else:
            tight = word == "-" and before == _OPERATOR
            before = _OPERATOR
        pieces.append(f" {word}" if blank else word)
    return pieces, lists


class _Layout:
    """Breaks as many lists as are needed, from left to right, the outer ones before the inner."""

    def __init__(self, pieces: list[str], lists: dict[int, int], indent: int, ending: str) -> None:
        self._pieces = pieces
        self._lists = lists
        self._written = [" " * indent]
        self._column = indent
        self._lay(0, len(pieces), indent, len(ending))
        self._write(ending)

    @property
    def lines(self) -> list[str]:
        return "".join(self._written).split("\n")

    def _write(self, text: str) -> None:
        self._written.append(text)
        self._column += len(text)

    def _start_line(self, indent: int) -> None:
        self._written.append("\n" + " " * indent)
        self._column = indent

    def _lay(self, start: int, end: int, indent: int, after: int) -> None:
        """Writes pieces on the current line, which `after` more columns follow."""
        index = start
        while index < end:
            close = self._lists.get(index)
            if close is None:
                self._write(self._pieces[index])
                index += 1
                continue
            flat = "".join(self._pieces[index : close + 1])
            if self._column + len(flat) + self._until_list(close + 1, end, after) <= WIDTH:
                self._write(flat)
            else:
                self._break(index, close, indent)
            index = close + 1

    def _until_list(self, start: int, end: int, after: int) -> int:
        """Columns up to the bracket at which the line may break next."""
        columns = 0
        for index in range(start, end):
            columns += len(self._pieces[index])
            if index in self._lists:
                return columns
        return columns + after

    def _break(self, start: int, close: int, indent: int) -> None:
        self._write(self._pieces[start])
        inner = indent + INDENT
        first = index = start + 1
        while index <= close:
            if index == close or self._pieces[index] == ",":
                self._pieces[first] = self._pieces[first].lstrip(" ")
                self._start_line(inner)
                self._lay(first, index, inner, 1)
                self._write(",")
                first = index + 1
            index = self._lists.get(index, index) + 1
        self._start_line(indent)
        self._write(self._pieces[close])
