"""Collecting diagnostics: every mistake once, in the order of the text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from cosmosql.diagnostics.diagnostic import Diagnostic, Fix, Label, Severity
from cosmosql.diagnostics.suggest import closest
from cosmosql.source import Span

VALUES = "E03"
"""What codes on types, units and ranges start with."""


MOST_COMPARED = 200_000
"""Known names that unknown ones are compared with, in all. Nobody reads the thousandth
did-you-mean, and a file full of unknown names stays cheap."""


MOST_PLACES = 20
"""Places that a finding names beside its own: a circle can lead through thousands."""


class Report:
    """What was found so far. A finding with the code and place of an earlier one is dropped."""

    def __init__(self) -> None:
        self._found: dict[tuple[object, ...], Diagnostic] = {}
        self._definitions: dict[tuple[str, int, int], Span] = {}
        self._comparisons_left = MOST_COMPARED

    def told(self, code: str, span: Span) -> bool:
        """True where a finding of that code and place, without notes, is there already."""
        return (code, (span.source.name, span.start, span.end), ()) in self._found

    def comparable(self, known: Iterable[str]) -> list[str]:
        """The known names, for a finding that suggests one of them; none from the finding on that
        would be too many."""
        if self._comparisons_left <= 0:
            return []
        names = list(known)
        self._comparisons_left -= len(names)
        return names

    def defined(self, use: Span, definition: Span) -> None:
        """Remembers where the value of a name is said, for findings on its use."""
        self._definitions[use.source.name, use.start, use.end] = definition

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
        labels = (Label(span, label), *islice(others, MOST_PLACES))
        if code.startswith(VALUES):
            labels += tuple(self._said(labels))
        found = Diagnostic(
            code=code,
            title=title,
            labels=labels,
            notes=notes,
            help=help,
            fix=fix,
        )
        self.extend([found])

    def _said(self, labels: Iterable[Label]) -> Iterator[Label]:
        for label in labels:
            span = label.span
            place = self._definitions.get((span.source.name, span.start, span.end))
            if place is not None:
                yield Label(place, "its value is said here")

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        for item in diagnostics:
            place = item.labels[0].span if item.labels else None
            where = (place.source.name, place.start, place.end) if place else item.notes
            self._found.setdefault((item.code, where, item.notes), item)

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
