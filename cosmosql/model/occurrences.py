"""The index of names: every word of a file that stands for something, and what that is.

Editors ask it what is under the cursor and where else it stands. It reads what the binder reads,
and is silent about mistakes: what does not resolve has no entry.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from cosmosql.diagnostics.diagnostic import InputError
from cosmosql.model.evaluate import Evaluator
from cosmosql.model.extend import Flattener
from cosmosql.model.modules import LoadedModule
from cosmosql.model.names import Declaration, Member, Named, resolve_any
from cosmosql.model.report import Report
from cosmosql.schema import registry
from cosmosql.schema.fields import Extension, Field, FieldType
from cosmosql.schema.kinds import KINDS, Kind, SectionKind
from cosmosql.schema.measures import quantities
from cosmosql.source import Span
from cosmosql.syntax.tree import (
    AmongClause,
    Attribute,
    Binary,
    Block,
    Call,
    Constant,
    DecideClause,
    EscalateClause,
    Expression,
    ForClause,
    Import,
    Item,
    MeasureClause,
    Name,
    Negative,
    Number,
    ObjectiveClause,
    Parameter,
    Reference,
    RequireClause,
    Section,
    Sequence,
)


@dataclass(frozen=True, slots=True)
class Alias:
    """The name of an import, and the module behind it (None where it could not be loaded)."""

    owner: LoadedModule
    node: Import
    target: LoadedModule | None


@dataclass(frozen=True, slots=True)
class File:
    """What an import names: a path, or a module of `std`."""

    module: LoadedModule


@dataclass(frozen=True, slots=True)
class KindName:
    kind: Kind


@dataclass(frozen=True, slots=True)
class Implementation:
    """The word after `using`. `extension` is None for words that the schema itself has."""

    kind: Kind
    word: str
    extension: Extension | None


@dataclass(frozen=True, slots=True)
class FieldName:
    """The name of an attribute; `owner` is what has it: `strategy using icl`, `roles`."""

    field: Field
    owner: str


@dataclass(frozen=True, slots=True)
class SectionName:
    section: SectionKind


@dataclass(frozen=True, slots=True)
class Attributed:
    """`price` of `hw.h100.price`: where the declaration says it, and its field in the schema."""

    declaration: Declaration
    attribute: Attribute
    module: LoadedModule
    field: Field | None


@dataclass(frozen=True, slots=True)
class MeasureName:
    """A metric or another measure of a candidate."""

    name: str
    dimension: str
    doc: str


@dataclass(frozen=True, slots=True)
class FieldWord:
    """A bare word as the value of an attribute: a column, a label, one of the choices."""

    field: Field
    text: str


@dataclass(frozen=True, slots=True)
class Amount:
    """A number, and the whole sum or product in which it stands."""

    number: Number
    whole: Expression


Meaning: TypeAlias = (
    Declaration
    | Named
    | Alias
    | File
    | KindName
    | Implementation
    | FieldName
    | SectionName
    | Attributed
    | MeasureName
    | FieldWord
    | Amount
)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A word and what it means. `defines`: this is where it gets its meaning."""

    span: Span
    meaning: Meaning
    defines: bool = False


class Index:
    """The occurrences of modules that were loaded together. Files are indexed when asked for."""

    def __init__(self) -> None:
        report = Report()
        self.flattener = Flattener(report)
        self.evaluator = Evaluator(report, self.flattener, {})
        """Quiet: what it reports is read by nobody."""
        self._found: dict[int, tuple[Occurrence, ...]] = {}

    def of(self, module: LoadedModule) -> tuple[Occurrence, ...]:
        """Every occurrence in a file, in the order of its text."""
        key = id(module)
        if key not in self._found:
            found = _Walker(module, self.flattener).walk()
            self._found[key] = tuple(sorted(found, key=lambda item: item.span.start))
        return self._found[key]

    def at(self, module: LoadedModule, offset: int) -> Occurrence | None:
        """The occurrence under a cursor: the one that starts there before the one that ends."""
        ended = None
        for item in self.of(module):
            if item.span.start <= offset < item.span.end:
                return item
            if item.span.end == offset:
                ended = item
        return ended


def definition(meaning: Meaning) -> tuple[LoadedModule, Span] | None:
    """The file and the word where something is declared; None for words of the language."""
    match meaning:
        case Declaration(module=module, block=block):
            return module, block.name.span
        case Named(module=module, node=node):
            return module, node.name.span
        case Alias(owner=owner, node=node):
            return owner, node.alias.span
        case File(module=module):
            return module, Span(module.tree.source, 0, 0)
        case Attributed(module=module, attribute=attribute):
            return module, attribute.name.span
        case _:
            return None


def fields_of(kind: Kind, using: str | None) -> tuple[Field, ...]:
    """The attributes of a kind and of what implements it; of an unknown one the kind's alone."""
    found = extension_of(kind, using)
    return (*kind.fields, *(found.options if found else ()))


def extension_of(kind: Kind, using: str | None) -> Extension | None:
    """The extension that `using` names, None where there is none."""
    if not kind.plugged or using is None:
        return None
    try:
        return registry.extension(kind.name, using)
    except InputError:
        return None


def measures() -> Mapping[str, MeasureName]:
    """Every metric and measure by its name, metrics first."""
    return {told[0]: MeasureName(*told) for told in quantities()}


class _Walker:
    """Walks the tree of one module."""

    def __init__(self, module: LoadedModule, flattener: Flattener) -> None:
        self._module = module
        self._flattener = flattener
        self._quiet = Report()
        self._measures = measures()

    def walk(self) -> Iterator[Occurrence]:
        for node in self._module.tree.declarations:
            match node:
                case Import():
                    yield from self._import(node)
                case Parameter() | Constant():
                    own = self._module.constants.get(node.name.text)
                    if own is node:
                        yield Occurrence(node.name.span, Named(self._module, node), defines=True)
                    yield from self._expression(node.value, None)
                case Block():
                    yield from self._block(node)

    def _import(self, node: Import) -> Iterator[Occurrence]:
        target = self._module.imports.get(node.alias.text)
        named = node.path or node.module
        if target is not None and named is not None:
            yield Occurrence(named.span, File(target))
        alias = Alias(self._module, node, target)
        yield Occurrence(node.alias.span, alias, defines=True)

    def _block(self, block: Block) -> Iterator[Occurrence]:
        kind = KINDS.get(block.kind.text)
        if kind is None:
            return
        declaration = Declaration(self._module, block)
        yield Occurrence(block.kind.span, KindName(kind))
        yield Occurrence(block.name.span, declaration, defines=True)
        if block.extends is not None:
            yield from self._reference(block.extends, kind.name)
        using = self._flattener.flat(declaration).using
        word = using.text if using else None
        if block.using is not None and block.using.text in registry.implementations(kind):
            found = Implementation(kind, block.using.text, extension_of(kind, word))
            yield Occurrence(block.using.span, found)
        owner = f"{kind.name} using {word}" if word else kind.name
        fields = {field.name: field for field in fields_of(kind, word)}
        for item in block.items:
            yield from self._item(item, fields, owner, kind)

    def _item(
        self, item: Item, fields: Mapping[str, Field], owner: str, kind: Kind
    ) -> Iterator[Occurrence]:
        match item:
            case Attribute(name=name, value=value):
                field = fields.get(name.text)
                if field is not None:
                    yield Occurrence(name.span, FieldName(field, owner))
                yield from self._expression(value, field)
            case Section(name=name, items=items):
                section = next((one for one in kind.sections if one.name == name.text), None)
                if section is not None:
                    yield Occurrence(name.span, SectionName(section))
                inner = {field.name: field for field in section.fields} if section else {}
                for one in items:
                    yield from self._item(one, inner, name.text, kind)
            case ForClause(task=task):
                yield from self._reference(task, "task")
            case AmongClause(candidates=candidates):
                for reference in candidates:
                    yield from self._reference(reference, "strategy")
            case MeasureClause(probe=probe, budget=budget):
                if probe is not None:
                    yield from self._reference(probe, "probe")
                if isinstance(budget, Reference):
                    yield from self._reference(budget, "budget")
                elif budget is not None:
                    yield from self._expression(budget, None)
            case ObjectiveClause(expression=expression):
                yield from self._formula(expression)
            case RequireClause(condition=condition, confidence=confidence):
                yield from self._formula(condition)
                if confidence is not None:
                    yield from self._expression(confidence, None)
            case DecideClause(tolerance=tolerance, confidence=confidence):
                yield from self._expression(tolerance, None)
                if confidence is not None:
                    yield from self._expression(confidence, None)
            case EscalateClause(target=target, condition=condition):
                yield from self._reference(target, "strategy")
                signal = next(one for one in KINDS["policy"].fields if one.name == "signal")
                if isinstance(condition, Binary):
                    yield from self._expression(condition.left, signal)
                    yield from self._expression(condition.right, None)

    def _formula(self, expression: Expression) -> Iterator[Occurrence]:
        """An expression in which measures may stand."""
        if isinstance(expression, Binary) and expression.operator in ("<", "<=", ">", ">=", "=="):
            yield from self._expression(expression.left, None, measured=True)
            yield from self._expression(expression.right, None, measured=True)
        else:
            yield from self._expression(expression, None, measured=True)

    def _expression(
        self,
        expression: Expression,
        field: Field | None,
        whole: Expression | None = None,
        measured: bool = False,
    ) -> Iterator[Occurrence]:
        outer = whole or expression
        match expression:
            case Number():
                yield Occurrence(expression.span, Amount(expression, outer))
            case Reference():
                yield from self._name(expression, field, measured)
            case Sequence(items=items) | Call(arguments=items):
                for item in items:
                    yield from self._expression(item, field)
            case Negative(operand=operand):
                yield from self._expression(operand, field, outer, measured)
            case Binary(left=left, right=right):
                yield from self._expression(left, field, outer, measured)
                yield from self._expression(right, field, outer, measured)

    def _name(
        self, reference: Reference, field: Field | None, measured: bool
    ) -> Iterator[Occurrence]:
        """A name as a value: a constant, a measure, a declaration, or a mere word."""
        first = reference.parts[0]
        if len(reference.parts) > 1 or reference.wildcard:
            kind = field.target if field is not None else "strategy" if measured else None
            yield from self._reference(reference, kind)
            return
        if first.text in self._module.constants:
            node = self._module.constants[first.text]
            yield Occurrence(first.span, Named(self._module, node))
        elif measured:
            if first.text in self._measures:
                yield Occurrence(first.span, self._measures[first.text])
        elif field is not None and field.type is FieldType.REFERENCE:
            yield from self._reference(reference, field.target)
        elif field is not None and field.name == "metric" and first.text in self._measures:
            yield Occurrence(first.span, self._measures[first.text])
        elif field is not None and field.type is FieldType.WORD:
            yield Occurrence(first.span, FieldWord(field, first.text))

    def _reference(self, reference: Reference, kind: str | None) -> Iterator[Occurrence]:
        """Each part of a dotted name: aliases, the kind, the declaration, its attribute."""
        place, parts = self._module, list(reference.parts)
        while len(parts) > 1 and parts[0].text in place.imports:
            target = place.imports[parts[0].text]
            yield Occurrence(parts[0].span, Alias(place, place.aliases[parts[0].text], target))
            place, parts = target, parts[1:]
        if not parts:
            return
        named = len(parts) > 1 or reference.wildcard
        if named and parts[0].text in KINDS:
            yield Occurrence(parts[0].span, KindName(KINDS[parts[0].text]))
            parts = parts[1:]
        if reference.wildcard or not parts:
            return
        match resolve_any(reference, self._module, self._quiet, kind=kind):
            case Declaration() as found:
                yield Occurrence(parts[0].span, found)
            case Named() as found:
                yield Occurrence(parts[0].span, found)
            case Member() as found:
                yield Occurrence(parts[0].span, found.declaration)
                yield from self._member(found)
            case None:
                return

    def _member(self, member: Member) -> Iterator[Occurrence]:
        name: Name = member.attribute
        declaration = member.declaration
        flat = self._flattener.flat(declaration)
        owned = flat.attributes.get(name.text)
        if owned is not None:
            kind = KINDS[declaration.kind]
            fields = fields_of(kind, flat.using.text if flat.using else None)
            field = next((one for one in fields if one.name == name.text), None)
            yield Occurrence(
                name.span, Attributed(declaration, owned.attribute, owned.module, field)
            )
        elif declaration.kind == "strategy" and name.text in self._measures:
            yield Occurrence(name.span, self._measures[name.text])
