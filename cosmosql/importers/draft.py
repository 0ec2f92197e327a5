"""A spec in the making: blocks in order, rows to write beside it, and what was not carried over."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_UNFIT = re.compile(r"[^A-Za-z0-9_]+")
_PLACEHOLDER = re.compile(r"\{\{-?\s*([A-Za-z_][A-Za-z0-9_]*)\s*-?\}\}")
_OTHER_MARKUP = re.compile(r"\{\{|\}\}|\{%|%\}|\{#")


@dataclass(frozen=True, slots=True)
class Code:
    """A value that is written as it is: a reference, a number with its unit, a list."""

    text: str


Written: TypeAlias = str | Code
"""An attribute's value: a text is quoted, code is not."""


@dataclass(slots=True)
class Draft:
    """What an importer fills. `tool` and `path` name where it comes from."""

    tool: str
    path: str
    imports: dict[str, str] = field(default_factory=dict)
    """Standard modules by alias."""
    blocks: list[str] = field(default_factory=list)
    rows: list[Mapping[str, object]] = field(default_factory=list)
    """Rows that stood in the configuration itself."""
    left: list[tuple[str, str]] = field(default_factory=list)
    """(key, why it was not carried over)."""
    assumed: list[str] = field(default_factory=list)
    """What the configuration does not say and a spec must."""

    def block(
        self,
        kind: str,
        name: str,
        attributes: Mapping[str, Written | None] | None = None,
        *,
        using: str | None = None,
        sections: Mapping[str, Mapping[str, Written]] | None = None,
        clauses: Sequence[str] = (),
    ) -> str:
        """Adds a declaration and returns its reference; attributes that are None are left out."""
        lines = [f"{kind} {name}" + (f" using {using}" if using else "") + " {"]
        for key, value in (attributes or {}).items():
            if value is not None:
                lines.append(f"  {key} = {written(value)}")
        for section, values in (sections or {}).items():
            lines += ["", f"  {section} {{"]
            lines += [f"    {key} = {written(value)}" for key, value in values.items()]
            lines.append("  }")
        lines += [f"  {clause}" for clause in clauses]
        self.blocks.append("\n".join([*lines, "}"]))
        return f"{kind}.{name}"

    def drop(self, key: str, why: str) -> None:
        """Notes a key that has no place in the spec."""
        self.left.append((key, why))

    def assume(self, what: str) -> None:
        """Notes a choice that the author of the configuration did not make."""
        if what not in self.assumed:
            self.assumed.append(what)

    def text(self) -> str:
        """The spec: a comment about its origin, the imports, the blocks."""
        head = [f"# From {self.path} ({self.tool})."]
        if self.assumed:
            head += ["#", "# Assumed, please look:"]
            head += [f"# - {_line(what)}" for what in self.assumed]
        if self.left:
            head += ["#", "# Not carried over:"]
            head += [f"# - {_line(key)}: {_line(why)}" for key, why in self.left]
        imports = [f"import std.{module} as {alias}" for alias, module in self.imports.items()]
        parts = ["\n".join(head), "\n".join(imports), *self.blocks]
        return "\n\n".join(part for part in parts if part) + "\n"


def written(value: Written) -> str:
    """A value as the language writes it."""
    return value.text if isinstance(value, Code) else quoted(value)


def quoted(text: str) -> str:
    """A text in quotes; what cannot stand in a spec is made visible.

    >>> quoted('say "hi"')
    '"say \\\\"hi\\\\""'
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    plain = escaped.replace("\t", "\\t")
    shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in plain)
    return f'"{shown}"'


def word(text: str) -> Written:
    """A column or a label: bare where it is a name, quoted otherwise."""
    return Code(text) if _NAME.fullmatch(text) else text


def name_of(text: str, otherwise: str) -> str:
    """A declaration's name made of a free text, such as a hub id.

    >>> name_of("Qwen/Qwen2.5-0.5B", "model")
    'qwen2_5_0_5b'
    """
    last = text.rstrip("/").rpartition("/")[2]
    name = _UNFIT.sub("_", last).strip("_").lower()
    if not name:
        return otherwise
    return name if _NAME.fullmatch(name) else f"{otherwise}_{name}"


def template(text: str) -> str | None:
    """A Jinja or Nunjucks template over columns as the language writes it; None where it holds
    more than names in double braces.

    >>> template("Q: {{question}} {x}"), template("{{ a | trim }}")
    ('Q: {question} {{x}}', None)
    """
    pieces = []
    end = 0
    for match in _PLACEHOLDER.finditer(text):
        pieces.append(_braces(text[end : match.start()]))
        pieces.append(f"{{{match[1]}}}")
        end = match.end()
    rest = text[end:]
    between = "".join(_PLACEHOLDER.split(text)[::2])
    if _OTHER_MARKUP.search(between):
        return None
    return "".join(pieces) + _braces(rest)


def _braces(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def number(value: object) -> float | None:
    """A number, also one that YAML took for a text (`2e-4`); None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if abs(found) < float("inf") else None


def count(value: object) -> Code | None:
    """A whole number from 1 on as the language writes it."""
    found = number(value)
    if found is None or found != int(found) or found < 1:
        return None
    return Code(str(int(found)))


def decimal(value: object) -> Code | None:
    """A number without an exponent's sign trouble: `0.0002`."""
    found = number(value)
    return None if found is None or found < 0 else Code(f"{found:.12g}")


def percent(value: object) -> Code | None:
    """A share of one as `5%`."""
    found = number(value)
    return None if found is None or not 0 <= found <= 1 else Code(f"{found * 100:.6g}%")


def rows_text(rows: Sequence[Mapping[str, object]]) -> str:
    """Rows as JSON lines."""
    return "".join(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in rows)


def _line(text: str) -> str:
    """On one line of a comment."""
    flat = " ".join(text.split())
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in flat)
