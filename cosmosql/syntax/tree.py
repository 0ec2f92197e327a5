"""The tree of one file. Every node has a span; names are not resolved, units not interpreted."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from cosmosql.source import Source, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    text: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """`40 USD`, `82%`, `500 examples`, `3`: one token. `unit` is None for a bare number."""

    value: Decimal
    unit: str | None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    value: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Boolean:
    value: bool
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """`accuracy`, `task.tickets`, `base.strategy.rag`, `strategy.*` (then `wildcard`)."""

    parts: tuple[Name, ...]
    wildcard: bool
    span: Span

    @property
    def text(self) -> str:
        dotted = ".".join(part.text for part in self.parts)
        return f"{dotted}.*" if self.wildcard else dotted


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """`[a, b]`."""

    items: tuple[Expression, ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """`sweep(8, 16)`."""

    function: Name
    arguments: tuple[Expression, ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Binary:
    """`left operator right`, with operator one of `+ - * / < <= > >= ==`."""

    operator: str
    left: Expression
    right: Expression
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Negative:
    operand: Expression
    span: Span


Expression: TypeAlias = Number | Text | Boolean | Reference | Sequence | Call | Binary | Negative


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """`name = value`."""

    name: Name
    value: Expression
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """`name { … }` inside a block."""

    name: Name
    items: tuple[Item, ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class ForClause:
    task: Reference
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class AmongClause:
    candidates: tuple[Reference, ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureClause:
    """`measure with probe.ladder within budget.launch`; `within` may be an amount."""

    probe: Reference | None
    budget: Expression | None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveClause:
    """`maximize accuracy` or `minimize serve_cost`."""

    direction: str
    expression: Expression
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class RequireClause:
    """`require macro_f1 >= 82% with confidence 90%`."""

    condition: Expression
    confidence: Expression | None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideClause:
    """`decide within 1 pp with confidence 90%`."""

    tolerance: Expression
    confidence: Expression | None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class EscalateClause:
    """`escalate to strategy.big when margin < 1.5`."""

    target: Reference
    condition: Expression
    span: Span


Clause: TypeAlias = (
    ForClause
    | AmongClause
    | MeasureClause
    | ObjectiveClause
    | RequireClause
    | DecideClause
    | EscalateClause
)
Item: TypeAlias = Attribute | Section | Clause


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """`language 1`: the version of the language in which the file is written."""

    version: Number
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """`import std.models as models` (then `path` is None) or `import "./base.cosmos" as base`."""

    module: Reference | None
    path: Text | None
    alias: Name
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """`param floor = 82%`."""

    name: Name
    value: Expression
    doc: str | None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Constant:
    """`let share = 50%`."""

    name: Name
    value: Expression
    doc: str | None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """`kind name extends reference using name { … }`.

    A `template` is there to be extended: it stands for nothing itself, and may leave out what its
    kind requires.
    """

    template: bool
    kind: Name
    name: Name
    extends: Reference | None
    using: Name | None
    items: tuple[Item, ...]
    doc: str | None
    span: Span


Declaration: TypeAlias = Language | Import | Parameter | Constant | Block


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    source: Source
    declarations: tuple[Declaration, ...]
