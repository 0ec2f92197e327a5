"""Expressions to values: constants and parameters, arithmetic with units, `sweep`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cosmosql.diagnostics.diagnostic import Fix, Label
from cosmosql.model.extend import Flattener
from cosmosql.model.modules import LoadedModule
from cosmosql.model.names import Declaration, Member, Named, resolve
from cosmosql.model.report import Report
from cosmosql.model.values import Content, Listed, Swept, Value, Word, describe
from cosmosql.source import Span
from cosmosql.syntax.tree import (
    Attribute,
    Binary,
    Boolean,
    Call,
    Constant,
    Expression,
    Name,
    Negative,
    Number,
    Parameter,
    Reference,
    Sequence,
    Text,
)
from cosmosql.units import DimensionMismatch, Quantity, UnknownUnit

ARITHMETIC = ("+", "-", "*", "/")

DEEPEST = 100
"""Values that stand on one another: beyond it a definition is taken for a slip of the pen."""


class Evaluator:
    """Evaluates expressions in the module that wrote them; None after reporting a mistake.

    `settings` replaces the values of parameters, by (module prefix, name).
    """

    def __init__(
        self,
        report: Report,
        flattener: Flattener,
        settings: Mapping[tuple[str, str], Expression],
    ) -> None:
        self.report = report
        self.flattener = flattener
        self._settings = settings
        self._open: dict[int, Name] = {}
        """Constants and attributes whose values are being found."""
        self._depth = 0
        self._values: dict[int, Value | None] = {}

    def value(self, expression: Expression, module: LoadedModule) -> Value | None:
        if self._depth >= DEEPEST:
            self.report.add(
                "E0304",
                "out of range",
                expression.span,
                f"this is the end of a chain of {DEEPEST} values that stand on one another",
                help="give one of them a value of its own",
            )
            return None
        self._depth += 1
        try:
            return self._value(expression, module)
        finally:
            self._depth -= 1

    def _value(self, expression: Expression, module: LoadedModule) -> Value | None:
        match expression:
            case Number():
                return self._number(expression)
            case Text(value=text):
                return Value(Word(text, quoted=True), expression.span)
            case Boolean(value=truth):
                return Value(truth, expression.span)
            case Reference():
                return self._reference(expression, module)
            case Sequence(items=items):
                found = self._all(items, module)
                return None if found is None else Value(Listed(found), expression.span)
            case Call():
                return self._call(expression, module)
            case Negative(operand=operand):
                number = self._quantity(operand, module)
                return None if number is None else Value(-number, expression.span)
            case Binary():
                return self._binary(expression, module)

    def constant(self, named: Named) -> Value | None:
        """The value of a `let` or `param`, `--set` taken into account."""
        return self._once(named.node, named.node.name, lambda: self._constant_value(named))

    def _once(
        self,
        node: Constant | Parameter | Attribute,
        name: Name,
        value: Callable[[], Value | None],
    ) -> Value | None:
        """The value of a definition, found when it is first asked for; None after reporting E0210
        where finding it needs itself."""
        key = id(node)
        if key not in self._values:
            if key in self._open:
                steps = list(self._open.values())[list(self._open).index(key) + 1 :]
                self.report.add(
                    "E0210",
                    "definition in a circle",
                    name.span,
                    "its value needs itself",
                    others=[Label(step.span, "by way of this") for step in steps],
                    help="give one of the names a value of its own",
                )
                return None
            self._open[key] = name
            self._values[key] = value()
            del self._open[key]
        return self._values[key]

    def _constant_value(self, named: Named) -> Value | None:
        written = self.value(named.node.value, named.module)
        setting = self._settings.get((named.module.prefix, named.node.name.text))
        if setting is None or not isinstance(named.node, Parameter):
            return written
        given = self.value(setting, named.module)
        if written is None or given is None:
            return given
        if not self._alike(written, given):
            return None
        return given

    def _alike(self, written: Value, given: Value) -> bool:
        """A setting has the type and dimension of the value that it replaces."""
        old, new = written.content, given.content
        if isinstance(old, Quantity) and isinstance(new, Quantity):
            if old.dimension != new.dimension:
                self._dimensions(old, written.span, new, given.span, "cannot set")
                return False
            return True
        if type(old) is not type(new) or _kind(old) != _kind(new):
            self.report.add(
                "E0302",
                "wrong type",
                given.span,
                f"this is {describe(new)}",
                others=(Label(written.span, f"the parameter is {describe(old)}"),),
            )
            return False
        if isinstance(old, Listed | Swept) and isinstance(new, Listed | Swept) and old.items:
            return all(self._alike(old.items[0], item) for item in new.items)
        return True

    def _number(self, number: Number) -> Value | None:
        try:
            return Value(Quantity.of(number.value, number.unit), number.span)
        except UnknownUnit as error:
            self.report.add(
                "E0103",
                "unknown unit",
                number.span,
                "no such unit",
                help=error.advice,
                fix=_other_unit(number.span, error),
            )
        except ValueError:
            self._out_of_range(number.span)
        return None

    def _reference(self, reference: Reference, module: LoadedModule) -> Value | None:
        name = reference.parts[0].text
        if len(reference.parts) == 1 and not reference.wildcard:
            constant = module.constants.get(name)
            if constant is None:
                return Value(Word(name, quoted=False), reference.span)
            return self._used(self.constant(Named(module, constant)), reference)
        target = resolve(reference, module, self.report)
        match target:
            case None:
                return None
            case Declaration():
                return Value(target, reference.span)
            case Named():
                return self._used(self.constant(target), reference)
            case Member():
                return self._member(target, reference)

    def _member(self, member: Member, reference: Reference) -> Value | None:
        flat = self.flattener.flat(member.declaration)
        owned = flat.attributes.get(member.attribute.text)
        if owned is None:
            known = ", ".join(flat.attributes) or "none"
            self.report.add(
                "E0201",
                "unknown name",
                member.attribute.span,
                f"this {member.declaration.kind} does not say it",
                help=f"its attributes are {known}",
            )
            return None
        attribute = owned.attribute
        found = self._once(
            attribute, attribute.name, lambda: self.value(attribute.value, owned.module)
        )
        return self._used(found, reference)

    def _used(self, value: Value | None, reference: Reference) -> Value | None:
        """A definition's value where a name uses it."""
        if value is None:
            return None
        self.report.defined(reference.span, value.span)
        return Value(value.content, reference.span)

    def _all(self, items: tuple[Expression, ...], module: LoadedModule) -> tuple[Value, ...] | None:
        found = [self.value(item, module) for item in items]
        return None if None in found else tuple(item for item in found if item is not None)

    def _call(self, call: Call, module: LoadedModule) -> Value | None:
        if call.function.text != "sweep":
            self.report.add(
                "E0201",
                "unknown name",
                call.function.span,
                "there is no such function",
                help="the one function is `sweep(…)`",
            )
            return None
        values = self._all(call.arguments, module)
        if values is None:
            return None
        if not values:
            self.report.add("E0303", "invalid sweep", call.span, "it has no values")
            return None
        met: set[object] = set()
        for value in values:
            content = value.content
            if isinstance(content, Swept | Listed):
                self.report.add("E0303", "invalid sweep", value.span, "a sweep takes single values")
                return None
            key = content.key if isinstance(content, Declaration) else (type(content), content)
            if key in met:
                repeated(self.report, value.span)
                return None
            met.add(key)
        return Value(Swept(values), call.span)

    def _quantity(self, expression: Expression, module: LoadedModule) -> Quantity | None:
        value = self.value(expression, module)
        if value is None:
            return None
        if isinstance(value.content, Quantity):
            return value.content
        self.report.add(
            "E0302",
            "wrong type",
            expression.span,
            f"this is {describe(value.content)}, not a quantity",
        )
        return None

    def _binary(self, expression: Binary, module: LoadedModule) -> Value | None:
        if expression.operator not in ARITHMETIC:
            self.report.add(
                "E0302",
                "wrong type",
                expression.span,
                "a comparison stands only after `require` and `when`",
            )
            return None
        left = self._quantity(expression.left, module)
        right = self._quantity(expression.right, module)
        if left is None or right is None:
            return None
        result = self.compute(expression, left, right)
        return None if result is None else Value(result, expression.span)

    def compute(self, expression: Binary, left: Quantity, right: Quantity) -> Quantity | None:
        """The result of arithmetic on two quantities; None after reporting E0301 or E0304."""
        try:
            match expression.operator:
                case "+":
                    return left + right
                case "-":
                    return left - right
                case "*":
                    return left * right
                case _:
                    return left / right
        except DimensionMismatch:
            words = "cannot add" if expression.operator == "+" else "cannot subtract"
            self._dimensions(left, expression.left.span, right, expression.right.span, words)
        except (ZeroDivisionError, ValueError):
            self._out_of_range(expression.span)
        return None

    def _dimensions(
        self, left: Quantity, left_span: Span, right: Quantity, right_span: Span, words: str
    ) -> None:
        mismatch = DimensionMismatch(left.dimension, right.dimension)
        self.report.add(
            "E0301",
            f"{words} {mismatch.right_name} and {mismatch.left_name}",
            right_span,
            f"this is {mismatch.right_name}",
            others=(Label(left_span, f"this is {mismatch.left_name}"),),
        )

    def _out_of_range(self, span: Span) -> None:
        self.report.add("E0304", "out of range", span, "no quantity is that large or small")


def repeated(report: Report, span: Span) -> None:
    """Reports E0303 for a value that stands in a sweep twice."""
    report.add(
        "E0303",
        "invalid sweep",
        span,
        "this value stands in it already",
        help="each value makes candidates of its own, so it is written once",
        fix=_without_item(span),
    )


def _without_item(span: Span) -> Fix | None:
    """An item of a list removed, with the comma before it."""
    before = span.source.text[: span.start].rstrip()
    if not before.endswith(","):
        return None
    return Fix(Span(span.source, len(before) - 1, span.end), "")


def _kind(content: Content) -> str | None:
    return content.kind if isinstance(content, Declaration) else None


def _other_unit(span: Span, error: UnknownUnit) -> Fix | None:
    """The number with the unit that was probably meant."""
    if error.suggestion is None or not span.text.endswith(error.unit):
        return None
    return Fix(span, span.text.removesuffix(error.unit) + error.suggestion)
