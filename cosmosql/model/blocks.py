"""A declaration, flat and read against its kind and the extension behind its `using`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from cosmosql.diagnostics.diagnostic import Fix, InputError
from cosmosql.diagnostics.suggest import correction
from cosmosql.model.attributes import Alternatives, AttributeReader, Read
from cosmosql.model.evaluate import Evaluator
from cosmosql.model.extend import Flat
from cosmosql.model.names import Declaration
from cosmosql.schema import registry
from cosmosql.schema.fields import Extension, Field
from cosmosql.schema.kinds import KINDS
from cosmosql.source import Span
from cosmosql.syntax.tree import Text
from cosmosql.units import Quantity

Values = Mapping[str, Read]


class Block:
    """A flat declaration with its attributes and sections read."""

    def __init__(
        self,
        flat: Flat,
        extension: Extension | None,
        values: Values,
        sections: Mapping[str, Values],
    ) -> None:
        self.flat = flat
        self.extension = extension
        self.values = values
        self.sections = sections

    @property
    def name(self) -> str:
        return self.flat.declaration.name

    @property
    def span(self) -> Span:
        return self.flat.declaration.block.name.span

    @property
    def doc(self) -> str | None:
        return self.flat.doc

    @property
    def template(self) -> bool:
        """True where it may lack what its kind requires."""
        return self.flat.declaration.block.template

    @property
    def using(self) -> str:
        """What implements it; empty where nothing says it."""
        return self.flat.using.text if self.flat.using else ""

    def text(self, name: str) -> str:
        return str(self.values[name])

    def optional(self, name: str) -> str | None:
        value = self.values.get(name)
        return None if value is None else str(value)

    def quantity(self, name: str) -> Quantity | None:
        return cast("Quantity | None", self.values.get(name))

    def numbers(self, name: str) -> tuple[int, ...]:
        return cast("tuple[int, ...]", self.values[name])

    def names(self, name: str) -> tuple[str, ...]:
        """The references of an attribute: one, those of a sweep or of a list, or none."""
        value = self.values.get(name)
        match value:
            case None:
                return ()
            case Alternatives(values=values):
                return tuple(str(item) for item in values)
            case tuple():
                return tuple(str(item) for item in value)
            case _:
                return (str(value),)

    @property
    def places(self) -> dict[str, Span]:
        """Where each attribute and section is written, in whichever file, by name."""
        sections = {name: section.name.span for name, section in self.flat.sections.items()}
        attributes = {name: owned.attribute.span for name, owned in self.flat.attributes.items()}
        return {**sections, **attributes}

    def written(self, name: str) -> Span:
        """Where an attribute is written, or the declaration's name where it is not."""
        owned = self.flat.attributes.get(name)
        return owned.attribute.span if owned else self.span


class BlockReader:
    """Reads declarations of every kind; what is wrong is reported."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.report = evaluator.report
        self._attributes = AttributeReader(evaluator)

    def read(self, declaration: Declaration) -> Block | None:
        """The declaration flat and read against its kind; None after reporting mistakes."""
        kind = KINDS[declaration.kind]
        flat = self.evaluator.flattener.flat(declaration)
        extension, known = self._implementation(flat)
        self._words(flat)
        right = known
        options = extension.options if extension else ()
        if flat.using is None and flat.partial and kind.plugged:
            options, known = shared_options(kind.name), not flat.broken
        owner = f"{kind.name} using {flat.using.text}" if known and flat.using else kind.name
        own = {field.name for field in kind.fields}
        values = self._attributes.read(
            # Whose options they are is not known where `using` is wrong or out of reach.
            {name: owned for name, owned in flat.attributes.items() if known or name in own},
            (*kind.fields, *options),
            place=declaration.block.name.span,
            owner=owner,
            flat=flat,
        )
        sections: dict[str, Values] = {}
        for section in kind.sections:
            owned = flat.sections.get(section.name)
            if owned is not None:
                found = self._attributes.read(
                    owned.attributes,
                    section.fields,
                    place=owned.name.span,
                    owner=section.name,
                    flat=flat,
                )
                right = right and found is not None
                sections[section.name] = found or {}
        if values is None or not right or flat.broken:
            return None
        return Block(flat, extension, values, sections)

    def _words(self, flat: Flat) -> None:
        """E0203 for each section and clause that the kind has not."""
        kind = KINDS[flat.declaration.kind]
        known = [section.name for section in kind.sections]
        strangers = [
            (name, section.name.span)
            for name, section in flat.sections.items()
            if name not in known
        ]
        strangers += [
            (word, owned.clause.span)
            for word, clauses in flat.clauses.items()
            if word not in kind.clauses
            for owned in clauses
        ]
        for name, span in strangers:
            if self.report.told("E0203", span):
                continue
            self.report.add(
                "E0203",
                "unknown attribute",
                span,
                f"a {kind.name} has no `{name}`",
                **correction(span, self.report.comparable((*known, *kind.clauses)), word=name),
            )

    def _implementation(self, flat: Flat) -> tuple[Extension | None, bool]:
        """What `using` names, and whether that is right for the kind."""
        kind = KINDS[flat.declaration.kind]
        words = registry.implementations(kind)
        if flat.using is None:
            if flat.partial:
                return None, True
            if words:
                self.report.add(
                    "E0212",
                    "missing or misplaced `using`",
                    flat.declaration.block.name.span,
                    f"a {kind.name} says what implements it",
                    help=f"write `using {words[0]}`; there are {', '.join(words)}",
                    fix=_missing_using(flat, words),
                )
            return None, not words
        if not words:
            self.report.add(
                "E0212",
                "missing or misplaced `using`",
                flat.using.span,
                f"a {kind.name} has no implementations",
                help="leave `using` out",
                fix=_needless_using(flat),
            )
            return None, False
        if kind.plugged and (flat.using.text in registry.names(kind.name) or not kind.words):
            try:
                return registry.extension(kind.name, flat.using.text, span=flat.using.span), True
            except InputError as error:
                self.report.extend(error.diagnostics)
                return None, False
        if flat.using.text in kind.words:
            return None, True
        self.report.add(
            "E0501",
            "unknown extension",
            flat.using.span,
            f"no {kind.name} is implemented so",
            **correction(flat.using.span, words, f"there are {', '.join(words)}"),
        )
        return None, False


def _missing_using(flat: Flat, words: tuple[str, ...]) -> Fix | None:
    """The one implementation that a block can mean: the only one, or the one that its file's name
    ends in."""
    block = flat.declaration.block
    values = (owned.attribute.value for owned in flat.attributes.values())
    texts = [value.value for value in values if isinstance(value, Text)]
    meant = [
        word
        for word in words
        if len(words) == 1 or any(text.endswith(f".{word}") for text in texts)
    ]
    if len(meant) != 1:
        return None
    end = (block.extends or block.name).span.end
    return Fix(Span(block.name.span.source, end, end), f" using {meant[0]}")


def _needless_using(flat: Flat) -> Fix | None:
    block = flat.declaration.block
    if block.using is None:
        return None
    before = (block.extends or block.name).span
    return Fix(Span(before.source, before.end, block.using.span.end), "")


def shared_options(kind: str) -> tuple[Field, ...]:
    """The options that mean the same in every implementation that has them: what a template may
    say without `using`."""
    found: dict[str, Field] = {}
    differing: set[str] = set()
    for name in registry.names(kind):
        for field in registry.extension(kind, name).options:
            first = found.setdefault(field.name, field)
            if _accepted(first) != _accepted(field):
                differing.add(field.name)
    return tuple(field for name, field in found.items() if name not in differing)


def _accepted(field: Field) -> tuple[object, ...]:
    """What may be written for a field."""
    return (
        field.type,
        field.many,
        field.sweepable,
        field.minimum,
        field.maximum,
        field.choices,
        field.dimension,
        field.target,
    )
