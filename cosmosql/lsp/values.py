"""Completions where a value stands: names, words of a field, measures, units after a number."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from cosmosql.lsp.markdown import prose
from cosmosql.lsp.proposals import Proposal, Sort
from cosmosql.lsp.scope import Scope
from cosmosql.model.modules import LoadedModule
from cosmosql.model.names import Declaration
from cosmosql.model.occurrences import measures
from cosmosql.schema import registry
from cosmosql.schema.fields import Field, FieldType
from cosmosql.schema.kinds import KINDS
from cosmosql.syntax.tree import Block
from cosmosql.unit_table import CURRENCIES
from cosmosql.units import Quantity

_NUMBER = re.compile(r"(?:^|[^\w.])\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?[ \t]*([A-Za-z%/-]*)\Z")
_CURRENCY = re.compile(r"\d[ \t]*([A-Z]{3})\b")

UNITS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "money": ("USD",),
        "time": ("ms", "s", "min", "hours", "days"),
        "GPU time": ("GPU-hours", "GPU-min", "GPU-s"),
        "GPUs": ("GPUs",),
        "tokens": ("tokens", "ktok", "Mtok"),
        "requests": ("requests",),
        "examples": ("examples", "rows"),
        "labels": ("labels",),
        "bytes": ("GiB", "GB", "MiB", "MB", "TB"),
        "ratio": ("%",),
        "ratio difference": ("pp",),
        "money per request": ("USD/request",),
        "money per token": ("USD/Mtok",),
        "money per GPU time": ("USD/GPU-hour",),
        "requests per time": ("requests/month", "requests/day", "requests/s"),
        "bytes per time": ("GB/s",),
        "operations per time": ("TFLOP/s", "GFLOP/s"),
    }
)
"""Units of each dimension, the usual one first; money in the currency of the file."""

COLUMN_FIELDS = ("target", "choices", "group", "id", "column")
"""Attributes that name a column."""


def values(scope: Scope, field: Field | None) -> Iterator[Proposal]:
    """What may stand as the value of an attribute, or of a constant (None)."""
    if after_number(scope):
        yield from units(scope, field)
        return
    if field is None:
        yield from names(scope)
        return
    match field.type:
        case FieldType.REFERENCE:
            yield from names(scope, field.target or "", wildcard=field.many)
        case FieldType.BOOLEAN:
            for word in ("true", "false"):
                yield scope.proposal(word, Sort.VALUE, field.name)
        case FieldType.WORD:
            yield from _words(scope, field)
            yield from names(scope)
        case _:
            yield from names(scope)
    if field.sweepable and "sweep" not in scope.at.before and scope.dotted is None:
        doc = "Each value makes candidates of its own."
        yield scope.proposal("sweep", Sort.KEYWORD, "sweep(…)", doc, "sweep(")


def formula(scope: Scope) -> Iterator[Proposal]:
    """What may stand in an objective or a requirement."""
    if after_number(scope):
        yield from units(scope)
        return
    dotted = scope.dotted
    named = dotted is not None and scope.declared(dotted, "strategy") is not None
    if dotted is None or named:
        for measure in measures().values():
            yield scope.proposal(measure.name, Sort.MEASURE, measure.dimension, measure.doc)
    if dotted is None:
        yield from _constants(scope.module, scope)
        yield from names(scope, "strategy")
    elif not named:
        yield from names(scope)


def names(
    scope: Scope, *kinds: str, wildcard: bool = False, templates: bool = False
) -> Iterator[Proposal]:
    """Names of declarations of some kinds, also through aliases; without kinds, of constants and
    of what has attributes to refer to."""
    if scope.dotted is not None:
        yield from _members(scope, scope.dotted, kinds, wildcard=wildcard, templates=templates)
        return
    own = scope.module.blocks
    for kind in kinds:
        for (owner, name), block in own.items():
            if owner == kind and name != scope.at.name and (templates or not block.template):
                yield _declared(scope, f"{kind}.{name}", block)
        if wildcard and any(owner == kind for owner, _ in own):
            detail = f"every {kind} of this file"
            yield scope.proposal(f"{kind}.*", Sort.DECLARATION, detail)
    for alias, module in scope.module.imports.items():
        if not kinds or any(owner in kinds for owner, _ in module.blocks):
            yield scope.proposal(alias, Sort.MODULE, module.shown, "", f"{alias}.")
    yield from _constants(scope.module, scope)


def after_number(scope: Scope) -> bool:
    """True where the cursor stands behind a number, so that a unit could follow."""
    return _NUMBER.search(scope.at.statement) is not None


def units(scope: Scope, field: Field | None = None) -> Iterator[Proposal]:
    """Units after a number: those of the field's dimension, or all."""
    match = _NUMBER.search(scope.at.statement)
    if match is None:
        return
    begun = match[1]
    before = scope.at.statement[: len(scope.at.statement) - len(begun)]
    glued = not before.endswith((" ", "\t"))
    currency = _currency(scope.module)
    for dimension in _dimensions(field):
        for word in UNITS[dimension]:
            unit = word.replace("USD", currency)
            text = f" {unit}" if glued and unit != "%" else unit
            start = scope.at.offset - len(begun)
            yield Proposal(unit, Sort.UNIT, start, Quantity.of(1, unit).dimension.name, "", text)


def _dimensions(field: Field | None) -> tuple[str, ...]:
    """The dimensions in which a field is told; all where nothing says."""
    if field is None:
        return tuple(UNITS)
    match field.type:
        case FieldType.QUANTITY:
            dimension = field.dimension or ""
            return (dimension,) if dimension in UNITS else tuple(UNITS)
        case FieldType.RATIO:
            return ("ratio",)
        case FieldType.AMOUNT:
            return ("examples", "ratio")
        case FieldType.COUNT:
            return ("examples",)
        case _:
            return ()


def _currency(module: LoadedModule) -> str:
    """The first currency in which the file tells money."""
    found = (match[1] for match in _CURRENCY.finditer(module.tree.source.text))
    return next((code for code in found if code in CURRENCIES), "USD")


def _words(scope: Scope, field: Field) -> Iterator[Proposal]:
    """The words that a field takes."""
    if scope.dotted is not None:
        return
    for choice in field.choices:
        yield scope.proposal(choice, Sort.VALUE, field.name, field.doc)
    if field.name == "metric":
        for name in registry.names("metric"):
            doc = registry.extension("metric", name).doc
            yield scope.proposal(name, Sort.MEASURE, "metric", doc)
    elif field.name in COLUMN_FIELDS:
        for column in scope.columns():
            yield scope.proposal(column, Sort.COLUMN, "column")


def _members(
    scope: Scope, dotted: str, kinds: tuple[str, ...], *, wildcard: bool, templates: bool
) -> Iterator[Proposal]:
    """What may follow `base.` or `base.strategy.` or `hw.h100.`."""
    place, parts = scope.module, dotted.split(".")
    while parts and parts[0] in place.imports:
        place, parts = place.imports[parts[0]], parts[1:]
    if not parts:
        yield from _exported(scope, place, kinds, templates=templates)
    elif len(parts) == 1 and parts[0] in KINDS:
        for (owner, name), block in place.blocks.items():
            if owner == parts[0] and (templates or not block.template):
                yield _declared(scope, name, block)
        if wildcard:
            yield scope.proposal("*", Sort.DECLARATION, f"every {parts[0]}")
    elif not kinds:
        for (owner, name), block in place.blocks.items():
            if [owner, name][-len(parts) :] == parts:
                flat = scope.snapshot.index.flattener.flat(Declaration(place, block))
                for attribute, owned in flat.attributes.items():
                    text = owned.attribute.value.span.text
                    yield scope.proposal(attribute, Sort.ATTRIBUTE, text)


def _exported(
    scope: Scope, place: LoadedModule, kinds: tuple[str, ...], *, templates: bool
) -> Iterator[Proposal]:
    """The names of an imported file; short where only one declaration has the name."""
    for (owner, name), block in place.blocks.items():
        if (not kinds or owner in kinds) and (templates or not block.template):
            label = name if len(place.owners[name]) == 1 else f"{owner}.{name}"
            yield _declared(scope, label, block)
    yield from _constants(place, scope)
    for alias, module in place.imports.items():
        yield scope.proposal(alias, Sort.MODULE, module.shown, "", f"{alias}.")


def _declared(scope: Scope, label: str, block: Block) -> Proposal:
    using = f" using {block.using.text}" if block.using else ""
    return scope.proposal(label, Sort.DECLARATION, block.kind.text + using, prose(block.doc or ""))


def _constants(place: LoadedModule, scope: Scope) -> Iterator[Proposal]:
    for name, node in place.constants.items():
        yield scope.proposal(name, Sort.CONSTANT, node.value.span.text, prose(node.doc or ""))
