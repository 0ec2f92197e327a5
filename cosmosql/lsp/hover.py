"""What is said of the word under the cursor, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cosmosql.lsp.forecasts import Plans, options_of, summary
from cosmosql.lsp.markdown import fenced, inline, prose
from cosmosql.lsp.workspace import Snapshot
from cosmosql.model.modules import LoadedModule
from cosmosql.model.names import Declaration, Named
from cosmosql.model.occurrences import (
    Alias,
    Amount,
    Attributed,
    FieldName,
    FieldWord,
    File,
    Implementation,
    KindName,
    MeasureName,
    Occurrence,
    SectionName,
)
from cosmosql.model.values import Value, canonical_text, describe
from cosmosql.schema.fields import Field
from cosmosql.schema.reference import default_text, takes_text
from cosmosql.source import Span
from cosmosql.syntax.tree import Binary, Expression, Negative, Parameter
from cosmosql.units import GPU_TIME, Quantity, UnknownUnit

GPU_HOUR = "GPU-hour"

MOST_LINES = 12
"""Attributes shown of a declaration, and candidates of a strategy."""


@dataclass(frozen=True, slots=True)
class Hover:
    span: Span
    markdown: str


def hover(snapshot: Snapshot, plans: Plans, offset: int) -> Hover | None:
    """What the word at an offset of the snapshot's document stands for; None for no such word."""
    module = snapshot.module
    found = snapshot.index.at(module, offset) if module is not None else None
    if found is None:
        return None
    text = "\n\n".join(part for part in _parts(snapshot, plans, found) if part)
    return Hover(found.span, text) if text else None


def _parts(snapshot: Snapshot, plans: Plans, found: Occurrence) -> Iterator[str]:
    match found.meaning:
        case Declaration() as declaration:
            yield from _declaration(snapshot, plans, declaration)
        case Named() as named:
            yield from _constant(snapshot, named)
        case Alias(node=node, target=target):
            yield fenced(node.span.text)
            yield _first_comment(target) if target else "This file could not be read."
        case File(module=module):
            yield fenced(module.shown)
            yield _first_comment(module)
        case KindName(kind=kind):
            yield fenced(kind.name)
            yield kind.doc
        case Implementation(kind=kind, word=word, extension=extension):
            yield fenced(f"{kind.name} … using {word}")
            yield extension.doc if extension else kind.doc
        case SectionName(section=section):
            yield fenced(f"{section.name} {{ … }}")
            yield section.doc
        case FieldName(field=field, owner=owner):
            yield from field_parts(field, owner)
        case Attributed() as member:
            yield from _attributed(snapshot, member)
        case MeasureName(name=name, dimension=dimension, doc=doc):
            yield fenced(f"{name}: {dimension}")
            yield doc
        case FieldWord(field=field, text=text):
            yield fenced(f"{field.name} = {text}")
            yield field.doc
        case Amount(number=number, whole=whole):
            yield from _amount(snapshot, number.span, whole)


def field_parts(field: Field, owner: str) -> Iterator[str]:
    """An attribute: what it takes, its default, its meaning."""
    yield fenced(f"{field.name} = {takes_text(field, quote='')}")
    default = default_text(field)
    words = [f"of {owner}"]
    if field.required:
        words.append("required")
    elif default:
        words.append(f"left out: `{default}`")
    yield f"{field.doc}\n\n*{'; '.join(words)}*"


def _declaration(snapshot: Snapshot, plans: Plans, declaration: Declaration) -> Iterator[str]:
    flat = snapshot.index.flattener.flat(declaration)
    block = declaration.block
    head = "template " if block.template else ""
    head += f"{declaration.kind} {block.name.text}"
    if block.extends is not None:
        head += f" extends {block.extends.text}"
    if flat.using is not None:
        head += f" using {flat.using.text}"
    lines = []
    for name, owned in list(flat.attributes.items())[:MOST_LINES]:
        value = snapshot.index.evaluator.value(owned.attribute.value, owned.module)
        text = canonical_text(value.content) if value else owned.attribute.value.span.text
        lines.append(f"  {name} = {_short(text)}")
    if len(flat.attributes) > MOST_LINES:
        lines.append(f"  # and {len(flat.attributes) - MOST_LINES} more")
    yield fenced("\n".join([f"{head} {{", *lines, "}"]) if lines else head)
    yield prose(flat.doc or "")
    yield _origin(declaration.module)
    yield from _forecasts(snapshot, plans, declaration)


def _forecasts(snapshot: Snapshot, plans: Plans, declaration: Declaration) -> Iterator[str]:
    """The plan's forecasts of a strategy or policy, best first."""
    if declaration.kind not in ("strategy", "policy"):
        return
    for forecast in plans.of(snapshot):
        options = options_of(forecast.plan, declaration.name)
        if not options:
            continue
        marks = "; the spec has changed since" if forecast.stale else ""
        lines = [f"Forecast of the plan for `{forecast.query}`{marks}:", ""]
        for option in options[:MOST_LINES]:
            own = option.name.removeprefix(declaration.name) or option.name
            verdict = prose(option.status)
            if option.name == forecast.plan.decision.chosen:
                verdict = f"**chosen**, {verdict}"
            lines.append(f"- {inline(own)}: {prose(summary(option))}, {verdict}")
        if len(options) > MOST_LINES:
            lines.append(f"- and {len(options) - MOST_LINES} more")
        yield "\n".join(lines)


def _constant(snapshot: Snapshot, named: Named) -> Iterator[str]:
    node = named.node
    word = "param" if isinstance(node, Parameter) else "let"
    yield fenced(f"{word} {node.name.text} = {node.value.span.text}")
    value = snapshot.index.evaluator.constant(named)
    if value is not None:
        yield _worth(value, node.value)
    yield prose(node.doc or "")
    if isinstance(node, Parameter):
        yield f"*set by* {inline(f'--set {named.module.qualified(node.name.text)}=…')}"
    yield _origin(named.module)


def _attributed(snapshot: Snapshot, member: Attributed) -> Iterator[str]:
    attribute = member.attribute
    yield fenced(f"{member.declaration.name}.{attribute.name.text} = {attribute.value.span.text}")
    value = snapshot.index.evaluator.value(attribute.value, member.module)
    if value is not None:
        yield _worth(value, attribute.value)
    if member.field is not None:
        yield member.field.doc
    yield _origin(member.module)


def _amount(snapshot: Snapshot, span: Span, whole: Expression) -> Iterator[str]:
    try:
        quantity = Quantity.parse(span.text)
    except (UnknownUnit, ValueError):
        return
    yield fenced(str(quantity))
    yield _dimension(quantity)
    if isinstance(whole, Binary | Negative) and snapshot.module is not None:
        value = snapshot.index.evaluator.value(whole, snapshot.module)
        if value is not None:
            yield _worth(value, whole)


def _worth(value: Value, written: Expression) -> str:
    """`8 GPUs * 30 min` is `4 GPU-hours`: GPU time; the dimension alone where the text says the
    value itself."""
    content = value.content
    if isinstance(content, Quantity):
        text, words = str(_usual(content)), _dimension(content)
    else:
        text, words = canonical_text(content), describe(content)
    shown = written.span.text
    return words if text == shown else f"{inline(_short(shown))} is {inline(_short(text))}: {words}"


def _usual(quantity: Quantity) -> Quantity:
    """The same in the unit in which people say it: GPU time in hours."""
    if quantity.dimension != GPU_TIME or quantity.unit == GPU_HOUR:
        return quantity
    hours = Quantity.of(quantity.to(GPU_HOUR), GPU_HOUR)
    return hours if hours == quantity else quantity


def _dimension(quantity: Quantity) -> str:
    """What it measures, with its currency."""
    return quantity.dimension.precise_name


def _origin(module: LoadedModule) -> str:
    return f"from {inline(module.shown)}" if module.prefix else ""


def _first_comment(module: LoadedModule) -> str:
    """The comment at the top of a file: what the file is for."""
    lines = []
    for line in module.tree.source.text.splitlines():
        if not line.startswith("#") or line.startswith("##"):
            break
        lines.append(line.lstrip("#").strip())
    return prose("\n".join(lines).partition("\n\n")[0])


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 100 else f"{line[:99]}…"
