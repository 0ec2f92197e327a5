"""The fixes of a spec's diagnostics, applied to its own files."""

from __future__ import annotations

import codecs
import datetime
import re
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cosmosql.compiler import examine
from cosmosql.diagnostics.diagnostic import Diagnostic, Findings, Fix, Severity
from cosmosql.model.boundary import NOTHING, Trusted
from cosmosql.model.settings import Settings

MOST_ROUNDS = 10
"""One fix can uncover the next mistake; more than so many in a row is no progress."""

MOST_TRIES = 20
"""So many fixes are tried alone where all at once make matters worse."""

UNREADABLE = ("E0101", "E0109")
"""Codes that stand for everything else that is wrong with a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """A file with fixes in it. Bytes that no fix touches are as they were, line ends included."""

    path: Path
    before: bytes
    after: bytes
    fixed: tuple[Diagnostic, ...]
    """In the order in which their fixes were applied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    files: tuple[Rewritten, ...]
    left: Findings
    """What is wrong or unwise in the texts as rewritten."""


def mend(
    path: Path,
    *,
    settings: Settings | None = None,
    trusted: Trusted = NOTHING,
    today: datetime.date | None = None,
) -> Mended:
    """The files of a spec after every fix that its diagnostics know and that makes nothing worse,
    round by round until nothing is left to apply. Writes nothing.

    Only the spec and what it imports from its own directory tree is changed: never `std`, never a
    file outside, and nothing whose text is not the one that was judged.
    """

    def judge(files: Mapping[Path, _File]) -> Findings:
        texts = {real: file.text for real, file in files.items()}
        return examine(path, settings=settings, texts=texts, trusted=trusted, today=today)

    files: Mapping[Path, _File] = {}
    left = judge(files)
    for _ in range(MOST_ROUNDS):
        better = _better(files, left, path.parent.resolve(), judge)
        if better is None:
            break
        files, left = better
    return Mended(files=tuple(file.rewritten() for file in files.values()), left=left)


def _better(
    files: Mapping[Path, _File],
    left: Findings,
    tree: Path,
    judge: Callable[[Mapping[Path, _File]], Findings],
) -> tuple[Mapping[Path, _File], Findings] | None:
    """The files with all fixes at once or, where that makes matters worse, with the first that
    does not; None where there is none."""
    fixable = [item for item in left.told if _changed([item], files, tree) is not None]
    for chosen in (fixable, *([item] for item in fixable[:MOST_TRIES])):
        changed = _changed(chosen, files, tree)
        if changed is None:
            return None
        found = judge(changed)
        if _errors(found) <= _errors(left) or any(item.code in UNREADABLE for item in left.told):
            return changed, found
    return None


def _errors(findings: Findings) -> tuple[int, int]:
    """Syntax errors, then all: what a damaged declaration says wrongly is told once it is whole."""
    codes = [item.code for item in findings.told if item.severity is Severity.ERROR]
    return sum(code.startswith("E01") for code in codes), len(codes)


def _changed(
    found: Sequence[Diagnostic], files: Mapping[Path, _File], tree: Path
) -> Mapping[Path, _File] | None:
    """The files with the fixes of findings, where they may be changed; None where nothing is."""
    by_file: dict[Path, list[Diagnostic]] = {}
    known = dict(files)
    for item in found:
        if item.fix is None:
            continue
        source = item.fix.span.source
        real = Path(source.name).resolve()
        if real not in known:
            if not real.is_relative_to(tree) or not real.is_file():
                continue
            known[real] = _File.read(real)
        if known[real].text == source.text:
            by_file.setdefault(real, []).append(item)
    if not by_file:
        return None
    return {**files, **{real: known[real].fixing(items) for real, items in by_file.items()}}


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """One file's text with its own line ends, beside its bytes as they stand."""

    path: Path
    before: bytes
    raw: str
    fixed: tuple[Diagnostic, ...] = ()

    @classmethod
    def read(cls, path: Path) -> _File:
        """A text that is not plain compares equal to no text that was judged."""
        before = path.read_bytes()
        text = before.removeprefix(codecs.BOM_UTF8).decode("utf-8", errors="replace")
        return cls(path=path, before=before, raw=text)

    @property
    def text(self) -> str:
        return self.raw.replace("\r\n", "\n")

    def fixing(self, found: Sequence[Diagnostic]) -> _File:
        """With the fixes of findings; of those that touch, the first."""
        # Offsets count a line end of two characters as one.
        pairs = [match.start() - index for index, match in enumerate(re.finditer("\r\n", self.raw))]
        line_end = "\r\n" if 2 * len(pairs) > self.raw.count("\n") else "\n"
        pieces: list[str] = []
        done = 0
        chosen = not_touching(found)
        for _, fix in chosen:
            start, end = (
                place + bisect_left(pairs, place) for place in (fix.span.start, fix.span.end)
            )
            pieces += self.raw[done:start], fix.replacement.replace("\n", line_end)
            done = end
        raw = "".join((*pieces, self.raw[done:]))
        return replace(self, raw=raw, fixed=(*self.fixed, *(item for item, _ in chosen)))

    def rewritten(self) -> Rewritten:
        mark = codecs.BOM_UTF8 if self.before.startswith(codecs.BOM_UTF8) else b""
        return Rewritten(
            path=self.path, before=self.before, after=mark + self.raw.encode(), fixed=self.fixed
        )


def not_touching(found: Sequence[Diagnostic]) -> list[tuple[Diagnostic, Fix]]:
    """The findings on one text that have a fix, in the order of the fixes' places, without those
    whose fix touches what an earlier one changes."""
    fixes = [(item, item.fix) for item in found if item.fix is not None]
    chosen: list[tuple[Diagnostic, Fix]] = []
    end = -1
    for item, fix in sorted(fixes, key=lambda pair: (pair[1].span.start, pair[1].span.end)):
        if fix.span.start > end:
            chosen.append((item, fix))
            end = fix.span.end
    return chosen
