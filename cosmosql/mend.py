"""The fixes of a spec's diagnostics, applied to its own files."""

from __future__ import annotations

import codecs
import datetime
import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cosmosql.compiler import examine
from cosmosql.diagnostics.diagnostic import Diagnostic, Findings, Fix
from cosmosql.model.boundary import NOTHING, Trusted
from cosmosql.model.settings import Settings

MOST_ROUNDS = 10
"""One fix can uncover the next mistake; more than so many in a row is no progress."""


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
    """The files of a spec after every fix that its diagnostics know, round by round until nothing
    is left to apply. Writes nothing.

    Only the spec and what it imports from its own directory tree is changed: never `std`, never a
    file outside, and nothing whose text is not the one that was judged.
    """
    files: dict[Path, _File] = {}
    tree = path.parent.resolve()
    for _ in range(MOST_ROUNDS):
        texts = {real: file.text for real, file in files.items()}
        left = examine(path, settings=settings, texts=texts, trusted=trusted, today=today)
        chosen: dict[Path, list[Diagnostic]] = {}
        for item in left.told:
            file = _file_of(item, files, tree)
            if file is not None:
                chosen.setdefault(file.path, []).append(item)
        if not chosen:
            break
        for real, found in chosen.items():
            files[real].apply(found)
    else:
        texts = {real: file.text for real, file in files.items()}
        left = examine(path, settings=settings, texts=texts, trusted=trusted, today=today)
    changed = [file for file in files.values() if file.fixed]
    return Mended(files=tuple(file.rewritten() for file in changed), left=left)


def _file_of(item: Diagnostic, files: dict[Path, _File], tree: Path) -> _File | None:
    """The file that a finding's fix changes; None where it may not be changed."""
    if item.fix is None:
        return None
    source = item.fix.span.source
    real = Path(source.name).resolve()
    if not real.is_relative_to(tree) or not real.is_file():
        return None
    file = files.get(real) or _File(real)
    if file.text != source.text:
        return None
    return files.setdefault(real, file)


class _File:
    """One file's text as it is read, beside its bytes as they stand."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.before = path.read_bytes()
        self.mark = codecs.BOM_UTF8 if self.before.startswith(codecs.BOM_UTF8) else b""
        # Where it is not plain text there is no text to compare with, so nothing is changed.
        self.raw = self.before.removeprefix(self.mark).decode("utf-8", errors="replace")
        self.fixed: list[Diagnostic] = []

    @property
    def text(self) -> str:
        return self.raw.replace("\r\n", "\n")

    def apply(self, found: Sequence[Diagnostic]) -> None:
        """Applies the fixes of findings; of those that touch, the first."""
        # Offsets count a line end of two characters as one.
        pairs = [match.start() - index for index, match in enumerate(re.finditer("\r\n", self.raw))]
        line_end = "\r\n" if 2 * len(pairs) > self.raw.count("\n") else "\n"
        pieces: list[str] = []
        done = 0
        for item, fix in not_touching(found):
            start, end = (
                place + bisect_left(pairs, place) for place in (fix.span.start, fix.span.end)
            )
            pieces += self.raw[done:start], fix.replacement.replace("\n", line_end)
            done = end
            self.fixed.append(item)
        self.raw = "".join((*pieces, self.raw[done:]))

    def rewritten(self) -> Rewritten:
        return Rewritten(
            path=self.path,
            before=self.before,
            after=self.mark + self.raw.encode(),
            fixed=tuple(self.fixed),
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
