"""What a dotted name stands for: a declaration, a constant, or an attribute of a declaration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from cosmosql.diagnostics.diagnostic import Fix, Label
from cosmosql.diagnostics.suggest import closest
from cosmosql.model.modules import LoadedModule
from cosmosql.model.report import Report
from cosmosql.schema.kinds import KINDS
from cosmosql.syntax.tree import Block, Constant, Name, Parameter, Reference

Key: TypeAlias = tuple[int, str, str]
"""Tells declarations apart: the module's identity, the kind and the name."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """A block and the module that holds it."""

    module: LoadedModule
    block: Block

    @property
    def kind(self) -> str:
        return self.block.kind.text

    @property
    def name(self) -> str:
        """Its reference within the program: `base.strategy.rag`."""
        return self.module.qualified(f"{self.kind}.{self.block.name.text}")

    @property
    def key(self) -> Key:
        return id(self.module), self.kind, self.block.name.text


@dataclass(frozen=True, slots=True)
class Named:
    """A `let` or `param` and the module that holds it."""

    module: LoadedModule
    node: Constant | Parameter


@dataclass(frozen=True, slots=True)
class Member:
    """`hw.h100.price`: an attribute (or a measure) of a declaration."""

    declaration: Declaration
    attribute: Name


Found: TypeAlias = Declaration | Named | Member


def resolve(
    reference: Reference, module: LoadedModule, report: Report, *, kind: str | None = None
) -> Found | None:
    """What the name means in a module; None after reporting E0201, E0211 or E0213, or where an
    import failed that it goes through.

    `models.qwen` is short for `models.model.qwen` where one declaration has that name; of several
    the one of `kind` is meant.
    """
    found = resolve_any(reference, module, report, kind=kind)
    named = found.declaration if isinstance(found, Member) else found
    if isinstance(named, Declaration) and named.block.template:
        report.add(
            "E0213",
            "a template stands for nothing itself",
            reference.span,
            "this is a template",
            others=(Label(named.block.name.span, "it is declared here"),),
            help=f"declare your own: `{named.kind} NAME extends {named.name} {{ … }}`",
        )
        return None
    return found


def resolve_any(
    reference: Reference, module: LoadedModule, report: Report, *, kind: str | None = None
) -> Found | None:
    """The same, for `extends`: templates count. E0302 where `.*` follows the name."""
    if reference.wildcard:
        report.add("E0302", "wrong type", reference.span, "`.*` stands in a list of names only")
        return None
    place, parts = _through_aliases(reference.parts, module)
    names = [part.text for part in parts]
    if len(parts) > 1 and names[0] in place.broken:
        return None
    if names[0] in KINDS and len(parts) in (2, 3):
        block = place.blocks.get((names[0], names[1]))
        if block is not None:
            return _with_attribute(Declaration(place, block), parts[2:])
        known = place.names.get(names[0], ())
        label = f"there is no {names[0]} of this name"
        _unknown(reference, parts[1], known, report, label)
        return None
    if len(parts) == 1 and names[0] in place.constants:
        return Named(place, place.constants[names[0]])
    if len(parts) <= 2 and names[0] not in KINDS:
        return _short(reference, place, parts, report, kind=kind)
    _unknown(reference, parts[0], _everything(place), report, "nothing has this name")
    return None


def wildcard(
    reference: Reference, module: LoadedModule, report: Report
) -> tuple[str, tuple[Declaration, ...]] | None:
    """The kind and the declarations that `strategy.*` or `base.strategy.*` stands for: all but
    templates."""
    place, parts = _through_aliases(reference.parts, module)
    if parts[0].text in place.broken:
        return None
    if len(parts) != 1 or parts[0].text not in KINDS:
        _unknown(reference, parts[0], KINDS, report, "`.*` follows a kind: `strategy.*`")
        return None
    kind = parts[0].text
    declared = (place.blocks[kind, name] for name in place.names.get(kind, ()))
    return kind, tuple(Declaration(place, block) for block in declared if not block.template)


def _through_aliases(
    parts: Sequence[Name], module: LoadedModule
) -> tuple[LoadedModule, Sequence[Name]]:
    while len(parts) > 1 and parts[0].text in module.imports:
        module, parts = module.imports[parts[0].text], parts[1:]
    return module, parts


def _with_attribute(declaration: Declaration, rest: Sequence[Name]) -> Found:
    return Member(declaration, rest[0]) if rest else declaration


def _short(
    reference: Reference,
    place: LoadedModule,
    parts: Sequence[Name],
    report: Report,
    *,
    kind: str | None,
) -> Found | None:
    name = parts[0].text
    same = [Declaration(place, place.blocks[owner, name]) for owner in place.owners.get(name, ())]
    meant = [item for item in same if item.kind == kind] or same
    if len(meant) == 1:
        return _with_attribute(meant[0], parts[1:])
    if meant:
        choices = " or ".join(f"`{item.name}`" for item in meant)
        report.add(
            "E0211",
            "ambiguous name",
            reference.span,
            "several have it",
            others=[Label(item.block.name.span, f"`{item.name}`") for item in meant],
            help=f"write {choices}",
        )
        return None
    if len(parts) == 1 and name in place.imports:
        report.add(
            "E0302",
            "wrong type",
            reference.span,
            "this is a module",
            help=f"name something that it declares: `{reference.text}.…`",
        )
        return None
    _unknown(reference, parts[0], _everything(place), report, "nothing has this name")
    return None


def _everything(place: LoadedModule) -> Iterator[str]:
    for kind, name in place.blocks:
        yield name
        yield f"{kind}.{name}"
    yield from place.constants
    yield from place.imports


def _unknown(
    reference: Reference, part: Name, known: Iterable[str], report: Report, label: str
) -> None:
    words = report.comparable(known)
    nearest = closest(part.text, words)
    corrected = None
    if nearest is not None:
        corrected = ".".join(nearest if item is part else item.text for item in reference.parts)
    report.add(
        "E0201",
        "unknown name",
        part.span,
        label,
        help=f"did you mean `{corrected}`?" if corrected else _listed(words),
        fix=None if nearest is None else Fix(part.span, nearest),
    )


def _listed(words: Sequence[str]) -> str | None:
    shown = ", ".join(sorted(words)[:10])
    return f"known here: {shown}" if shown else None
