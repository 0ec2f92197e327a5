"""Templates over the columns of a row: `"Ticket: {subject}\\n{text}"`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from cosmosql.identity import canonical


class TemplateError(ValueError):
    """A brace that opens nothing or never closes; `offset` is its place in the text."""

    def __init__(self, message: str, offset: int) -> None:
        self.offset = offset
        super().__init__(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A `{name}` of a template; `offset` is the place of its brace."""

    name: str
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """Texts and columns in the order written."""

    parts: tuple[str | Column, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it fills in, each once, in the order of their first use."""
        names = (part.name for part in self.parts if isinstance(part, Column))
        return tuple(dict.fromkeys(names))

    def render(self, values: Mapping[str, object]) -> str:
        """The text for one row; KeyError where a column is missing.

        >>> parse_template("{{{a}}} of {b}").render({"a": 1, "b": ["x", "y"]})
        '{1} of x, y'
        """
        return "".join(
            cell_text(values[part.name]) if isinstance(part, Column) else part
            for part in self.parts
        )


@lru_cache(maxsize=256)
def parse_template(text: str) -> Template:
    """The template that a text spells; `{{` and `}}` are braces. Raises TemplateError."""
    parts: list[str | Column] = []
    plain: list[str] = []
    offset = 0
    while offset < len(text):
        letter = text[offset]
        if text[offset : offset + 2] in ("{{", "}}"):
            plain.append(letter)
            offset += 2
        elif letter == "{":
            end = text.find("}", offset)
            name = text[offset + 1 : end].strip() if end >= 0 else ""
            if not name or "{" in name:
                raise TemplateError("a brace that closes no column name", offset)
            if plain:
                parts.append("".join(plain))
                plain = []
            parts.append(Column(name=name, offset=offset))
            offset = end + 1
        else:
            plain.append(letter)
            offset += 1
    if plain:
        parts.append("".join(plain))
    return Template(parts=tuple(parts))


def cell_text(value: object) -> str:
    """A cell as prompts show it: texts as they are, lists with commas, an object's entries on a
    line each, numbers in JSON's form.

    >>> cell_text(["a", "b"]), cell_text(2.0), cell_text(True), cell_text({"A": "x", "B": "y"})
    ('a, b', '2.0', 'true', 'A: x\\nB: y')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return "\n".join(f"{name}: {cell_text(item)}" for name, item in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(cell_text(item) for item in value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return canonical(value)
