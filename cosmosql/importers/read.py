"""A configuration file to a draft: YAML with unknown tags kept, then the tool that knows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from cosmosql.diagnostics.diagnostic import Diagnostic, InputError, reject
from cosmosql.importers.draft import Draft
from cosmosql.syntax.parse import MAXIMUM_BYTES, decode

TOOLS: Mapping[str, str] = {
    "axolotl": "cosmosql.importers.axolotl",
    "promptfoo": "cosmosql.importers.promptfoo",
    "lm-eval": "cosmosql.importers.lm_eval",
}
"""The tools by name, in the order in which they are asked whether a file is theirs."""

MOST_CHARACTERS = 5 * MAXIMUM_BYTES
CHARACTERS_OF_A_VALUE = 8
"""Of a document with every alias written out; what a value in a list counts for at least."""

MISTAGGED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What PyYAML raises for a value that is not what its tag says: `!!bool often`."""


class Importer(Protocol):
    """What a tool's module exposes."""

    def recognises(self, document: Mapping[str, Any]) -> bool:
        """True where the keys are the tool's."""
        ...

    def draft(self, document: Mapping[str, Any], path: Path) -> Draft:
        """The spec that the configuration amounts to; nothing in a document makes it raise."""
        ...


def read(path: Path) -> Draft:
    """The draft of a configuration file. Raises InputError: E0101 and E0109 where it cannot be
    read, E0502 without PyYAML, E0540 where it is no YAML mapping, E0541 where no tool knows it."""
    document = _document(path)
    for module in TOOLS.values():
        importer = cast(Importer, import_module(module))
        if importer.recognises(document):
            return importer.draft(document, path)
    reject(
        "E0541",
        "a configuration of no known tool",
        notes=(f"`{path.name}` has the keys {_keys(document)}",),
        help=f"files of these tools are read: {', '.join(TOOLS)}",
    )


def _document(path: Path) -> Mapping[str, Any]:
    source = decode(path)
    if isinstance(source, Diagnostic):
        raise InputError([replace(source, help="name a configuration in YAML or JSON")])
    try:
        import yaml
    except ImportError as error:
        from cosmosql.schema.registry import missing_package

        raise missing_package("PyYAML", extra="import") from error

    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        """Safe: a tag that it does not know, such as `!function`, becomes a text, never code."""

        def construct_scalar(self, node: yaml.Node) -> Any:
            return _whole_letters(super().construct_scalar(node))

    def tagged(_: Loader, tag: str, node: yaml.Node) -> str:
        return f"{tag} {node.value}" if isinstance(node, yaml.ScalarNode) else tag

    Loader.add_multi_constructor("", tagged)
    try:
        document = yaml.load(source.text, Loader=Loader)
    except (yaml.YAMLError, RecursionError, *MISTAGGED) as error:
        mark = getattr(error, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark is not None else ""
        reject(
            "E0540",
            "no YAML mapping",
            notes=(f"`{path.name}`{place}: {getattr(error, 'problem', None) or 'cannot be read'}",),
            help="name a configuration in YAML or JSON",
        )
    if not isinstance(document, Mapping) or not document:
        reject(
            "E0540",
            "no YAML mapping",
            notes=(f"`{path.name}` holds {type(document).__name__}, not keys with values",),
            help="name a configuration in YAML or JSON",
        )
    if not _unfolds(document):
        reject(
            "E0540",
            "no YAML mapping",
            notes=(f"`{path.name}`: with its aliases written out it has no end, or is too long",),
            help="write out what `*` stands for",
        )
    return {str(key): value for key, value in document.items()}


def _whole_letters(value: Any) -> Any:
    """A text with each pair of surrogates, as JSON writes what is beyond U+FFFF, as one letter."""
    if not isinstance(value, str) or value.isascii():
        return value
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _unfolds(document: Mapping[str, Any]) -> bool:
    """True where a document with every alias written out is of a sensible length."""
    waiting: list[Any] = [document]
    left = MOST_CHARACTERS
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            left -= len(value)
        elif isinstance(value, Mapping | list | tuple | set):
            left -= CHARACTERS_OF_A_VALUE * len(value)
        if left < 0:
            return False
        if isinstance(value, Mapping):
            waiting += [*value, *value.values()]
        elif isinstance(value, list | tuple | set):
            waiting += value
    return True


def _keys(document: Mapping[str, Any]) -> str:
    shown = sorted(document)[:8]
    return ", ".join(f"`{key}`" for key in shown) + (" …" if len(document) > len(shown) else "")
