"""A declaration, flat and read against its kind and the extension behind its `using`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from cosmosql.diagnostics.diagnostic import InputError
from cosmosql.model.attributes import Alternatives, AttributeReader, Read
from cosmosql.model.boundary import Boundary, outside
from cosmosql.model.evaluate import Evaluator
from cosmosql.model.extend import Flat
from cosmosql.model.names import Declaration
from cosmosql.model.program import OptionValue
from cosmosql.model.report import Report, suggestion
from cosmosql.schema import registry
from cosmosql.schema.fields import Extension, Field, FieldType
from cosmosql.schema.kinds import KINDS
from cosmosql.source import Span
from cosmosql.units import Quantity

Values = Mapping[str, Read]


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


class BlockReader:
    """Reads declarations of every kind; what is wrong is reported."""

    def __init__(self, evaluator: Evaluator) -> None:
        self.evaluator = evaluator
        self.report = evaluator.report
        self._attributes = AttributeReader(evaluator)

    def read(self, declaration: Declaration) -> Block | None:
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
            values = self._attributes.read(
                flat.attributes, fields, place=declaration.block.name.span, owner=owner
            )
        sections: dict[str, Values] = {}
        for section in kind.sections:
            owned = flat.sections.get(section.name)
            if owned is not None:
                found = self._attributes.read(
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


def own_options(block: Block, extension: Extension) -> tuple[Path, dict[str, OptionValue]]:
    """The extension's own options but for its facts, and the directory at which their paths start.

    That is the directory of the file that wrote them: an inherited path keeps its meaning.
    """
    paths: dict[str, Path] = {}
    for field in extension.options:
        owned = block.flat.attributes.get(field.name)
        directory = owned.module.directory if owned else None
        if directory and any(_is_path(field, name, directory) for name in block.names(field.name)):
            paths[field.name] = directory
    root = next(iter(paths.values()), block.flat.declaration.module.directory)
    options: dict[str, OptionValue] = {}
    for field in extension.options:
        value = block.values.get(field.name)
        if value is None or field.fact:
            continue
        option = option_value(cast("OptionValue", value))
        home = paths.get(field.name, root)
        options[field.name] = option if home == root else _moved(option, home, root)
    return root, options


def own_facts(block: Block, extension: Extension) -> dict[str, OptionValue]:
    """What the declaration says about the thing, without any effect on what it does."""
    return {
        field.name: option_value(block.values[field.name])
        for field in extension.options
        if field.fact and field.name in block.values
    }


def contained(block: Block, extension: Extension, boundary: Boundary, report: Report) -> bool:
    """True where every path among the extension's options stays inside; E0206 is reported."""
    right = True
    for field in extension.options:
        owned = block.flat.attributes.get(field.name)
        if owned is None or field.type is not FieldType.PATH:
            continue
        for written in block.names(field.name):
            if written in boundary.trusted.named:
                continue
            path = owned.module.directory / (Path(written).expanduser() if field.hub else written)
            way_out = boundary.way_out(path)
            if way_out is not None:
                right = False
                report.extend([outside(path, way_out, owned.attribute.value.span)])
    return right


def _is_path(field: Field, written: str, directory: Path) -> bool:
    """True where a value is a path and not the id of something on a hub."""
    if field.type is not FieldType.PATH:
        return False
    return not field.hub or written.startswith(("./", "../", "~")) or (directory / written).is_dir()


def _moved(option: OptionValue, home: Path, root: Path) -> OptionValue:
    """A path (or several) that starts at `home`, rewritten to start at `root`."""
    if isinstance(option, tuple):
        return tuple(os.path.relpath(home / str(item), root) for item in option)
    return os.path.relpath(home / str(option), root)


def option_value(value: object) -> OptionValue:
    """An option as plain data; a quantity becomes its canonical text."""
    if isinstance(value, Quantity):
        return str(value)
    if isinstance(value, tuple):
        return tuple(str(item) if isinstance(item, Quantity) else item for item in value)
    return cast("OptionValue", value)
