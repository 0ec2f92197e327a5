"""The whole language as data, for programs that write, check or explain specs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from cosmosql.identity import Json, jsonable
from cosmosql.schema.fields import Field
from cosmosql.schema.functions import FUNCTIONS
from cosmosql.schema.kinds import DEFAULT_SHARES, KINDS, METERS, Kind, SectionKind
from cosmosql.schema.measures import MEASURES, quantities
from cosmosql.schema.registry import extension, names
from cosmosql.schema.types import TYPES
from cosmosql.syntax.build import LANGUAGE
from cosmosql.syntax.productions import grammar, written
from cosmosql.unit_table import CURRENCIES, SPELLINGS
from cosmosql.units import Quantity

FORMAT = 1


def language() -> dict[str, Json]:
    """Grammar, kinds with their attributes, measures, types and units.

    It lists the extensions that are installed, and is the same at every call in one environment.
    Keys are added, never renamed.
    """
    rules, patterns = grammar().rules, grammar().patterns
    return {
        "format": FORMAT,
        "language": LANGUAGE,
        "grammar": {
            "rules": {name: written(part) for name, part in rules.items()},
            "patterns": dict(patterns),
        },
        "types": {str(name): {"doc": doc, "example": e} for name, (doc, e) in TYPES.items()},
        "kinds": {kind.name: _kind(kind) for kind in KINDS.values()},
        "measures": _measures(),
        "functions": dict(FUNCTIONS),
        "meters": dict(METERS),
        "roles": dict(DEFAULT_SHARES),
        "units": _units(),
        "currencies": list[Json](sorted(CURRENCIES)),
    }


def _kind(kind: Kind) -> Json:
    rules = grammar().rules
    implementations: dict[str, Json] = {word: {"attributes": {}} for word in kind.words}
    for name in names(kind.name) if kind.plugged else ():
        described = extension(kind.name, name)
        implementations[name] = {
            "doc": described.doc,
            "extra": described.extra,
            "attributes": _attributes(described.options),
        }
    return {
        "doc": kind.doc,
        "attributes": _attributes(kind.fields),
        "sections": {section.name: _section(section) for section in kind.sections},
        "clauses": {clause: written(rules[clause]) for clause in kind.clauses},
        "using": implementations,
    }


def _section(section: SectionKind) -> Json:
    return {"doc": section.doc, "attributes": _attributes(section.fields)}


def _attributes(of: Sequence[Field]) -> dict[str, Json]:
    return {field.name: _attribute(field) for field in of}


_ALWAYS = ("type", "doc", "required", "default")


def _attribute(field: Field) -> Json:
    """Type, meaning, need and default; of the rest what differs from the ordinary."""
    told: dict[str, Json] = {}
    for part in fields(Field):
        value = getattr(field, part.name)
        if part.name in _ALWAYS or (part.name != "name" and value != part.default):
            told[part.name] = jsonable(value)
    return told


def _measures() -> Json:
    return {
        name: {"dimension": dimension, "metric": name not in MEASURES, "doc": doc}
        for name, dimension, doc in quantities()
    }


def _units() -> Json:
    """Spelling to dimension, and to the size in the dimension's base unit as an exact fraction."""
    return {
        spelling: {
            "dimension": Quantity.of(1, spelling).dimension.name,
            "size": str(atom.factor),
            "written": atom.symbol,
        }
        for spelling, atom in SPELLINGS.items()
        if spelling not in CURRENCIES
    }
