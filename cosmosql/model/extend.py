"""`extends`: a declaration with everything it inherits, each item with the module that wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cosmosql.diagnostics.diagnostic import Label
from cosmosql.model.modules import LoadedModule
from cosmosql.model.names import Declaration, Key, resolve_any
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
    broken: bool
    """True where an `extends` on the way could not be followed: what it lacks is not known."""

    @property
    def partial(self) -> bool:
        """True where what is left out is no mistake."""
        return self.broken or self.declaration.block.template


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


MOST_INHERITED = 100
"""Attributes and sections: no kind has as many, and each heir of a chain holds its own table."""


class Flattener:
    """Flattens declarations, each once. A mistake is reported where it is written."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._done: dict[Key, Flat] = {}

    def flat(self, declaration: Declaration) -> Flat:
        """The declaration with what it inherits; a broken `extends` inherits nothing."""
        waiting = self._chain(declaration)
        inherited: Flat | None = None
        while waiting:
            last = waiting.pop()
            if last.key not in self._done:
                if inherited is not None and self._is_crowded(inherited, last):
                    inherited = None
                own = self._own(last, broken=last.block.extends is not None and inherited is None)
                self._done[last.key] = _merged(inherited, own) if inherited else own
            inherited = self._done[last.key]
        assert inherited is not None
        return inherited

    def _chain(self, declaration: Declaration) -> list[Declaration]:
        """The declaration, what it extends, and so on to one that is flat already or extends
        nothing."""
        chain = [declaration]
        met = {declaration.key}
        while chain[-1].key not in self._done:
            found = self._extended(chain[-1])
            if found is None:
                break
            if found.key in met:
                reference = chain[-1].block.extends
                assert reference is not None
                self._report.add(
                    "E0210",
                    "definition in a circle",
                    reference.span,
                    "this leads back to the declaration itself",
                    others=_steps(chain[[item.key for item in chain].index(found.key) : -1]),
                    help="extend a declaration that stands on its own",
                )
                break
            met.add(found.key)
            chain.append(found)
        return chain

    def _is_crowded(self, inherited: Flat, heir: Declaration) -> bool:
        """True after reporting a declaration that would inherit more than any kind has."""
        if len(inherited.attributes) + len(inherited.sections) <= MOST_INHERITED:
            return False
        reference = heir.block.extends
        assert reference is not None
        self._report.add(
            "E0304",
            "out of range",
            reference.span,
            f"this says more than {MOST_INHERITED} things, and nothing is inherited from it",
            help="remove the attributes that its kind does not have",
        )
        return True

    def _extended(self, declaration: Declaration) -> Declaration | None:
        """What `extends` names; None where there is none, or after reporting."""
        reference = declaration.block.extends
        if reference is None:
            return None
        found = resolve_any(reference, declaration.module, self._report, kind=declaration.kind)
        if found is None:
            return None
        if isinstance(found, Declaration) and found.kind == declaration.kind:
            return found
        self._report.add(
            "E0302",
            "wrong type",
            reference.span,
            f"this is no {declaration.kind}",
            help=f"`extends` takes another {declaration.kind}",
        )
        return None

    def _own(self, declaration: Declaration, *, broken: bool) -> Flat:
        module, block = declaration.module, declaration.block
        attributes: dict[str, OwnedAttribute] = {}
        sections: dict[str, OwnedSection] = {}
        clauses: dict[str, list[OwnedClause]] = {}
        for item in block.items:
            match item:
                case Attribute():
                    self._enter(attributes, item, module)
                case Section():
                    self._section(sections, item, module)
                case _:
                    clauses.setdefault(verb(item), []).append(OwnedClause(item, module))
        written = {word: tuple(items) for word, items in clauses.items()}
        return Flat(declaration, block.using, attributes, sections, written, block.doc, broken)

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
            self._twice(section.name, sections[section.name.text].name)
        else:
            sections[section.name.text] = OwnedSection(section.name, attributes)

    def _enter(
        self, table: dict[str, OwnedAttribute], item: Attribute, module: LoadedModule
    ) -> None:
        if item.name.text in table:
            self._twice(item.name, table[item.name.text].attribute.name)
        else:
            table[item.name.text] = OwnedAttribute(item, module)

    def _twice(self, name: Name, first: Name) -> None:
        self._report.add(
            "E0207",
            "declared twice",
            name.span,
            "this is said already in the same block",
            others=[Label(first.span, "here")],
            help="keep one of the two",
        )


def _steps(chain: list[Declaration]) -> list[Label]:
    """Each `extends` of a circle but the last."""
    references = [item.block.extends for item in chain]
    return [Label(item.span, "by way of this") for item in references if item is not None]


def _merged(inherited: Flat, own: Flat) -> Flat:
    return Flat(
        own.declaration,
        own.using or inherited.using,
        {**inherited.attributes, **own.attributes},
        {**inherited.sections, **own.sections},
        {**inherited.clauses, **own.clauses},
        own.doc or inherited.doc,
        inherited.broken,
    )
