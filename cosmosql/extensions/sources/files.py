"""What the sources that read local files share: their options, opening, and one part a file."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from cosmosql.contracts.source import Part
from cosmosql.diagnostics.diagnostic import Diagnostic, InputError, Label, reject
from cosmosql.diagnostics.suggest import closest
from cosmosql.schema.fields import Field, FieldType
from cosmosql.source import Span

ROLES = ("train", "validation", "calibration", "test")

FILE_OPTIONS: tuple[Field, ...] = (
    Field(
        name="source",
        type=FieldType.PATH,
        many=True,
        doc="The file or files, relative to this spec; the roles of their rows follow `roles`.",
    ),
    *(
        Field(name=role, type=FieldType.PATH, many=True, doc=f"File or files of `{role}` rows.")
        for role in ROLES
    ),
)

Rows = tuple[tuple[Mapping[str, object], ...], tuple[int, ...]]
"""Rows and the line of each."""

MOST_PACKED = 50
"""A packed file may be so many times as large unpacked, or SMALL: rows pack five to ten times, and
what packs a thousand times is there to fill the memory of who checks it."""

SMALL = 16 << 20
CHUNK = 1 << 20

SHOWN = 60
MOST_FINDINGS = 5


def named_files(options: Mapping[str, object]) -> Iterator[tuple[str | None, str]]:
    """Every file that the options name, as (role or None, path as written)."""
    for name in ("source", *ROLES):
        value = options.get(name, ())
        paths = (value,) if isinstance(value, str) else value
        if isinstance(paths, (tuple, list)):
            for path in paths:
                yield (None if name == "source" else name), str(path)


def local_files(options: Mapping[str, object], *, root: Path) -> tuple[Path, ...]:
    return tuple(root / path for _, path in named_files(options))


def file_parts(
    options: Mapping[str, object],
    *,
    root: Path,
    span: Span,
    read: Callable[[Path, Problems], Rows],
) -> tuple[Part, ...]:
    """A part for each named file; raises InputError with the findings of all files."""
    parts = []
    findings: list[Diagnostic] = []
    named = list(named_files(options))
    if not named:
        reject(
            "E0209",
            "an attribute is missing",
            span=span,
            label="this dataset names no file",
            help='write `source = "data/rows.jsonl"`',
        )
    for role, written in named:
        problems = Problems(written, root=root, span=span)
        rows, lines = _read(read, problems)
        findings.extend(problems.found)
        parts.append(Part(rows=rows, role=role, origin=written, lines=lines, shown=problems.shown))
    if findings:
        raise InputError(findings)
    return tuple(parts)


def _read(read: Callable[[Path, Problems], Rows], problems: Problems) -> Rows:
    """What a file holds; nothing, after finding E0511, where it cannot be opened."""
    try:
        if problems.present():
            return read(problems.path, problems)
    except OSError as error:
        problems.closed(error.strerror or type(error).__name__)
    return (), ()


class Problems:
    """Collects what is wrong with one file. Lines of files outside the spec's directory are not
    shown: a spec under review must not make anybody print such a file."""

    def __init__(self, written: str, *, root: Path, span: Span) -> None:
        self.path = root / written
        self.found: list[Diagnostic] = []
        self._written = written
        self._span = span
        # `Path.resolve` raises for a loop of links; this leaves the link as it is.
        real = Path(os.path.realpath(self.path))
        self.shown = real.is_relative_to(os.path.realpath(root))

    def present(self) -> bool:
        """True where the file can be opened; otherwise E0511 is found."""
        if self.path.is_file():
            return True
        parent = self.path.parent
        beside = [entry.name for entry in parent.iterdir()] if parent.is_dir() else []
        nearest = closest(self.path.name, beside) if self.shown else None
        self._add(
            "E0511",
            "file not found",
            f"{self._written} is a directory" if self.path.is_dir() else f"no file {self._written}",
            help=f"did you mean `{(Path(self._written).parent / nearest).as_posix()}`?"
            if nearest
            else "paths are relative to the file of the declaration",
        )
        return False

    def closed(self, reason: str) -> None:
        """E0511: the system refuses the file."""
        self._add(
            "E0511",
            "file not found",
            f"{self._written}: {reason.lower()}",
            help="name a readable file",
        )

    def malformed(
        self, line: int, message: str, text: str = "", help: str = "mend or remove the line"
    ) -> None:
        """E0517: the row on this line cannot be read."""
        shown = "" if not self.shown or not text else f": {_short(text)}"
        self._add(
            "E0517",
            "malformed row",
            f"{self._written}:{line}: {message}{shown}",
            help=help,
        )

    def answer(self, line: int, message: str) -> None:
        """E0542: a recorded answer holds something that it cannot."""
        self._add(
            "E0542",
            "malformed recorded answer",
            f"{self._written}:{line}: {message}",
            help="mend the line; what is not known is left out",
        )

    def twice(self, line: int, name: str, first: int) -> None:
        """E0513: two lines have one id."""
        shown = f' "{_short(name)}"' if self.shown else ""
        self._add(
            "E0513",
            "duplicate row ids",
            f"{self._written}:{line}: the id{shown} is also that of line {first}",
            help="keep one answer to each row",
        )

    def encoding(self, line: int) -> None:
        """E0518: the line is not UTF-8."""
        self._add(
            "E0518",
            "not UTF-8",
            f"{self._written}:{line} holds bytes that are no UTF-8 text",
            help="save the file as UTF-8",
        )

    def unreadable(self, message: str, help: str | None = None) -> None:
        """E0517 for the file as a whole."""
        self._add("E0517", "malformed row", f"{self._written}: {message}", help=help)

    def _add(self, code: str, title: str, note: str, *, help: str | None) -> None:
        same = sum(1 for item in self.found if item.code == code)
        if same < MOST_FINDINGS:
            self.found.append(
                Diagnostic(
                    code=code,
                    title=title,
                    labels=(Label(self._span),),
                    notes=(note,),
                    help=help,
                )
            )


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN else f"{line[:SHOWN]}…"


def text_lines(path: Path, problems: Problems) -> Iterator[tuple[int, str]]:
    """The lines of a UTF-8 file with their numbers; bad lines are found and left out."""
    for number, raw in raw_lines(path, problems):
        try:
            yield number, raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            problems.encoding(number)


def raw_lines(path: Path, problems: Problems) -> Iterator[tuple[int, bytes]]:
    """The lines of a file with their numbers, unpacked where its name ends in `.gz`. Of a packed
    file that is damaged, or unpacks to more than MOST_PACKED times its size, that is found (E0517)
    and no line is read."""
    if path.suffix != ".gz":
        with path.open("rb") as file:
            yield from enumerate(file, start=1)
    elif _unpacks(path, problems):
        with gzip.open(path, "rb") as packed:
            yield from enumerate(packed, start=1)


def _unpacks(path: Path, problems: Problems) -> bool:
    """Whether a packed file is whole and no bomb: seen before any of it is kept."""
    left = max(SMALL, MOST_PACKED * path.stat().st_size)
    try:
        with gzip.open(path, "rb") as packed:
            while part := packed.read(CHUNK):
                left -= len(part)
                if left < 0:
                    problems.unreadable(
                        f"it unpacks to more than {MOST_PACKED} times its size",
                        help="where it is yours, unpack it and name the unpacked file",
                    )
                    return False
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        problems.unreadable(
            f"the packed file is damaged or cut short ({error})", help="pack the file again: `gzip`"
        )
        return False
    return True
