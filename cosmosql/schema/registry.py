"""Extensions by name: the built-in table and the entry-point group `cosmosql.extensions`.

An entry point is named `KIND.NAME` (`retriever.colbert`) and points to a module that exposes
`EXTENSION`, or to the `Extension` itself. Names are known without importing anything; describing
one imports its light module; loading one imports its implementation.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module

from cosmosql.diagnostics.diagnostic import Diagnostic, InputError, Label, reject
from cosmosql.diagnostics.suggest import closest, correction
from cosmosql.schema.builtin import BUILTIN
from cosmosql.schema.fields import Extension
from cosmosql.schema.kinds import Kind
from cosmosql.schema.plugins import entry_points
from cosmosql.source import Span

ENTRY_POINT_GROUP = "cosmosql.extensions"


@cache
def _places() -> dict[tuple[str, str], str]:
    """`module` or `module:attribute` of every extension by (kind, name); built-in ones win."""
    places: dict[tuple[str, str], str] = {}
    for point in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda point: point.name):
        kind, _, name = point.name.partition(".")
        places[kind, name] = point.value
    places.update({(kind, name): module for kind, name, module in BUILTIN})
    return places


def plugin_versions() -> tuple[str, ...]:
    """Name and version of every other package that brings extensions, sorted."""
    packages = (point.dist for point in entry_points(group=ENTRY_POINT_GROUP))
    return tuple(sorted({f"{one.name} {one.version}" for one in packages if one is not None}))


def names(kind: str) -> tuple[str, ...]:
    """The names that `using` (or `metric =`) may give for a kind, sorted."""
    return tuple(sorted(name for owner, name in _places() if owner == kind))


def implementations(kind: Kind) -> tuple[str, ...]:
    """All that `using` may say of a kind, sorted; empty where it takes no `using`."""
    return tuple(sorted({*kind.words, *(names(kind.name) if kind.plugged else ())}))


def extension(kind: str, name: str, *, span: Span | None = None) -> Extension:
    """What a plug-in says of itself; raises InputError E0501 where there is none of that name."""
    place = _places().get((kind, name))
    if place is None:
        known = names(kind)
        label = f"no {kind} extension has this name"
        listed = f"{kind} extensions installed here: {', '.join(known) or 'none'}"
        if span is not None:
            advice = correction(span, known, listed, word=name)
            reject("E0501", "unknown extension", span=span, label=label, **advice)
        nearest = closest(name, known)
        help = f"did you mean `{nearest}`?" if nearest else listed
        reject("E0501", "unknown extension", label=label, help=help)
    module, _, attribute = place.partition(":")
    found = _import(module, attribute or "EXTENSION", extra=None, span=span)
    if not isinstance(found, Extension):
        raise TypeError(f"{place} is a {type(found).__name__}, not an Extension")
    return found


def load(extension: Extension, *, span: Span | None = None) -> object:
    """The implementation behind an extension, made where it is a class; raises InputError E0502
    with the install line."""
    module, _, attribute = extension.implementation.partition(":")
    found = _import(module, attribute, extra=extension.extra, span=span)
    return found() if isinstance(found, type) else found


def _import(module: str, attribute: str, *, extra: str | None, span: Span | None) -> object:
    try:
        return getattr(import_module(module), attribute)
    except ImportError as error:
        missing = error.name or module
        raise missing_package(missing, extra=extra, span=span) from error


def missing_package(package: str, *, extra: str | None, span: Span | None = None) -> InputError:
    """E0502: a package that an extension needs is not installed, with the line that installs it."""
    install = f"pip install 'cosmosql[{extra}]'" if extra else f"pip install {package}"
    return InputError(
        [
            Diagnostic(
                code="E0502",
                title="cannot load an extension",
                labels=(Label(span, "this needs a package that is not installed"),) if span else (),
                notes=(f"the missing package is `{package}`",),
                help=f"install it: {install}",
            )
        ]
    )
