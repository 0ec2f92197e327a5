"""A warning with its place: where the author can mend it."""

from __future__ import annotations

from cosmosql.diagnostics.diagnostic import Diagnostic, Fix, Label
from cosmosql.model.program import Declared
from cosmosql.source import Span


def warning(
    code: str,
    title: str,
    span: Span,
    label: str,
    *others: Label,
    notes: tuple[str, ...] = (),
    help: str | None = None,
    fix: Fix | None = None,
) -> Diagnostic:
    labels = (Label(span, label), *others)
    return Diagnostic(code=code, title=title, labels=labels, notes=notes, help=help, fix=fix)


def is_standard(span: Span) -> bool:
    """True for a place in the standard library, which no author of a spec can change."""
    return span.source.name.startswith("std/")


def own_place(*declared: Declared) -> Declared:
    """The first of these that stands in the author's files; the last one where none does."""
    return next((one for one in declared if not is_standard(one.span)), declared[-1])
