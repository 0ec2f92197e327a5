"""From the generic parse tree to the typed tree. One method a grammar rule."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from cosmosql.diagnostics.diagnostic import Diagnostic, Fix, Label
from cosmosql.source import Source, Span
from cosmosql.syntax.parser import Child, Token
from cosmosql.syntax.tree import (
    AmongClause,
    Attribute,
    Binary,
    Block,
    Boolean,
    Call,
    Constant,
    DecideClause,
    Declaration,
    EscalateClause,
    Expression,
    ForClause,
    Import,
    Item,
    Language,
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
    Text,
)
from cosmosql.units import split_number

LANGUAGE = 1
"""The version of the language that is read; a file that names none is written in it."""

MAXIMUM_DEPTH = 64
"""Levels of brackets, sections and operators: a bound, so that no later stage recurses deeper."""

_NOTHING = re.compile(r"(?:\s++|#[^\n]*+)*+")
_ESCAPES = {'"': '"', "\\": "\\", "n": "\n", "t": "\t"}
_ESCAPE = re.compile(r"\\(.)", re.S)
_UNIT_WORDS = re.compile(r"%?(?:[-/]?[A-Za-z]+)*")


class Builder:
    """Builds nodes of one source. `offset` is where the parsed text starts in the source.

    Mistakes that the grammar cannot see (a malformed number, an unknown escape, too deep nesting)
    are collected in `diagnostics`, and a harmless value stands in for them.
    """

    def __init__(self, source: Source, documentation: Mapping[int, str], offset: int = 0) -> None:
        self.source = source
        self.documentation = documentation
        self.offset = offset
        self.diagnostics: list[Diagnostic] = []

    def file(self, node: Child) -> tuple[Declaration, ...]:
        return tuple(self.declaration(child) for child in node.children)

    def declaration(self, node: Child) -> Declaration:
        match node.data:
            case "language":
                return self._language(*node.children)
            case "import_module" | "import_file":
                return self._import(node)
            case "param" | "let":
                keyword, name, value = node.children
                expression = self.expression(value)
                make = Parameter if node.data == "param" else Constant
                return make(
                    name=self._name(name),
                    value=expression,
                    doc=self._doc(keyword),
                    span=self._span(keyword).to(expression.span),
                )
        return self._block(node)

    def _language(self, keyword: Token, number: Token) -> Language:
        """E0110: the language is one that is read here, and named before everything else."""
        version = self._number(number)
        span = self._span(keyword).to(version.span)
        if version.unit is not None or version.value != LANGUAGE:
            advice = f"write `language {LANGUAGE}`"
            if version.unit is None and version.value > LANGUAGE:
                advice = f"this cosmosql reads language {LANGUAGE}: install a newer one"
            self._report("E0110", "language version", span, "no such version here", advice)
        elif not _NOTHING.fullmatch(self.source.text, 0, span.start):
            advice = "move it above all else"
            self._report("E0110", "language version", span, "it stands first", advice)
        return Language(version=version, span=span)

    def _import(self, node: Child) -> Import:
        keyword, what, alias = node.children
        span = self._span(keyword).to(self._span(alias))
        if node.data == "import_file":
            return Import(module=None, path=self._text(what), alias=self._name(alias), span=span)
        return Import(module=self._reference(what), path=None, alias=self._name(alias), span=span)

    def _block(self, node: Child) -> Block:
        template, kind, name, extends, using, body = node.children
        first = template or kind
        span = self._span(first).to(self._span(name))
        extended = self._reference(extends) if extends else None
        if extended:
            span = span.to(extended.span)
        if using:
            span = span.to(self._span(using))
        if body:
            span = span.to(self._span(body.children[-1]))
        return Block(
            template=template is not None,
            kind=self._name(kind),
            name=self._name(name),
            extends=extended,
            using=self._name(using) if using else None,
            items=self._body(body, 0) if body else (),
            doc=self._doc(first),
            span=span,
        )

    def _body(self, node: Child, depth: int) -> tuple[Item, ...]:
        return tuple(self.item(child, depth) for child in node.children[:-1])

    def item(self, node: Child, depth: int = 0) -> Item:
        match node.data:
            case "attribute":
                name = self._name(node.children[0])
                value = self.expression(node.children[1])
                return Attribute(name=name, value=value, span=name.span.to(value.span))
            case "section":
                name, body = self._name(node.children[0]), node.children[1]
                span = name.span.to(self._span(body.children[-1]))
                items = () if self._too_deep(depth, node) else self._body(body, depth + 1)
                return Section(name=name, items=items, span=span)
        return self._clause(node)

    def _clause(self, node: Child) -> Item:
        head, *rest = node.children
        start = self._span(head)
        match node.data:
            case "for":
                task = self._reference(rest[0])
                return ForClause(task=task, span=start.to(task.span))
            case "among":
                listed = [child for child in rest if not isinstance(child, Token)]
                candidates = tuple(self._reference(child) for child in listed)
                last = candidates[-1].span if listed[-1] is rest[-1] else self._span(rest[-1])
                return AmongClause(candidates=candidates, span=start.to(last))
            case "measure":
                probe = self._reference(rest[0])
                budget = self.expression(rest[1]) if rest[1] else None
                span = start.to(budget.span if budget else probe.span)
                return MeasureClause(probe=probe, budget=budget, span=span)
            case "measure_within":
                amount = self.expression(rest[0])
                return MeasureClause(probe=None, budget=amount, span=start.to(amount.span))
            case "objective":
                value = self.expression(rest[0])
                span = start.to(value.span)
                return ObjectiveClause(direction=head.text, expression=value, span=span)
            case "escalate":
                target, condition = self._reference(rest[0]), self._comparison(rest[1])
                span = start.to(condition.span)
                return EscalateClause(target=target, condition=condition, span=span)
        confidence = self.expression(rest[1]) if rest[1] else None
        if node.data == "require":
            condition = self._comparison(rest[0])
            span = start.to((confidence or condition).span)
            return RequireClause(condition=condition, confidence=confidence, span=span)
        tolerance = self.expression(rest[0])
        span = start.to((confidence or tolerance).span)
        return DecideClause(tolerance=tolerance, confidence=confidence, span=span)

    def _comparison(self, node: Child) -> Binary:
        left, operator, right = node.children
        return self._binary(operator.text, self.expression(left), self.expression(right))

    def expression(self, node: Child, depth: int = 0) -> Expression:
        """The value that a node spells. `depth` levels of nesting are already around it."""
        match node.data:
            case "number":
                return self._number(node.children[0])
            case "text":
                return self._text(node.children[0])
            case "boolean":
                token = node.children[0]
                return Boolean(value=token.text == "true", span=self._span(token))
            case "reference":
                return self._reference(node)
        operators = node.children[1::2] if node.data in ("sum", "product") else ()
        if self._too_deep(depth + len(operators), node):
            return Number(value=Decimal(0), unit=None, span=self._extent(node))
        depth += 1 + len(operators)
        match node.data:
            case "sum" | "product":
                result = self.expression(node.children[0], depth)
                for operator, operand in zip(operators, node.children[2::2], strict=True):
                    result = self._binary(operator.text, result, self.expression(operand, depth))
                return result
            case "group":
                opening, inner, closing = node.children
                span = self._span(opening).to(self._span(closing))
                return replace(self.expression(inner, depth), span=span)
            case "negative":
                inner_value = self.expression(node.children[1], depth)
                span = self._span(node.children[0]).to(inner_value.span)
                return Negative(operand=inner_value, span=span)
        first, *values, last = node.children
        span = self._span(first).to(self._span(last))
        expressions = tuple(self.expression(child, depth) for child in values)
        if node.data == "sequence":
            return Sequence(items=expressions, span=span)
        return Call(function=self._name(first), arguments=expressions, span=span)

    def _binary(self, operator: str, left: Expression, right: Expression) -> Binary:
        return Binary(operator=operator, left=left, right=right, span=left.span.to(right.span))

    def _reference(self, node: Child) -> Reference:
        *names, star = node.children
        span = self._span(names[0]).to(self._span(star or names[-1]))
        parts = tuple(self._name(name) for name in names)
        return Reference(parts=parts, wildcard=star is not None, span=span)

    def _number(self, token: Token) -> Number:
        span = self._span(token)
        try:
            value, unit = split_number(token.text)
            if unit and not _UNIT_WORDS.fullmatch(unit):
                raise ValueError("this is no number with a unit")
        except ValueError as problem:
            fix = _plain_number(span)
            self._report("E0106", "malformed number", span, str(problem), _NUMBER_HELP, fix)
            value, unit = Decimal(0), None
        return Number(value=value, unit=unit, span=span)

    def _text(self, token: Token) -> Text:
        inner = token.text[1:-1]
        if "\\" in inner:
            start = self.offset + token.start + 1
            wrong = next((m for m in _ESCAPE.finditer(inner) if m[1] not in _ESCAPES), None)
            if wrong:
                span = Span(self.source, start + wrong.start(), start + wrong.end())
                fix = Fix(span, f"\\{wrong[0]}")
                self._report("E0108", "unknown escape", span, "no such escape", _ESCAPE_HELP, fix)
            inner = _ESCAPE.sub(lambda match: _ESCAPES.get(match[1], match[1]), inner)
        return Text(value=inner, span=self._span(token))

    def _name(self, token: Token) -> Name:
        return Name(text=token.text, span=self._span(token))

    def _doc(self, first: Token) -> str | None:
        start = self.offset + first.start
        return self.documentation.get(self.source.text.rfind("\n", 0, start) + 1)

    def _span(self, token: Token) -> Span:
        return Span(self.source, self.offset + token.start, self.offset + token.end)

    def _extent(self, node: Child) -> Span:
        """From the first to the last token of a node, found without recursion."""
        first = last = node
        while not isinstance(first, Token):
            first = first.children[0]
        while not isinstance(last, Token):
            last = next(child for child in reversed(last.children) if child is not None)
        return self._span(first).to(self._span(last))

    def _too_deep(self, depth: int, node: Child) -> bool:
        if depth < MAXIMUM_DEPTH:
            return False
        self._report(
            "E0107",
            "nested too deeply",
            self._extent(node),
            f"this is below {MAXIMUM_DEPTH} levels of brackets or operators",
            "name a part of it with `let`, and use the name",
        )
        return True

    def _report(
        self, code: str, title: str, span: Span, label: str, advice: str, fix: Fix | None = None
    ) -> None:
        self.diagnostics.append(
            Diagnostic(code=code, title=title, labels=(Label(span, label),), help=advice, fix=fix)
        )


def _plain_number(span: Span) -> Fix | None:
    """The number with single underscores between its digits."""
    text = re.sub(r"(?<!_)_++(?=\d)", "_", span.text)
    text = re.sub(r"(?<!_)_++(?!\d)", "", text)
    try:
        _, unit = split_number(text)
    except ValueError:
        return None
    fits = text != span.text and (unit is None or _UNIT_WORDS.fullmatch(unit))
    return Fix(span, text) if fits else None


_NUMBER_HELP = "write digits, then the unit: `40 USD`, `1_200_000 requests/month`, `1.5e-3`"
_ESCAPE_HELP = r"the escapes are `\"`, `\\`, `\n` and `\t`; write `\\` for a backslash"
