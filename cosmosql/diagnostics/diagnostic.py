"""One finding about the user's input, and the exception that carries findings to the CLI."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NoReturn

from cosmosql.source import Span


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Label:
    """A span and what this text is. The first label of a diagnostic is the primary one."""

    span: Span
    text: str = ""


@dataclass(frozen=True, slots=True)
class Fix:
    """Replaces the text of a span; a help line says the same in words."""

    span: Span
    replacement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """A finding. `title` is lower case and holds no name chosen by the user.

    A label says what a text is, a note says why that matters, help says what to write.
    """

    code: str
    title: str
    labels: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    help: str | None = None
    fix: Fix | None = None

    @property
    def severity(self) -> Severity:
        return Severity.WARNING if self.code.startswith("W") else Severity.ERROR


@dataclass(frozen=True, slots=True)
class Silenced:
    """A warning that a comment of its file allows, and why (empty where it does not say)."""

    diagnostic: Diagnostic
    reason: str


@dataclass(frozen=True, slots=True)
class Findings:
    """What is wrong or unwise, and what of the latter is silenced."""

    told: tuple[Diagnostic, ...]
    silenced: tuple[Silenced, ...] = ()


class InputError(Exception):
    """The user's input is wrong: exit code 1 and these diagnostics, never a traceback."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("; ".join(f"{item.code}: {item.title}" for item in self.diagnostics))


@contextmanager
def placed(span: Span) -> Iterator[None]:
    """Gives a place to the findings of a part that does not know who declared what it reads."""
    try:
        yield
    except InputError as error:
        raise InputError(
            item if item.labels else replace(item, labels=(Label(span),))
            for item in error.diagnostics
        ) from error


def reject(
    code: str,
    title: str,
    *,
    span: Span | None = None,
    label: str = "",
    notes: tuple[str, ...] = (),
    help: str | None = None,
    fix: Fix | None = None,
) -> NoReturn:
    """Raises an InputError with one diagnostic: the short way where nothing can go on."""
    labels = (Label(span, label),) if span else ()
    found = Diagnostic(code=code, title=title, labels=labels, notes=notes, help=help, fix=fix)
    raise InputError([found])
