"""Attributes to plain values, each checked against its field of the schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from cosmosql.diagnostics.diagnostic import Fix, Label
from cosmosql.diagnostics.suggest import closest, correction
from cosmosql.model.evaluate import Evaluator, repeated
from cosmosql.model.extend import Flat, OwnedAttribute
from cosmosql.model.modules import LoadedModule
from cosmosql.model.names import Declaration, resolve, wildcard
from cosmosql.model.report import Report
from cosmosql.model.values import Listed, Swept, Value, Word, describe
from cosmosql.schema.fields import Field, FieldType
from cosmosql.source import Span
from cosmosql.syntax.tree import Expression, Reference
from cosmosql.syntax.tree import Sequence as Bracket
from cosmosql.units import EXAMPLES, LABELS, REQUESTS, TOKENS, Quantity, number_text

Plain: TypeAlias = bool | int | float | str | Quantity
"""A reference is the full name of its declaration."""


@dataclass(frozen=True, slots=True)
class Alternatives:
    """The values of a `sweep`, in the order written."""

    values: tuple[Plain, ...]


Read: TypeAlias = Plain | tuple[Plain, ...] | Alternatives

_COUNTABLE = (EXAMPLES, LABELS, REQUESTS, TOKENS)

_WANTED: Mapping[FieldType, str] = {
    FieldType.COUNT: "a whole number",
    FieldType.NUMBER: "a number without a unit",
    FieldType.RATIO: "a ratio such as `25%`",
    FieldType.AMOUNT: "a number of examples or a share such as `15%`",
    FieldType.TEXT: "a text in quotes",
    FieldType.WORD: "a word",
    FieldType.BOOLEAN: "true or false",
    FieldType.PATH: "a path in quotes",
    FieldType.QUANTITY: "a quantity",
    FieldType.REFERENCE: "a name",
}


class AttributeReader:
    """Reads the attributes of one block or section."""

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._report: Report = evaluator.report

    def read(
        self,
        attributes: Mapping[str, OwnedAttribute],
        fields: Sequence[Field],
        *,
        place: Span,
        owner: str,
        flat: Flat,
    ) -> dict[str, Read] | None:
        """Values by field name, defaults filled in, in the order of the fields.

        Reports everything: E0203 unknown, E0209 missing, E0302 wrong type, E0303 invalid sweep,
        E0304 out of range. None where a value is missing or wrong; what is merely unknown leaves
        the others as they are. `flat` is the declaration that has them, its own or inherited.
        """
        known = {field.name: field for field in fields}
        # What is there under a misspelled name is not missing as well.
        strangers = [name for name in attributes if name not in known]
        right = True
        for name, owned in attributes.items():
            # Many declarations can inherit one unknown attribute.
            if name not in known and not self._report.told("E0203", owned.attribute.name.span):
                own = owned.attribute.span.within(flat.declaration.block.span)
                self._report.add(
                    "E0203",
                    "unknown attribute",
                    owned.attribute.name.span,
                    f"{owner} has no such attribute",
                    others=() if own else (Label(place, "this inherits it"),),
                    **correction(
                        owned.attribute.name.span,
                        self._report.comparable(known),
                        f"it has {', '.join(known) or 'none'}",
                    ),
                )
        values: dict[str, Read] = {}
        for field in fields:
            written = attributes.get(field.name)
            if written is not None:
                value = self._field(field, written)
                if value is None:
                    right = False
                else:
                    values[field.name] = value
            elif field.required and not flat.partial:
                right = False
                if closest(field.name, self._report.comparable(strangers)):
                    continue
                self._report.add(
                    "E0209",
                    "an attribute is missing",
                    place,
                    f"{owner} needs `{field.name}`",
                    notes=(field.doc,),
                    help=f"write `{field.name} = …`",
                )
            elif field.default is not None:
                values[field.name] = field.default
        return values if right else None

    def _field(self, field: Field, owned: OwnedAttribute) -> Read | None:
        expression, module = owned.attribute.value, owned.module
        if field.type is FieldType.REFERENCE:
            if field.many and _wild(expression):
                return self._wildcards(field, owned)
            if isinstance(expression, Reference):
                # The kind that is wanted decides between declarations of one name.
                return self._named(field, expression, module)
        value = self._evaluator.value(expression, module)
        if value is None:
            return None
        if isinstance(value.content, Swept):
            if not field.sweepable:
                self._report.add(
                    "E0303",
                    "invalid sweep",
                    value.span,
                    f"`{field.name}` takes one value",
                    help="sweep over an attribute of a strategy, or write two declarations",
                )
                return None
            return self._alternatives(field, value.content.items)
        if field.many:
            listed_items = value.content.items if isinstance(value.content, Listed) else (value,)
            return self._each(field, listed_items)
        return self._plain(field, value)

    def _each(self, field: Field, items: Sequence[Value]) -> tuple[Plain, ...] | None:
        plain = [self._plain(field, item) for item in items]
        return None if None in plain else tuple(item for item in plain if item is not None)

    def _alternatives(self, field: Field, items: Sequence[Value]) -> Alternatives | None:
        """Values of a sweep that differ, also once they are plain: `0.1` and 50 digits near it."""
        plain = self._each(field, items)
        if plain is None:
            return None
        met: set[Plain] = set()
        for item, value in zip(items, plain, strict=True):
            if value in met:
                repeated(self._report, item.span)
                return None
            met.add(value)
        return Alternatives(plain)

    def _wildcards(self, field: Field, owned: OwnedAttribute) -> tuple[Plain, ...] | None:
        """The names of a list with `strategy.*` in it, each once."""
        found: list[Plain] = []
        right = True
        for item in _items(owned.attribute.value):
            names: Read | None = None
            if not isinstance(item, Reference):
                self._wrong(field, item.span, "this is no name")
            elif item.wildcard:
                listed = wildcard(item, owned.module, self._report)
                if listed is not None and listed[0] == field.target:
                    names = tuple(declaration.name for declaration in listed[1])
                elif listed is not None:
                    self._wrong(field, item.span, f"these are of kind {listed[0]}")
            else:
                names = self._named(field, item, owned.module)
            right = right and names is not None
            found.extend(names if isinstance(names, tuple) else ())
        return tuple(dict.fromkeys(found)) if right else None

    def _named(self, field: Field, reference: Reference, module: LoadedModule) -> Read | None:
        name = reference.parts[0].text
        if len(reference.parts) == 1 and name in module.constants:
            value = self._evaluator.value(reference, module)
            if value is None:
                return None
            if isinstance(value.content, Swept) and field.sweepable:
                return self._alternatives(field, value.content.items)
            plain = self._plain(field, value)
        else:
            found = resolve(reference, module, self._report, kind=field.target)
            if found is None:
                return None
            if isinstance(found, Declaration):
                plain = self._plain(field, Value(found, reference.span))
            else:
                value = self._evaluator.value(reference, module)
                plain = None if value is None else self._plain(field, value)
        if plain is None:
            return None
        return (plain,) if field.many else plain

    def _plain(self, field: Field, value: Value) -> Plain | None:
        """One value as its field has it; None after reporting."""
        plain = self._typed(field, value)
        if plain is None:
            if field.sweepable and isinstance(value.content, Listed):
                self._should_sweep(field, value.span)
            else:
                self._wrong(field, value.span, f"this is {describe(value.content)}")
            return None
        return plain if self._in_range(field, plain, value.span) else None

    def _should_sweep(self, field: Field, span: Span) -> None:
        here = span.text.startswith("[")  # else a constant's name stands here
        written = f"sweep({span.text[1:-1].strip()})" if here else "sweep(…)"
        self._report.add(
            "E0302",
            "wrong type",
            span,
            "this is a list",
            help=f"`{field.name}` takes one value; to compare several: `{written}`",
            fix=Fix(span, written) if here else None,
        )

    def _typed(self, field: Field, value: Value) -> Plain | None:
        content = value.content
        match field.type, content:
            case FieldType.COUNT, Quantity():
                return _count(content)
            case FieldType.NUMBER, Quantity(unit=""):
                return float(content.value)
            case FieldType.RATIO, Quantity() if content.dimension.name == "ratio":
                return float(content.base)
            case FieldType.AMOUNT, Quantity():
                if content.unit == "" and content.value != int(content.value):
                    return float(content.value)
                return float(content.base) if content.unit == "%" else _count(content)
            case FieldType.TEXT | FieldType.PATH, Word(text=text, quoted=True):
                return text
            case FieldType.WORD, Word(text=text):
                return text
            case FieldType.WORD, Quantity(unit=""):
                return number_text(content.value).replace("_", "")
            case FieldType.WORD, bool():
                return "true" if content else "false"
            case FieldType.BOOLEAN, bool():
                return content
            case FieldType.QUANTITY, Quantity() if content.dimension.name == field.dimension:
                return content
            case FieldType.REFERENCE, Declaration() if content.kind == field.target:
                return content.name
        return None

    def _wrong(self, field: Field, span: Span, label: str) -> None:
        wanted = _WANTED[field.type]
        if field.type is FieldType.QUANTITY:
            self._report.add(
                "E0301",
                f"{field.dimension} is wanted here",
                span,
                label,
                notes=(f"`{field.name}`: {field.doc}",),
            )
            return
        if field.type is FieldType.REFERENCE:
            wanted = f"the name of a {field.target}"
        self._report.add(
            "E0302",
            "wrong type",
            span,
            label,
            help=f"`{field.name}` takes {'a list of these: ' if field.many else ''}{wanted}",
        )

    def _in_range(self, field: Field, plain: Plain, span: Span) -> bool:
        if field.choices and plain not in field.choices:
            self._report.add(
                "E0304",
                "out of range",
                span,
                f"`{field.name}` has no such value",
                **correction(
                    span,
                    field.choices,
                    f"it takes {', '.join(field.choices)}",
                    word=str(plain),
                ),
            )
            return False
        if isinstance(plain, str | bool):
            return True
        number = float(plain.base) if isinstance(plain, Quantity) else plain
        low, high = field.minimum, field.maximum
        if (low is not None and number < low) or (high is not None and number > high):
            self._report.add(
                "E0304",
                "out of range",
                span,
                f"`{field.name}` is {' and '.join(field.bounds)}",
            )
            return False
        return True


def _items(expression: Expression) -> tuple[Expression, ...]:
    return expression.items if isinstance(expression, Bracket) else (expression,)


def _wild(expression: Expression) -> bool:
    return any(isinstance(item, Reference) and item.wildcard for item in _items(expression))


def _count(quantity: Quantity) -> int | None:
    countable = quantity.unit == "" or quantity.dimension in _COUNTABLE
    if not countable or quantity.base != int(quantity.base):
        return None
    return int(quantity.base)
