"""Collecting what is wrong with rows: every finding names the place of a row and shows a little."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Protocol

from cosmosql.data.template import cell_text
from cosmosql.diagnostics.diagnostic import Diagnostic, InputError, Label
from cosmosql.diagnostics.suggest import closest
from cosmosql.source import Span

PER_CODE = 5
"""So many rows are shown for one code; the rest are counted."""

_LONGEST = 60


class Declared(Protocol):
    """What findings point at: a declaration by its attributes."""

    def place(self, attribute: str) -> Span:
        """Where an attribute is written; the declaration's name where it is not."""
        ...


def excerpt(value: object) -> str:
    """The beginning of a text on one line, in quotes.

    >>> excerpt("a\\nb"), len(excerpt("x" * 500))
    ('"a b"', 63)
    """
    text = " ".join(cell_text(value).split())
    return f'"{text}"' if len(text) <= _LONGEST else f'"{text[:_LONGEST]}…"'


class Findings:
    """Diagnostics about one declaration's rows, at most PER_CODE for each code."""

    def __init__(self, declaration: Declared, *, shown: bool = True) -> None:
        self._declaration = declaration
        self.shown = shown
        """False: messages name the place of a row and show nothing of it."""
        self._found: list[Diagnostic] = []
        self._counts: Counter[str] = Counter()

    def add(
        self,
        code: str,
        title: str,
        *,
        at: str = "",
        label: str = "",
        notes: tuple[str, ...] = (),
        help: str | None = None,
    ) -> None:
        """Notes a finding that is about the attribute `at`, or about the whole declaration."""
        self._counts[code] += 1
        if self._counts[code] <= PER_CODE:
            self._found.append(
                Diagnostic(
                    code=code,
                    title=title,
                    labels=(Label(self._declaration.place(at), label),),
                    notes=notes,
                    help=help,
                )
            )

    def wants(self, code: str) -> bool:
        """False where a code was found so often that its next finding is only counted: looking for
        a similar name would be in vain."""
        return self._counts[code] < PER_CODE

    def missing_column(
        self,
        name: str,
        columns: Sequence[str],
        *,
        at: str,
        origin: str,
        values: Mapping[str, object],
    ) -> None:
        """E0510: a row has no such column, which the attribute `at` names."""
        nearest = closest(name, columns) if self.shown else None
        row = ", ".join(f"{key} = {excerpt(value)}" for key, value in list(values.items())[:6])
        self.add(
            "E0510",
            "column missing",
            at=at,
            label=f"`{name}` is no column of these rows" if name not in columns else "",
            notes=(f"{origin}: {row}" if self.shown else origin,),
            help=f"did you mean `{nearest}`?"
            if nearest and nearest != name
            else f"the columns are {', '.join(columns)}"
            if self.shown
            else None,
        )

    def row(self, origin: str, value: object) -> str:
        """A note about a row: its place and, where it may be shown, a value."""
        return f"{origin}: {excerpt(value)}" if self.shown else origin

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What was found; where a code was found too often, its last one counts the others."""
        last = {item.code: index for index, item in enumerate(self._found)}
        result = []
        for index, item in enumerate(self._found):
            more = self._counts[item.code] - PER_CODE
            if more > 0 and last[item.code] == index:
                note = f"and {more} more rows like this"
                item = Diagnostic(
                    code=item.code,
                    title=item.title,
                    labels=item.labels,
                    notes=(*item.notes, note),
                    help=item.help,
                )
            result.append(item)
        return tuple(result)

    def stop(self) -> None:
        """Raises InputError where anything was found."""
        if self._found:
            raise InputError(self.diagnostics)
