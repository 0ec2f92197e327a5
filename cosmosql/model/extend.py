"""`extends`: a declaration with everything it inherits, each item with the module that wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from cosmosql.model.modules import LoadedModule
from cosmosql.model.names import Declaration, resolve_any
from cosmosql.model.report import Report
from cosmosql.syntax.tree import (
    AmongClause,
    Attribute,
    Clause,
    DecideClause,
    EscalateClause,
    ForClause,
    MeasureClause,
    Name,
    ObjectiveClause,
    RequireClause,
    Section,
)


@dataclass(frozen=True, slots=True)
class OwnedAttribute:
    attribute: Attribute
    module: LoadedModule


@dataclass(frozen=True, slots=True)
class OwnedSection:
    name: Name
    attributes: Mapping[str, OwnedAttribute]


@dataclass(frozen=True, slots=True)
class OwnedClause:
    clause: Clause
    module: LoadedModule


@dataclass(frozen=True, slots=True)
class Flat:
    """A declaration after `extends`: whole fields, whole sections, all clauses of one verb."""

    declaration: Declaration
    using: Name | None
    attributes: Mapping[str, OwnedAttribute]
    sections: Mapping[str, OwnedSection]
    clauses: Mapping[str, tuple[OwnedClause, ...]]
    """By verb: `for`, `among`, `measure`, `objective`, `require`, `decide`, `escalate`."""
    doc: str | None


Chain: TypeAlias = tuple[Declaration, ...]


def verb(clause: Clause) -> str:
    """The word by which the schema and messages know a clause."""
    match clause:
        case ForClause():
            return "for"
        case AmongClause():
            return "among"
        case MeasureClause():
            return "measure"
        case ObjectiveClause():
            return "objective"
        case RequireClause():
            return "require"
        case DecideClause():
            return "decide"
        case EscalateClause():
            return "escalate"


class Flattener:
    """Flattens declarations, each once. A mistake is reported where it is written."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._done: dict[tuple[int, str, str], Flat] = {}

    def flat(self, declaration: Declaration, below: Chain = ()) -> Flat:
        """The declaration with what it inherits; a broken `extends` inherits nothing."""
        key = (id(declaration.module), declaration.kind, declaration.block.name.text)
        if key not in self._done:
            own = self._own(declaration)
            inherited = self._inherited(declaration, (*below, declaration))
            self._done[key] = _merged(inherited, own) if inherited else own
        return self._done[key]

    def _inherited(self, declaration: Declaration, chain: Chain) -> Flat | None:
        reference = declaration.block.extends
        if reference is None:
            return None
        found = resolve_any(reference, declaration.module, self._report, kind=declaration.kind)
        if found is None:
            return None
        if not isinstance(found, Declaration) or found.kind != declaration.kind:
            self._report.add(
                "E0302",
                "wrong type",
                reference.span,
                f"this is no {declaration.kind}",
                help=f"`extends` takes another {declaration.kind}",
            )
            return None
        if any(found.block is other.block for other in chain):
            self._report.add(
                "E0210",
                "definition in a circle",
                reference.span,
                "this leads back to the declaration itself",
                help="extend a declaration that stands on its own",
            )
            return None
        return self.flat(found, chain)

    def _own(self, declaration: Declaration) -> Flat:
        module, block = declaration.module, declaration.block
        attributes: dict[str, OwnedAttribute] = {}
        sections: dict[str, OwnedSection] = {}
        clauses: dict[str, tuple[OwnedClause, ...]] = {}
        for item in block.items:
            match item:
                case Attribute():
                    self._enter(attributes, item, module)
                case Section():
                    self._section(sections, item, module)
                case _:
                    word = verb(item)
                    clauses[word] = (*clauses.get(word, ()), OwnedClause(item, module))
        return Flat(declaration, block.using, attributes, sections, clauses, block.doc)

    def _section(
        self, sections: dict[str, OwnedSection], section: Section, module: LoadedModule
    ) -> None:
        attributes: dict[str, OwnedAttribute] = {}
        for item in section.items:
            if isinstance(item, Attribute):
                self._enter(attributes, item, module)
            else:
                name = item.name.text if isinstance(item, Section) else verb(item)
                self._report.add(
                    "E0203", "unknown attribute", item.span, f"`{name}` cannot stand in a section"
                )
        if section.name.text in sections:
            self._twice(section.name)
        else:
            sections[section.name.text] = OwnedSection(section.name, attributes)

    def _enter(
        self, table: dict[str, OwnedAttribute], item: Attribute, module: LoadedModule
    ) -> None:
        if item.name.text in table:
            self._twice(item.name)
        else:
            table[item.name.text] = OwnedAttribute(item, module)

    def _twice(self, name: Name) -> None:
        self._report.add(
            "E0207",
            "declared twice",
            name.span,
            "this is said already in the same block",
            help="keep one of the two",
        )


def _merged(inherited: Flat, own: Flat) -> Flat:
    return Flat(
        own.declaration,
        own.using or inherited.using,
        {**inherited.attributes, **own.attributes},
        {**inherited.sections, **own.sections},
        {**inherited.clauses, **own.clauses},
        own.doc or inherited.doc,
    )
