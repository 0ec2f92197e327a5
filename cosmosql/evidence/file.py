"""The evidence file `NAME.evidence.jsonl.gz`: observations without timings, the same bytes for the
same evidence. It never holds a row's text."""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from cosmosql.diagnostics.diagnostic import Diagnostic, InputError
from cosmosql.evidence.observation import Observation
from cosmosql.evidence.record import observation as observation_of
from cosmosql.evidence.record import record
from cosmosql.identity import Json, canonical, digest

FORMAT = 1
HEADER = canonical({"cosmosql": "evidence", "format": FORMAT})

LARGEST = 1 << 28
LONGEST_LINE = 1 << 26
"""Bytes that a file, and a line of it, may unpack to: a reviewer opens what strangers made."""


def lines(observations: Iterable[Observation]) -> tuple[str, ...]:
    """A header; the sets of rows that were answered, each once, under their digests; then one line
    of canonical JSON an observation, sorted by key and text. What is given twice stands once."""
    sets: dict[str, list[str]] = {}
    texts = set()
    for observation in observations:
        document = record(observation, timings=False)
        items = cast(dict[str, Json], document["items"])
        rows = cast(list[str], items["rows"])
        items["rows"] = digest(rows)
        sets[digest(rows)] = rows
        texts.add((observation.key, canonical(document)))
    answered = (canonical({"rows": name, "identities": sets[name]}) for name in sorted(sets))
    return (HEADER, *answered, *(text for _, text in sorted(texts)))


def evidence_digest(observations: Iterable[Observation]) -> str:
    """The SHA-256 of the uncompressed file."""
    return hashlib.sha256(_content(observations)).hexdigest()


def write(path: Path, observations: Iterable[Observation]) -> str:
    """Writes the file, whole or not at all, and returns its digest.

    Raises InputError (E0804) where the file system refuses; nothing is left behind then.
    """
    content = _content(observations)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
                packed.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise InputError([_not_written(path, error)]) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
    return hashlib.sha256(content).hexdigest()


def read(path: Path) -> tuple[Observation, ...]:
    """The observations of a file, sorted by key.

    Raises InputError: E0802 where there is none, E0606 where it is damaged or of another format.
    """
    try:
        with path.open("rb") as file:
            found = tuple(_observations(file))
    except FileNotFoundError as error:
        raise InputError([_missing(path)]) from error
    except (
        OSError,
        EOFError,
        zlib.error,
        ValueError,
        KeyError,
        TypeError,
        RecursionError,
    ) as error:
        raise InputError([_damaged(path, str(error))]) from error
    return found


def _content(observations: Iterable[Observation]) -> bytes:
    return "".join(f"{line}\n" for line in lines(observations)).encode("ascii")


def _observations(file: BinaryIO) -> Iterator[Observation]:
    sets: dict[str, list[str]] = {}
    for number, line in enumerate(_unpacked(file)):
        if number == 0:
            if line != HEADER:
                raise ValueError(f"its first line is not {HEADER}")
            continue
        document = json.loads(line)
        if "identities" in document:
            sets[document["rows"]] = document["identities"]
            continue
        items = document["items"]
        yield observation_of({**document, "items": {**items, "rows": sets[items["rows"]]}})


def _unpacked(file: BinaryIO) -> Iterator[str]:
    """The lines of a packed file, one at a time."""
    left = LARGEST
    with gzip.GzipFile(fileobj=file, mode="rb") as packed:
        line = packed.readline(LONGEST_LINE)
        if not line:
            yield ""
        while line:
            left -= len(line)
            if left < 0 or len(line) == LONGEST_LINE:
                raise ValueError(f"it unpacks to more than {LARGEST} bytes, or to endless lines")
            yield line.decode("ascii").rstrip("\n")
            line = packed.readline(LONGEST_LINE)


def _not_written(path: Path, error: OSError) -> Diagnostic:
    return Diagnostic(
        code="E0804",
        title="cannot write an artifact",
        notes=(f"{path}: {error.strerror or error}", "what was there before is unchanged"),
        help="make room or choose a directory that you may write to, then run again: "
        "what was measured is kept",
    )


def _missing(path: Path) -> Diagnostic:
    return Diagnostic(
        code="E0802",
        title="evidence missing",
        notes=(f"{path} does not exist",),
        help="commit the evidence file beside the plan, or make it again with `cosmosql run`",
    )


def _damaged(path: Path, reason: str) -> Diagnostic:
    return Diagnostic(
        code="E0606",
        title="the evidence file cannot be read",
        notes=(f"{path}: {reason}",),
        help="bring it back from version control, or remove it and run again: what the ledger "
        "holds is not measured again",
    )
