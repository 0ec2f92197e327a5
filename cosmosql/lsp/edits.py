"""Changes of a file that the server proposes: fixes of findings, and the canonical form."""

from __future__ import annotations

from collections.abc import Iterable

from cosmosql.diagnostics.diagnostic import Diagnostic, Fix
from cosmosql.lsp.workspace import Snapshot
from cosmosql.mend import not_touching
from cosmosql.model.silence import SILENCEABLE
from cosmosql.source import Span


def fix_title(diagnostic: Diagnostic, fix: Fix) -> str:
    """What a fix does, in a few words."""
    old, new = _short(fix.span.text), _short(fix.replacement)
    if not new:
        return f"{diagnostic.code}: remove `{old}`"
    if not old:
        return f"{diagnostic.code}: write `{new}`"
    return f"{diagnostic.code}: replace `{old}` with `{new}`"


def all_fixes(diagnostics: Iterable[Diagnostic], text: str) -> tuple[Fix, ...]:
    """The fixes in one file that do not touch each other, in the order of its text."""
    own = [item for item in diagnostics if item.fix and item.fix.span.source.text == text]
    return tuple(fix for _, fix in not_touching(own))


def silencing(diagnostic: Diagnostic) -> Fix | None:
    """The comment that allows a warning where it was found, for the author to say why; None for
    what cannot be silenced."""
    if diagnostic.code not in SILENCEABLE or not diagnostic.labels:
        return None
    span = diagnostic.labels[0].span
    source = span.source
    number, _ = source.position(span.start)
    line = source.line(number)
    indent = line[: len(line) - len(line.lstrip(" \t"))]
    while number > 1 and source.line(number - 1).lstrip(" \t").startswith("#"):
        number -= 1
    start = source.line_starts[number - 1]
    return Fix(Span(source, start, start), f"{indent}# allow {diagnostic.code}: \n")


def formatted(snapshot: Snapshot) -> Fix | None:
    """The whole text in its canonical form; None where it has it, or where it does not parse."""
    module = snapshot.module
    if module is None or module.damaged:
        return None
    from cosmosql.syntax.format import format_source

    source = module.tree.source
    result = format_source(source)
    return None if result == source.text else Fix(Span(source, 0, len(source.text)), result)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 40 else f"{line[:39]}…"
