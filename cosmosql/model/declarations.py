"""Declarations other than queries: a flat block to the value that `program.py` has for its kind."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import cast

from cosmosql.model.attributes import Alternatives
from cosmosql.model.blocks import (
    Block,
    BlockReader,
    contained,
    option_value,
    own_facts,
    own_options,
)
from cosmosql.model.boundary import Boundary
from cosmosql.model.evaluate import Evaluator
from cosmosql.model.extend import OwnedClause
from cosmosql.model.names import Declaration, resolve
from cosmosql.model.program import (
    Budget,
    Dataset,
    Escalation,
    Hardware,
    Model,
    OptionValue,
    Policy,
    Price,
    Probe,
    Retriever,
    Roles,
    Strategy,
    Task,
)
from cosmosql.model.report import Report, suggestion
from cosmosql.schema.kinds import RISING
from cosmosql.syntax.tree import Binary, EscalateClause, Reference
from cosmosql.units import Quantity

DEFAULT_METRIC = {
    "classify": "accuracy",
    "choose": "accuracy",
    "generate": "exact_match",
    "extract": "exact_match",
}
MODELLESS = "baseline"
"""The strategy that adapts no model."""


class DeclarationBinder:
    """Binds declarations of every kind but query; None after reporting mistakes."""

    def __init__(self, evaluator: Evaluator, boundary: Boundary) -> None:
        self.evaluator = evaluator
        self.report: Report = evaluator.report
        self._blocks = BlockReader(evaluator)
        self._boundary = boundary

    def _plugged(self, declaration: Declaration) -> Block | None:
        """A declaration behind which an extension stands, the paths of its options inside."""
        block = self._blocks.read(declaration)
        if block is None or block.extension is None:
            return None
        inside = contained(block, block.extension, self._boundary, self.report)
        return block if inside else None

    def dataset(self, declaration: Declaration) -> Dataset | None:
        block = self._plugged(declaration)
        if block is None or block.extension is None:
            return None
        root, options = own_options(block, block.extension)
        roles = dict(block.sections.get("roles", {}))
        column = roles.pop("column", None)
        amounts = cast("dict[str, int | float]", roles)
        shares = sum(amount for amount in amounts.values() if isinstance(amount, float))
        if shares > 1 + 1e-9:
            section = block.flat.sections["roles"]
            self.report.add(
                "E0304",
                "out of range",
                section.name.span,
                f"the shares add up to {shares:.0%}",
                help="shares add up to 100% at most",
            )
            return None
        return Dataset(
            name=block.name,
            doc=block.doc,
            span=block.span,
            using=block.using,
            options=options,
            roles=Roles(column=None if column is None else str(column), amounts=amounts),
            group=block.optional("group"),
            identifier=block.optional("id"),
            stays_local=block.text("stays") == "local",
            root=root,
        )

    def task(self, declaration: Declaration) -> Task | None:
        block = self._blocks.read(declaration)
        if block is None:
            return None
        choices = block.optional("choices")
        if (block.using == "choose") != (choices is not None):
            self.report.add(
                "E0209" if choices is None else "E0203",
                "an attribute is missing" if choices is None else "unknown attribute",
                block.written("choices"),
                "choose needs `choices`" if choices is None else "only `using choose` has it",
                help="`choices` names the column that holds a row's options",
            )
            return None
        labels = block.names("labels")
        repeated = sorted({label for label in labels if labels.count(label) > 1})
        if repeated:
            self.report.add(
                "E0207",
                "declared twice",
                block.written("labels"),
                f"`{repeated[0]}` stands in it twice",
                help="name each label once",
            )
            return None
        return Task(
            name=block.name,
            doc=block.doc,
            span=block.span,
            using=block.using,
            dataset=block.text("data"),
            input=block.text("input"),
            target=block.text("target"),
            choices=choices,
            labels=labels,
            metric=block.optional("metric") or DEFAULT_METRIC[block.using],
            instruction=block.optional("instruction"),
            separator=block.text("separator"),
            max_tokens=cast(int, block.values["max_tokens"]),
        )

    def model(self, declaration: Declaration) -> Model | None:
        block = self._plugged(declaration)
        if block is None or block.extension is None:
            return None
        root, options = own_options(block, block.extension)
        return Model(
            name=block.name,
            doc=block.doc,
            span=block.span,
            using=block.using,
            options=options,
            root=root,
            local=block.extension.local,
            facts=own_facts(block, block.extension),
        )

    def retriever(self, declaration: Declaration) -> Retriever | None:
        block = self._plugged(declaration)
        if block is None or block.extension is None:
            return None
        return Retriever(
            name=block.name,
            doc=block.doc,
            span=block.span,
            using=block.using,
            options=own_options(block, block.extension)[1],
            corpus=block.text("corpus"),
        )

    def strategy(self, declaration: Declaration) -> Strategy | None:
        block = self._plugged(declaration)
        if block is None or block.extension is None:
            return None
        if "model" not in block.values and block.using != MODELLESS:
            self.report.add(
                "E0209",
                "an attribute is missing",
                block.span,
                "this strategy needs `model`",
                help="write `model = …`",
            )
            return None
        sweeps: dict[str, tuple[OptionValue, ...]] = {}
        swept = [
            name
            for name in ("model", "retriever")
            if isinstance(block.values.get(name), Alternatives)
        ]
        for field in block.extension.options:
            value = block.values.get(field.name)
            if isinstance(value, Alternatives):
                swept.append(field.name)
                sweeps[field.name] = tuple(option_value(item) for item in value.values)
            elif value is not None:
                sweeps[field.name] = (option_value(value),)
        return Strategy(
            name=block.name,
            doc=block.doc,
            span=block.span,
            using=block.using,
            models=block.names("model"),
            retrievers=block.names("retriever"),
            hardware=block.optional("on"),
            sweeps=sweeps,
            swept=tuple(swept),
        )

    def policy(self, declaration: Declaration) -> Policy | None:
        block = self._blocks.read(declaration)
        if block is None:
            return None
        over = block.names("stages") if block.using == "cascade" else block.names("over")
        stranger = "over" if block.using == "cascade" else "stages"
        if stranger in block.values:
            self.report.add(
                "E0203",
                "unknown attribute",
                block.written(stranger),
                f"`using {block.using}` has no `{stranger}`",
                help="a cascade has `stages`, other policies have `over`",
            )
            return None
        least = 1 if block.using in ("single", "auto") else 2
        if len(over) < least or len(set(over)) < len(over):
            self.report.add(
                "E0408",
                "a policy that cannot answer",
                block.written("stages" if block.using == "cascade" else "over"),
                f"`using {block.using}` takes at least {least} different strategies",
                help="list each strategy once",
            )
            return None
        clauses = block.flat.clauses.get("escalate", ())
        escalations = [self._escalation(block, clause, over) for clause in clauses]
        if None in escalations:
            return None
        return Policy(
            name=block.name,
            doc=block.doc,
            span=block.span,
            using=block.using,
            over=over,
            signal=block.text("signal"),
            escalations=tuple(item for item in escalations if item is not None),
            options={},
        )

    def _escalation(
        self, block: Block, owned: OwnedClause, over: tuple[str, ...]
    ) -> Escalation | None:
        """`escalate to strategy.big when margin < 1.5`: a later stage, a signal, a number."""
        clause = owned.clause
        assert isinstance(clause, EscalateClause)
        target = resolve(clause.target, owned.module, self.report, kind="strategy")
        if target is None:
            return None
        if block.using != "cascade" or not (
            isinstance(target, Declaration) and target.name in over[1:]
        ):
            self.report.add(
                "E0408",
                "a policy that cannot answer",
                clause.target.span,
                "this is no later stage of the cascade"
                if block.using == "cascade"
                else "only a cascade escalates",
                help="escalate to one of `stages` after the first",
            )
            return None
        condition = clause.condition
        threshold = None
        if isinstance(condition, Binary) and condition.operator == "<":
            threshold = self.evaluator.value(condition.right, owned.module)
        signal = condition.left if isinstance(condition, Binary) else None
        if (
            not isinstance(signal, Reference)
            or threshold is None
            or not isinstance(threshold.content, Quantity)
            or threshold.content.dimension.name != "ratio"
        ):
            self.report.add(
                "E0302",
                "wrong type",
                condition.span,
                "this is no threshold on a signal",
                help="write `when margin < 1.5`",
            )
            return None
        if signal.text not in RISING:
            self.report.add(
                "E0201",
                "unknown name",
                signal.span,
                "no such signal is low where a model is unsure",
                help=suggestion(signal.text, RISING, f"these are: {', '.join(RISING)}"),
            )
            return None
        return Escalation(
            target=target.name, signal=signal.text, threshold=float(threshold.content.base)
        )

    def probe(self, declaration: Declaration) -> Probe | None:
        block = self._blocks.read(declaration)
        if block is None:
            return None
        seeds = block.numbers("seeds")
        if not seeds:
            self.report.add(
                "E0304", "out of range", block.written("seeds"), "a probe needs at least one seed"
            )
            return None
        return Probe(
            name=block.name,
            doc=block.doc,
            span=block.span,
            sizes=tuple(sorted(set(block.numbers("sizes")))),
            shots=tuple(sorted(set(block.numbers("shots")))),
            steps=tuple(sorted(set(block.numbers("steps")))),
            rows=cast(int, block.values["rows"]),
            seeds=tuple(dict.fromkeys(seeds)),
        )

    def budget(self, declaration: Declaration) -> Budget | None:
        block = self._blocks.read(declaration)
        if block is None:
            return None
        meters = {
            name: cast("Mapping[str, Quantity]", block.sections.get(name, {}))
            for name in ("probing", "adaptation", "serving")
        }
        return Budget(name=block.name, doc=block.doc, span=block.span, **meters)

    def price(self, declaration: Declaration) -> Price | None:
        block = self._blocks.read(declaration)
        if block is None or not self._sourced(block):
            return None
        return Price(
            name=block.name,
            doc=block.doc,
            span=block.span,
            input=cast(Quantity, block.values["input"]),
            output=cast(Quantity, block.values["output"]),
            cached_input=block.quantity("cached_input"),
            source=block.text("source"),
            as_of=block.optional("as_of"),
            assumed=cast(bool, block.values["assumed"]),
        )

    def hardware(self, declaration: Declaration) -> Hardware | None:
        block = self._blocks.read(declaration)
        if block is None:
            return None
        if not (self._sourced(block) if "price" in block.values else self._dated(block)):
            return None
        peak = block.quantity("peak_flops")
        return Hardware(
            name=block.name,
            doc=block.doc,
            span=block.span,
            memory=block.quantity("memory"),
            bandwidth=block.quantity("bandwidth"),
            peak_flops=None if peak is None else float(peak.base),
            utilisation=cast(float, block.values["utilisation"]),
            price=block.quantity("price"),
            price_source=block.optional("source"),
            price_as_of=block.optional("as_of"),
            price_assumed=cast(bool, block.values["assumed"]),
        )

    def _sourced(self, block: Block) -> bool:
        """True where a price says its source and, unless it is assumed, its date."""
        wanted = ("source",) if block.values["assumed"] else ("source", "as_of")
        missing = [name for name in wanted if name not in block.values]
        if missing:
            self.report.add(
                "E0209",
                "an attribute is missing",
                block.written("price"),
                f"a price says its {' and its '.join(f'`{name}`' for name in missing)}",
                notes=("a reviewer must be able to tell where a price is from and how old it is",),
                help='write `source = "our contract"` and `as_of = "2026-01-31"`; a price that '
                "nobody lists says `assumed = true` in place of a date",
            )
        return not missing and self._dated(block)

    def _dated(self, block: Block) -> bool:
        """True where `as_of`, if written, is a date."""
        text = block.optional("as_of")
        if text is None:
            return True
        try:
            datetime.date.fromisoformat(text)
        except ValueError:
            self.report.add(
                "E0302",
                "wrong type",
                block.written("as_of"),
                "this is no date",
                help='write the year first: `as_of = "2026-01-31"`',
            )
            return False
        return True
