"""Collecting diagnostics: every mistake once, in the order of the text."""

from __future__ import annotations

from collections.abc import Iterable

from cosmosql.diagnostics.diagnostic import Diagnostic, Fix, Label, Severity
from cosmosql.diagnostics.suggest import closest
from cosmosql.source import Span


class Report:
    """What was found so far. A finding with the code and place of an earlier one is dropped."""

    def __init__(self) -> None:
        self._found: dict[tuple[object, ...], Diagnostic] = {}

    def add(
        self,
        code: str,
        title: str,
        span: Span,
        label: str = "",
        *,
        others: Iterable[Label] = (),
        notes: tuple[str, ...] = (),
        help: str | None = None,
        fix: Fix | None = None,
    ) -> None:
        found = Diagnostic(
            code=code,
            title=title,
            labels=(Label(span, label), *others),
            notes=notes,
            help=help,
            fix=fix,
        )
        self.extend([found])

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        for item in diagnostics:
            place = item.labels[0].span if item.labels else None
            where = (place.source.name, place.start, place.end) if place else item.notes
            self._found.setdefault((item.code, where, item.notes if item.notes else ()), item)

    @property
    def failed(self) -> bool:
        return any(item.severity is Severity.ERROR for item in self._found.values())

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All findings: files in the order of their first finding, then by place."""
        files: dict[str, int] = {}
        for item in self._found.values():
            if item.labels:
                files.setdefault(item.labels[0].span.source.name, len(files))

        def place(item: Diagnostic) -> tuple[int, int]:
            if not item.labels:
                return (len(files), 0)
            span = item.labels[0].span
            return (files[span.source.name], span.start)

        return tuple(sorted(self._found.values(), key=place))


def suggestion(word: str, known: Iterable[str], otherwise: str | None = None) -> str | None:
    """The help line for a mistyped name."""
    nearest = closest(word, known)
    return f"did you mean `{nearest}`?" if nearest else otherwise
