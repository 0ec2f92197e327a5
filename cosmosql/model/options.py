"""The options of an extension as plain data, with the directory at which their paths start."""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

from cosmosql.model.blocks import Block
from cosmosql.model.boundary import Boundary, outside
from cosmosql.model.program import OptionValue
from cosmosql.model.report import Report
from cosmosql.schema.fields import Extension, Field, FieldType
from cosmosql.units import Quantity


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
