"""Expressions over measures, such as `traffic * serve_cost`, with their dimensions."""

from __future__ import annotations

from dataclasses import dataclass

from cosmosql.diagnostics.diagnostic import Label
from cosmosql.diagnostics.suggest import correction
from cosmosql.model.evaluate import ARITHMETIC, Evaluator
from cosmosql.model.modules import LoadedModule
from cosmosql.model.names import Declaration, Member, resolve
from cosmosql.model.program import Formula, Literal, Measure, Operation
from cosmosql.model.values import describe
from cosmosql.schema.measures import MEASURES
from cosmosql.schema.registry import names
from cosmosql.source import Span
from cosmosql.syntax.tree import Binary, Expression, Negative, Reference
from cosmosql.units import (
    BYTES,
    LABELS,
    RATIO,
    REQUESTS,
    TIME,
    TOKENS,
    Dimension,
    DimensionMismatch,
    Quantity,
    money,
)


@dataclass(frozen=True, slots=True)
class Typed:
    formula: Formula
    dimension: Dimension
    span: Span


class FormulaBinder:
    """Binds expressions in which measures may stand; money is of one currency."""

    def __init__(self, evaluator: Evaluator, currency: str) -> None:
        self._evaluator = evaluator
        self._report = evaluator.report
        self._metrics = names("metric")
        named = {
            "money": money(currency),
            "money per request": money(currency) / REQUESTS,
            "time": TIME,
            "tokens per request": TOKENS / REQUESTS,
            "labels": LABELS,
            "bytes": BYTES,
        }
        self._dimensions = {name: named[words] for name, (words, _) in MEASURES.items()}
        self._dimensions.update(dict.fromkeys(self._metrics, RATIO))

    def typed(self, expression: Expression, module: LoadedModule) -> Typed | None:
        """The formula and what it measures; None after reporting."""
        match expression:
            case Reference():
                return self._reference(expression, module)
            case Binary() if expression.operator in ARITHMETIC:
                return self._operation(expression, module)
            case Negative(operand=operand):
                inner = self.typed(operand, module)
                if inner is None:
                    return None
                if isinstance(inner.formula, Literal):
                    negated: Formula = Literal(quantity=-inner.formula.quantity)
                else:
                    minus = Literal(quantity=Quantity.of(-1))
                    negated = Operation(operator="*", left=minus, right=inner.formula)
                return Typed(negated, inner.dimension, expression.span)
            case _:
                return self._literal(expression, module)

    def comparable(self, left: Typed, right: Typed, condition: Binary) -> bool:
        """True where both sides measure the same and one of them depends on the candidate."""
        if isinstance(left.formula, Literal) and isinstance(right.formula, Literal):
            self._report.add(
                "E0302",
                "wrong type",
                condition.span,
                "this is the same for every candidate",
                help=f"name a measure: {', '.join(self._dimensions)}",
            )
            return False
        if left.dimension == right.dimension:
            return True
        mismatch = DimensionMismatch(left.dimension, right.dimension)
        self._mismatch("cannot compare", mismatch, left, right, "with")
        return False

    def _mismatch(
        self, words: str, mismatch: DimensionMismatch, left: Typed, right: Typed, joint: str
    ) -> None:
        notes: tuple[str, ...] = ()
        help = None
        both = {mismatch.left_name, mismatch.right_name}
        if both == {"money", "GPU time"}:
            notes = ("no exchange rate is assumed; a price makes one explicit",)
            time = left if mismatch.left_name == "GPU time" else right
            help = f"multiply by a declared price: `{time.span.text} * hw.h100.price`"
        elif both == {"money", "money per request"}:
            help = "multiply by a volume: `1_000_000 requests/month * serve_cost`"
        elif any(_is_bare(side) for side in (left, right)):
            help = "a number without a unit is a ratio: write its unit, such as `2 s` or `3 USD`"
        self._report.add(
            "E0301",
            f"{words} {mismatch.left_name} {joint} {mismatch.right_name}",
            right.span,
            f"this is {mismatch.right_name}",
            others=(Label(left.span, f"this is {mismatch.left_name}"),),
            notes=notes,
            help=help,
        )

    def _reference(self, reference: Reference, module: LoadedModule) -> Typed | None:
        last = reference.parts[-1].text
        if len(reference.parts) == 1 and not reference.wildcard:
            if last in self._dimensions:
                return Typed(Measure(name=last), self._dimensions[last], reference.span)
            if last not in module.constants:
                known = (*self._dimensions, *module.constants)
                self._report.add(
                    "E0201",
                    "unknown name",
                    reference.span,
                    "neither a measure nor a constant has this name",
                    **correction(
                        reference.span, known, f"the measures are {', '.join(self._dimensions)}"
                    ),
                )
                return None
        elif last in self._dimensions:
            return self._measure_of(reference, module)
        return self._literal(reference, module)

    def _measure_of(self, reference: Reference, module: LoadedModule) -> Typed | None:
        """`strategy.big.accuracy`: a measure of one strategy."""
        found = resolve(reference, module, self._report, kind="strategy")
        if not isinstance(found, Member) or found.declaration.kind != "strategy":
            if isinstance(found, Member | Declaration):
                self._report.add(
                    "E0302", "wrong type", reference.span, "only a strategy has measures"
                )
            return None
        name = found.attribute.text
        measure = Measure(name=name, strategy=found.declaration.name)
        return Typed(measure, self._dimensions[name], reference.span)

    def _literal(self, expression: Expression, module: LoadedModule) -> Typed | None:
        value = self._evaluator.value(expression, module)
        if value is None:
            return None
        if not isinstance(value.content, Quantity):
            self._report.add(
                "E0302",
                "wrong type",
                expression.span,
                f"this is {describe(value.content)}, not a quantity",
            )
            return None
        return Typed(Literal(quantity=value.content), value.content.dimension, expression.span)

    def _operation(self, expression: Binary, module: LoadedModule) -> Typed | None:
        left = self.typed(expression.left, module)
        right = self.typed(expression.right, module)
        if left is None or right is None:
            return None
        if isinstance(left.formula, Literal) and isinstance(right.formula, Literal):
            result = self._evaluator.compute(
                expression, left.formula.quantity, right.formula.quantity
            )
            if result is None:
                return None
            return Typed(Literal(quantity=result), result.dimension, expression.span)
        operator = expression.operator
        try:
            match operator:
                case "+":
                    dimension = left.dimension + right.dimension
                case "-":
                    dimension = left.dimension - right.dimension
                case "*":
                    dimension = left.dimension * right.dimension
                case _:
                    dimension = left.dimension / right.dimension
        except DimensionMismatch as mismatch:
            words = "cannot add" if operator == "+" else "cannot subtract"
            self._mismatch(words, mismatch, left, right, "and")
            return None
        formula = Operation(operator=operator, left=left.formula, right=right.formula)
        return Typed(formula, dimension, expression.span)


def _is_bare(side: Typed) -> bool:
    """A number that was written without a unit."""
    return isinstance(side.formula, Literal) and side.formula.quantity.unit == ""
