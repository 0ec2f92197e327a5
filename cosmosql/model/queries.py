"""`query … { for … among … measure … maximize … require … decide … }` to a Query."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TypeVar

from cosmosql.diagnostics.diagnostic import Fix, Label
from cosmosql.diagnostics.suggest import Correction
from cosmosql.model.blocks import BlockReader
from cosmosql.model.evaluate import Evaluator
from cosmosql.model.extend import Flat, OwnedClause
from cosmosql.model.formulas import FormulaBinder, Typed
from cosmosql.model.modules import LoadedModule
from cosmosql.model.names import Declaration, resolve, wildcard
from cosmosql.model.program import (
    Budget,
    Declared,
    Literal,
    Measure,
    Objective,
    Program,
    Query,
    Requirement,
)
from cosmosql.model.values import describe
from cosmosql.source import Span
from cosmosql.syntax.tree import (
    AmongClause,
    Binary,
    DecideClause,
    Expression,
    ForClause,
    MeasureClause,
    ObjectiveClause,
    Reference,
    RequireClause,
)
from cosmosql.units import DIFFERENCE, RATIO, Quantity

CONFIDENCE = Decimal("0.9")
TOLERANCE = Decimal("0.01")
STANDARD_PROBE = "ladder"
COMPARISONS = ("<", "<=", ">", ">=")

METERED: Mapping[str, str] = {
    "money": "money",
    "time": "wall",
    "GPU time": "accelerator",
    "tokens": "tokens",
    "requests": "requests",
    "labels": "labels",
}
"""The probing meter that an amount of a dimension limits: `within 3 USD`."""

METER_MEASURES: Mapping[tuple[str, str], str] = {
    ("adaptation", "money"): "adapt_cost",
    ("adaptation", "labels"): "labels",
    ("serving", "money"): "serve_cost",
    ("serving", "wall"): "latency",
}
"""The measure that a budget's meter is a requirement on."""

Bound = TypeVar("Bound", bound=Declared)


class QueryBinder:
    """Binds the spec's queries against everything that is bound already."""

    def __init__(self, evaluator: Evaluator, program: Program, probes: LoadedModule) -> None:
        self.evaluator = evaluator
        self.report = evaluator.report
        self.program = program
        self._probes = probes
        self._blocks = BlockReader(evaluator)

    def query(self, declaration: Declaration) -> Query | None:
        """The query, without the parts that are wrong and were reported; None where its task, its
        candidates or its objective is one of them."""
        self._blocks.read(declaration)
        flat = self.evaluator.flattener.flat(declaration)
        span = declaration.block.name.span
        self._once(flat)
        task = self._task(flat)
        among = self._among(flat)
        strategies, policies = among or ((), ())
        probe, budget = self._measure(flat, span)
        formulas = FormulaBinder(self.evaluator, self._currency(strategies, policies, budget))
        objective = self._objective(flat, formulas)
        requirements = tuple(
            requirement
            for owned in flat.clauses.get("require", ())
            if (requirement := self._requirement(owned, formulas)) is not None
        )
        tolerance, confidence = self._decide(flat)
        decided = flat.clauses.get("decide", ())[:1]
        if task is None or among is None or objective is None:
            return None
        return Query(
            name=declaration.name,
            doc=flat.doc,
            span=span,
            task=task,
            strategies=strategies,
            policies=policies,
            probe=probe,
            budget=budget,
            objective=objective,
            requirements=(*requirements, *metered(budget)),
            tolerance=tolerance,
            decided=decided[0].clause.span if decided else None,
            confidence=confidence,
        )

    def _once(self, flat: Flat) -> None:
        for word, clauses in flat.clauses.items():
            if word != "require":
                for owned in clauses[1:]:
                    self.report.add(
                        "E0207",
                        "declared twice",
                        owned.clause.span,
                        "the query says this already",
                        others=[Label(clauses[0].clause.span, "here")],
                        help="keep one of the two",
                    )

    def _missing(self, flat: Flat, clause: str) -> None:
        if flat.partial:
            return
        self.report.add(
            "E0209",
            "an attribute is missing",
            flat.declaration.block.name.span,
            f"the query has no `{clause.split()[0]}` clause",
            help=f"write `{clause}`",
        )

    def _task(self, flat: Flat) -> str | None:
        for owned in flat.clauses.get("for", ()):
            assert isinstance(owned.clause, ForClause)
            return self._name(owned.clause.task, owned.module, "task")
        self._missing(flat, "for task.…")
        return None

    def _name(self, reference: Reference, module: LoadedModule, kind: str) -> str | None:
        """The reference of a declaration of the kind; None after reporting."""
        found = resolve(reference, module, self.report, kind=kind)
        if isinstance(found, Declaration) and found.kind == kind:
            return found.name
        if found is not None:
            self._wrong(reference.span, f"this is no {kind}")
        return None

    def _wrong(
        self, span: Span, label: str, help: str | None = None, fix: Fix | None = None
    ) -> None:
        self.report.add("E0302", "wrong type", span, label, help=help, fix=fix)

    def _among(self, flat: Flat) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
        """Strategies and policies; None where nothing is left after reporting mistakes."""
        clauses = flat.clauses.get("among", ())
        if not clauses:
            self._missing(flat, "among strategy.*")
            return None
        found: dict[str, list[str]] = {"strategy": [], "policy": []}
        wrong = False
        for owned in clauses[:1]:
            assert isinstance(owned.clause, AmongClause)
            for reference in owned.clause.candidates:
                declared = self._candidates(reference, owned.module)
                wrong = wrong or declared is None
                for item in declared or ():
                    found[item.kind].append(item.name)
        if wrong and not any(found.values()):
            return None
        return tuple(dict.fromkeys(found["strategy"])), tuple(dict.fromkeys(found["policy"]))

    def _candidates(
        self, reference: Reference, module: LoadedModule
    ) -> tuple[Declaration, ...] | None:
        if reference.wildcard:
            listed = wildcard(reference, module, self.report)
            if listed is None:
                return None
            kind, declarations = listed
        else:
            found = resolve(reference, module, self.report, kind="strategy")
            if found is None:
                return None
            kind = found.kind if isinstance(found, Declaration) else ""
            declarations = (found,) if isinstance(found, Declaration) else ()
        if kind not in ("strategy", "policy"):
            self._wrong(reference.span, "this is neither a strategy nor a policy")
            return None
        return declarations

    def _measure(self, flat: Flat, span: Span) -> tuple[str, Budget]:
        """The probe and the budget; what is left out or wrong is the standard one, or none."""
        standard = Declaration(self._probes, self._probes.blocks["probe", STANDARD_PROBE]).name
        probe: str | None = None
        budget: Budget | None = None
        for owned in flat.clauses.get("measure", ())[:1]:
            clause = owned.clause
            assert isinstance(clause, MeasureClause)
            if clause.probe is not None:
                probe = self._name(clause.probe, owned.module, "probe")
            if clause.budget is not None:
                budget = self._budget(clause.budget, owned.module, flat)
        return probe or standard, budget or self._anonymous(flat, span, {})

    def _budget(self, expression: Expression, module: LoadedModule, flat: Flat) -> Budget | None:
        """A declared budget, or an anonymous one for an amount of money or time."""
        if isinstance(expression, Reference) and (
            len(expression.parts) > 1 or expression.text not in module.constants
        ):
            name = self._name(expression, module, "budget")
            return None if name is None else self.program.budgets.get(name)
        value = self.evaluator.value(expression, module)
        if value is None:
            return None
        if isinstance(value.content, Quantity) and value.content.dimension.name in METERED:
            meter = METERED[value.content.dimension.name]
            if value.content.value < 0:
                self._range(expression.span, "nothing can be measured within less than nothing")
                return None
            return self._anonymous(flat, expression.span, {meter: value.content})
        self._wrong(
            expression.span,
            f"this is {describe(value.content)}",
            "`within` takes a budget, or an amount such as `3 USD` or `20 min`",
        )
        return None

    def _anonymous(self, flat: Flat, span: Span, probing: Mapping[str, Quantity]) -> Budget:
        return Budget(
            name=f"{flat.declaration.name}.budget",
            doc=None,
            span=span,
            probing=probing,
            adaptation={},
            serving={},
        )

    def _currency(
        self,
        strategies: tuple[str, ...],
        policies: tuple[str, ...],
        budget: Budget,
    ) -> str:
        """The currency in which the query's candidates are priced; USD where nothing says it."""
        used = [*strategies]
        used += [
            name
            for policy in policies
            if policy in self.program.policies
            for name in self.program.policies[policy].over
        ]
        places = [
            self.program.strategies[name].hardware
            for name in used
            if name in self.program.strategies
        ]
        prices = [
            self.program.hardware[place].price
            for place in places
            if place is not None and place in self.program.hardware
        ]
        models = [
            self.program.models.get(model)
            for name in used
            if name in self.program.strategies
            for model in self.program.strategies[name].models
        ]
        endpoints = [self.program.prices.get(one.price or "") for one in models if one is not None]
        prices += [one.input for one in endpoints if one is not None]
        prices += [*budget.probing.values(), *budget.adaptation.values()]
        prices += [model.cost for model in models if model is not None]
        prices += [
            self.program.policies[name].defer for name in policies if name in self.program.policies
        ]
        currencies = (price.dimension.currency for price in prices if price is not None)
        return next((currency for currency in currencies if currency), "USD")

    def _objective(self, flat: Flat, formulas: FormulaBinder) -> Objective | None:
        for owned in flat.clauses.get("objective", ()):
            clause = owned.clause
            assert isinstance(clause, ObjectiveClause)
            typed = formulas.typed(clause.expression, owned.module)
            if typed is None:
                return None
            if isinstance(typed.formula, Literal):
                self._wrong(clause.expression.span, "this is the same for every candidate")
                return None
            return Objective(
                direction=clause.direction,
                formula=typed.formula,
                text=clause.expression.span.text,
            )
        self._missing(flat, "maximize accuracy")
        return None

    def _requirement(self, owned: OwnedClause, formulas: FormulaBinder) -> Requirement | None:
        clause = owned.clause
        assert isinstance(clause, RequireClause)
        confidence = self._confidence(clause.confidence, owned.module, CONFIDENCE)
        condition = clause.condition
        if not isinstance(condition, Binary) or condition.operator not in COMPARISONS:
            self._wrong(
                condition.span,
                "this compares nothing",
                "write `require accuracy >= 80%`; the comparisons are `< <= > >=`",
            )
            return None
        sides: list[Typed | None] = [
            formulas.typed(side, owned.module) for side in (condition.left, condition.right)
        ]
        left, right = sides
        if left is None or right is None:
            return None
        if not formulas.comparable(left, right, condition) or confidence is None:
            return None
        if not (self._reachable(left, right) and self._reachable(right, left)):
            return None
        return Requirement(
            left=left.formula,
            comparison=condition.operator,
            right=right.formula,
            confidence=confidence,
            text=condition.span.text,
            span=condition.span,
            stated=clause.confidence is not None,
        )

    def _reachable(self, measured: Typed, limit: Typed) -> bool:
        """False after reporting a metric that is compared with what no metric can be, as in
        `accuracy >= 82` without the percent sign."""
        if not isinstance(measured.formula, Measure) or not isinstance(limit.formula, Literal):
            return True
        value = limit.formula.quantity
        if measured.dimension != RATIO or 0 <= value.base <= 1:
            return True
        self.report.add(
            "E0304",
            "out of range",
            limit.span,
            "a metric lies between 0% and 100%",
            **_percent(limit.span, value),
        )
        return False

    def _decide(self, flat: Flat) -> tuple[Decimal, Decimal]:
        """Tolerance and confidence; the defaults where they are left out or wrong."""
        for owned in flat.clauses.get("decide", ())[:1]:
            clause = owned.clause
            assert isinstance(clause, DecideClause)
            confidence = self._confidence(clause.confidence, owned.module, CONFIDENCE)
            tolerance = self._tolerance(clause.tolerance, owned.module)
            return tolerance or TOLERANCE, confidence or CONFIDENCE
        return TOLERANCE, CONFIDENCE

    def _tolerance(self, expression: Expression, module: LoadedModule) -> Decimal | None:
        value = self.evaluator.value(expression, module)
        if value is None:
            return None
        content = value.content
        if not isinstance(content, Quantity) or content.dimension != DIFFERENCE:
            self._wrong(
                expression.span,
                f"this is {describe(content)}",
                "write a difference of ratios: `decide within 1 pp`",
                _points(expression.span),
            )
            return None
        if not 0 < content.base <= 1:
            self._range(expression.span, "a tolerance lies between 0 pp and 100 pp")
            return None
        return content.base

    def _confidence(
        self, expression: Expression | None, module: LoadedModule, default: Decimal
    ) -> Decimal | None:
        if expression is None:
            return default
        value = self.evaluator.value(expression, module)
        if value is None:
            return None
        content = value.content
        if not isinstance(content, Quantity) or content.dimension.name != "ratio":
            self._wrong(expression.span, f"this is {describe(content)}", "write `90%`")
            return None
        if not Decimal("0.5") <= content.base < 1:
            self.report.add(
                "E0304",
                "out of range",
                expression.span,
                "a confidence is at least 50% and below 100%",
                **_percent(expression.span, content),
            )
            return None
        return content.base

    def _range(self, span: Span, label: str) -> None:
        self.report.add("E0304", "out of range", span, label)


def _percent(span: Span, value: Quantity) -> Correction:
    """The percent sign that a ratio above 1 most likely lacks."""
    if value.unit or not 1 < value.base <= 100:
        return {"help": None, "fix": None}
    bare = span.text.replace("_", "").replace(".", "").isdigit()
    return {"help": f"write `{value.base}%`", "fix": Fix(span, f"{span.text}%") if bare else None}


def _points(span: Span) -> Fix | None:
    """A difference written as a ratio: `1%` for `1 pp`."""
    return Fix(span, f"{span.text[:-1].rstrip()} pp") if span.text.endswith("%") else None


def metered(budget: Budget) -> tuple[Requirement, ...]:
    """A requirement for each adaptation and serving meter, at the default confidence."""
    found = []
    for (section, meter), measure in METER_MEASURES.items():
        limit = getattr(budget, section).get(meter)
        if limit is not None:
            found.append(
                Requirement(
                    left=Measure(name=measure),
                    comparison="<=",
                    right=Literal(quantity=limit),
                    confidence=CONFIDENCE,
                    text=f"{measure} <= {limit}",
                    span=budget.span,
                )
            )
    return tuple(found)
