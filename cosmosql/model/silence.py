"""`# allow W0603: contract fixed until June`: warnings that the author has looked at.

On a line of its own the comment speaks of the line right below; after something, of its own line.
Where a declaration starts on that line, it speaks of the whole declaration. Errors stay errors.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from cosmosql.diagnostics.diagnostic import Diagnostic, Fix, Label, Severity, Silenced
from cosmosql.diagnostics.suggest import closest
from cosmosql.model.modules import LoadedModule, Modules
from cosmosql.source import Span
from cosmosql.syntax.trivia import Comment, comments

ROW_CODES = frozenset({"W0416", "W0601", "W0602", "W0608"})
"""Warnings that are known only where the rows are."""

DATED_CODES = frozenset({"W0603"})
"""Warnings that are known only where it is said which day it is."""

SILENCEABLE = frozenset({"W0215", "W0415", "W0417"}) | ROW_CODES | DATED_CODES

_ALLOW = re.compile(r"#[ \t]*allow[ \t]+(?=[A-Za-z]\d)")
_CODE = re.compile(r"([A-Za-z]\d+)[ \t]*(?:,[ \t]*)?")
_REASON = "write why: `# allow W0603: contract fixed until June`"


@dataclass(slots=True, eq=False)
class Allowance:
    """One code of one comment, and the line of which it speaks (0: none)."""

    code: Span
    comment: Comment
    reason: str
    line: int
    alone: bool
    """True where the comment names no other code."""
    used: bool = False


class _File:
    """The allowances of one file, by code and line."""

    def __init__(self, module: LoadedModule) -> None:
        self.source = module.tree.source
        self._declarations = [node.span.start for node in module.tree.declarations]
        self.allowances = tuple(self._read()) if _ALLOW.search(self.source.text) else ()

    @cached_property
    def _by_place(self) -> dict[tuple[str, int], Allowance]:
        table: dict[tuple[str, int], Allowance] = {}
        for allowance in self.allowances:
            table.setdefault((allowance.code.text, allowance.line), allowance)
        return table

    def find(self, code: str, offset: int) -> Allowance | None:
        """What allows a code at a place: said of its line, or of its declaration."""
        places = [offset]
        index = bisect_right(self._declarations, offset) - 1
        if index >= 0:
            places.append(self._declarations[index])
        lines = (self.source.position(place)[0] for place in places)
        return next((found for line in lines if (found := self._by_place.get((code, line)))), None)

    def _read(self) -> Iterator[Allowance]:
        every = comments(self.source)
        lines = self._lines(every)
        for comment in every:
            text, start = comment.span.text, comment.span.start
            match = _ALLOW.match(text)
            if match is None:
                continue
            place = match.end()
            codes: list[Span] = []
            while code := _CODE.match(text, place):
                codes.append(Span(self.source, start + code.start(1), start + code.end(1)))
                place = code.end()
            reason = text[place + 1 :].strip() if text.startswith(":", place) else ""
            for span in codes:
                yield Allowance(span, comment, reason, lines[start], len(codes) == 1)

    def _lines(self, every: tuple[Comment, ...]) -> dict[int, int]:
        """The line of which each comment speaks, by its offset. Comments right above each other
        speak of the same one."""
        spoken: dict[int, int] = {}
        own: dict[int, int] = {}
        for comment in reversed(every):
            line, _ = self.source.position(comment.span.start)
            if comment.own_line:
                below = line + 1
                there = below <= len(self.source.line_starts) and self.source.line(below).strip()
                own[line] = own.get(below, below if there else 0)
                line = own[line]
            spoken[comment.span.start] = line
        return spoken


class Silencer:
    """What the comments of a spec's files allow, and which of it was needed."""

    def __init__(self, modules: Modules) -> None:
        self._files = [_File(module) for module in modules.all]

    def split(
        self, findings: Iterable[Diagnostic]
    ) -> tuple[tuple[Diagnostic, ...], tuple[Silenced, ...]]:
        """What is told and what is silenced, each in the order given."""
        told: list[Diagnostic] = []
        silenced: list[Silenced] = []
        for item in findings:
            allowance = self._allowance(item)
            if allowance is None:
                told.append(item)
            else:
                allowance.used = True
                silenced.append(Silenced(item, allowance.reason))
        return tuple(told), tuple(silenced)

    def _allowance(self, item: Diagnostic) -> Allowance | None:
        if item.severity is Severity.ERROR or not item.labels:
            return None
        span = item.labels[0].span
        files = (file for file in self._files if file.source is span.source)
        return next((file.find(item.code, span.start) for file in files), None)

    def unreasoned(self) -> Iterator[Diagnostic]:
        """W0216 and W0217 for the spec's comments that give no reason or name no warning."""
        for allowance in self._files[0].allowances:
            code = allowance.code.text
            if code not in SILENCEABLE:
                yield _stranger(allowance)
            elif not allowance.reason:
                yield Diagnostic(
                    code="W0216",
                    title="silenced without a reason",
                    labels=(Label(allowance.comment.span, "this does not say why"),),
                    notes=("whoever reads it next cannot tell whether it still holds",),
                    help=_REASON,
                )

    def idle(self, judged: Collection[str]) -> Iterator[Diagnostic]:
        """W0217 for the spec's comments on `judged` codes, none of which was found where they
        stand. In an imported file they may be needed by another spec."""
        for allowance in self._files[0].allowances:
            if allowance.code.text in judged and not allowance.used:
                yield Diagnostic(
                    code="W0217",
                    title="silences nothing",
                    labels=(Label(allowance.code, "nothing of this code is found there"),),
                    notes=("it speaks of the line right below, or of its own after something",),
                    help="remove it",
                    fix=Fix(_removable(allowance.comment), "") if allowance.alone else None,
                )


def _stranger(allowance: Allowance) -> Diagnostic:
    code = allowance.code.text
    nearest = None if code.startswith("E") else closest(code, SILENCEABLE)
    return Diagnostic(
        code="W0217",
        title="silences nothing",
        labels=(
            Label(
                allowance.code,
                "an error cannot be silenced" if code.startswith("E") else "no such warning",
            ),
        ),
        help=f"did you mean `{nearest}`?" if nearest else "remove it",
        fix=Fix(allowance.code, nearest) if nearest else None,
    )


def _removable(comment: Comment) -> Span:
    """The comment with the blanks before it and, on a line of its own, the line's end."""
    source, start, end = comment.span.source, comment.span.start, comment.span.end
    while start > 0 and source.text[start - 1] in " \t":
        start -= 1
    return Span(source, start, end + 1 if comment.own_line else end)
