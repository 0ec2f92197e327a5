"""Declarations other than queries: a flat block to the value that `program.py` has for its kind."""

from __future__ import annotations

import datetime
import os
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from cosmosql.diagnostics.diagnostic import InputError
from cosmosql.model.attributes import Alternatives, AttributeReader, Read
from cosmosql.model.evaluate import Evaluator
from cosmosql.model.extend import Flat, OwnedAttribute, OwnedClause
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
from cosmosql.schema import registry
from cosmosql.schema.fields import Extension, Field, FieldType
from cosmosql.schema.kinds import KINDS, SIGNALS
from cosmosql.source import Span
from cosmosql.syntax.tree import Binary, EscalateClause, Reference, Text
from cosmosql.units import Quantity

Values = Mapping[str, Read]

DEFAULT_METRIC = {
    "classify": "accuracy",
    "choose": "accuracy",
    "generate": "exact_match",
    "extract": "exact_match",
}
MODELLESS = "baseline"
"""The strategy that adapts no model."""


class Block:
    """A flat declaration with its attributes and sections read."""

    def __init__(
        self,
        flat: Flat,
        extension: Extension | None,
        values: Values,
        sections: Mapping[str, Values],
    ) -> None:
        self.flat = flat
        self.extension = extension
        self.values = values
        self.sections = sections

    @property
    def name(self) -> str:
        return self.flat.declaration.name

    @property
    def span(self) -> Span:
        return self.flat.declaration.block.name.span

    @property
    def doc(self) -> str | None:
        return self.flat.doc

    @property
    def using(self) -> str:
        return self.flat.using.text if self.flat.using else ""

    def text(self, name: str) -> str:
        return str(self.values[name])

    def optional(self, name: str) -> str | None:
        value = self.values.get(name)
        return None if value is None else str(value)

    def quantity(self, name: str) -> Quantity | None:
        return cast("Quantity | None", self.values.get(name))

    def numbers(self, name: str) -> tuple[int, ...]:
        return cast("tuple[int, ...]", self.values[name])

    def names(self, name: str) -> tuple[str, ...]:
        """The references of an attribute: one, those of a sweep or of a list, or none."""
        value = self.values.get(name)
        match value:
            case None:
                return ()
            case Alternatives(values=values):
                return tuple(str(item) for item in values)
            case tuple():
                return tuple(str(item) for item in value)
            case _:
                return (str(value),)

    def written(self, name: str) -> Span:
        """Where an attribute is written, or the declaration's name where it is not."""
        owned = self.flat.attributes.get(name)
        return owned.attribute.span if owned else self.span


class DeclarationBinder:
    """Binds declarations of every kind but query; None after reporting mistakes."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.reader = AttributeReader(evaluator)
        self.report: Report = evaluator.report

    def dataset(self, declaration: Declaration) -> Dataset | None:
        block = self.block(declaration)
        if block is None or block.extension is None:
            return None
        root, options = self._options(block, block.extension)
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
        block = self.block(declaration)
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
        block = self.block(declaration)
        if block is None or block.extension is None:
            return None
        root, options = self._options(block, block.extension)
        return Model(
            name=block.name,
            doc=block.doc,
            span=block.span,
            using=block.using,
            options=options,
            root=root,
            local=block.extension.local,
        )

    def retriever(self, declaration: Declaration) -> Retriever | None:
        block = self.block(declaration)
        if block is None or block.extension is None:
            return None
        return Retriever(
            name=block.name,
            doc=block.doc,
            span=block.span,
            using=block.using,
            options=self._options(block, block.extension)[1],
            corpus=block.text("corpus"),
        )

    def strategy(self, declaration: Declaration) -> Strategy | None:
        block = self.block(declaration)
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
                sweeps[field.name] = tuple(_option(item) for item in value.values)
            elif value is not None:
                sweeps[field.name] = (_option(value),)
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
        block = self.block(declaration)
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
        if signal.text not in SIGNALS:
            self.report.add(
                "E0201",
                "unknown name",
                signal.span,
                "there is no such signal",
                help=suggestion(signal.text, SIGNALS, f"the signals are {', '.join(SIGNALS)}"),
            )
            return None
        return Escalation(
            target=target.name, signal=signal.text, threshold=float(threshold.content.base)
        )

    def probe(self, declaration: Declaration) -> Probe | None:
        block = self.block(declaration)
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
        block = self.block(declaration)
        if block is None:
            return None
        meters = {
            name: cast("Mapping[str, Quantity]", block.sections.get(name, {}))
            for name in ("probing", "adaptation", "serving")
        }
        return Budget(name=block.name, doc=block.doc, span=block.span, **meters)

    def price(self, declaration: Declaration) -> Price | None:
        block = self.block(declaration)
        if block is None or not self._dated(block):
            return None
        return Price(
            name=block.name,
            doc=block.doc,
            span=block.span,
            input=cast(Quantity, block.values["input"]),
            output=cast(Quantity, block.values["output"]),
            cached_input=block.quantity("cached_input"),
            source=block.text("source"),
            as_of=block.text("as_of"),
        )

    def hardware(self, declaration: Declaration) -> Hardware | None:
        block = self.block(declaration)
        if block is None or not self._dated(block):
            return None
        unsourced = [name for name in ("source", "as_of") if name not in block.values]
        if "price" in block.values and unsourced:
            self.report.add(
                "E0209",
                "an attribute is missing",
                block.written("price"),
                f"a price says its {' and its '.join(f'`{name}`' for name in unsourced)}",
                notes=("a reviewer must be able to tell where a price is from and how old it is",),
                help='write `source = "our contract"` and `as_of = "2026-01-31"`',
            )
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
        )

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

    def block(self, declaration: Declaration) -> Block | None:
        """The declaration flat and read against its kind; None after reporting mistakes."""
        kind = KINDS[declaration.kind]
        flat = self.evaluator.flattener.flat(declaration)
        extension, known = self._implementation(flat)
        self._words(flat)
        right = known
        fields = (*kind.fields, *(extension.options if extension else ()))
        values: Values | None = {}
        if known:
            owner = f"{kind.name} using {flat.using.text}" if flat.using else kind.name
            values = self.reader.read(
                flat.attributes, fields, place=declaration.block.name.span, owner=owner
            )
        sections: dict[str, Values] = {}
        for section in kind.sections:
            owned = flat.sections.get(section.name)
            if owned is not None:
                found = self.reader.read(
                    owned.attributes, section.fields, place=owned.name.span, owner=section.name
                )
                right = right and found is not None
                sections[section.name] = found or {}
        if values is None or not right:
            return None
        return Block(flat, extension, values, sections)

    def _words(self, flat: Flat) -> None:
        """E0203 for each section and clause that the kind has not."""
        kind = KINDS[flat.declaration.kind]
        known = [section.name for section in kind.sections]
        strangers = [
            (name, section.name.span)
            for name, section in flat.sections.items()
            if name not in known
        ]
        strangers += [
            (word, owned.clause.span)
            for word, clauses in flat.clauses.items()
            if word not in kind.clauses
            for owned in clauses
        ]
        for name, span in strangers:
            self.report.add(
                "E0203",
                "unknown attribute",
                span,
                f"a {kind.name} has no `{name}`",
                help=suggestion(name, (*known, *kind.clauses)),
            )

    def _implementation(self, flat: Flat) -> tuple[Extension | None, bool]:
        """What `using` names, and whether that is right for the kind."""
        kind = KINDS[flat.declaration.kind]
        words = registry.names(kind.name) if kind.plugged else kind.words
        if flat.using is None:
            if words:
                self.report.add(
                    "E0212",
                    "missing or misplaced `using`",
                    flat.declaration.block.name.span,
                    f"a {kind.name} says what implements it",
                    help=f"write `using {words[0]}`; there are {', '.join(words)}",
                )
            return None, not words
        if not words:
            self.report.add(
                "E0212",
                "missing or misplaced `using`",
                flat.using.span,
                f"a {kind.name} has no implementations",
                help="leave `using` out",
            )
            return None, False
        try:
            if kind.plugged:
                return registry.extension(kind.name, flat.using.text, span=flat.using.span), True
        except InputError as error:
            self.report.extend(error.diagnostics)
            return None, False
        if flat.using.text not in words:
            self.report.add(
                "E0501",
                "unknown extension",
                flat.using.span,
                f"no {kind.name} is implemented so",
                help=suggestion(flat.using.text, words, f"there are {', '.join(words)}"),
            )
            return None, False
        return None, True

    def _options(self, block: Block, extension: Extension) -> tuple[Path, dict[str, OptionValue]]:
        """The extension's own options, and the directory at which their paths start.

        That is the directory of the file that wrote them: an inherited path keeps its meaning.
        """
        paths = {
            field.name: owned.module.directory
            for field in extension.options
            if (owned := block.flat.attributes.get(field.name)) and _is_path(field, owned)
        }
        root = next(iter(paths.values()), block.flat.declaration.module.directory)
        options: dict[str, OptionValue] = {}
        for field in extension.options:
            value = block.values.get(field.name)
            if value is None:
                continue
            option = _option(cast("OptionValue", value))
            home = paths.get(field.name, root)
            options[field.name] = option if home == root else _moved(option, home, root)
        return root, options


def _is_path(field: Field, owned: OwnedAttribute) -> bool:
    if field.type is FieldType.PATH:
        return True
    value = owned.attribute.value
    if field.type is not FieldType.TEXT or not isinstance(value, Text):
        return False
    written = value.value
    return written.startswith(("./", "../")) or (owned.module.directory / written).is_dir()


def _moved(option: OptionValue, home: Path, root: Path) -> OptionValue:
    """A path (or several) that starts at `home`, rewritten to start at `root`."""
    if isinstance(option, tuple):
        return tuple(os.path.relpath(home / str(item), root) for item in option)
    return os.path.relpath(home / str(option), root)


def _option(value: object) -> OptionValue:
    """An option as plain data; a quantity becomes its canonical text."""
    if isinstance(value, Quantity):
        return str(value)
    if isinstance(value, tuple):
        return tuple(str(item) if isinstance(item, Quantity) else item for item in value)
    return cast("OptionValue", value)
