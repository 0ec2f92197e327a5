"""Artifacts on disk: their one byte form, whole or not at all, and what is wrong with a bad one."""

from __future__ import annotations

import contextlib
import json
import os
import re
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from pydantic import ValidationError

from cosmosql.artifact.bundle import MANIFEST, BundleManifest
from cosmosql.artifact.plan import FORMAT, Part, PlanDocument
from cosmosql.diagnostics.diagnostic import reject
from cosmosql.identity import rounded

Document = TypeVar("Document", bound=Part)

SHOWN_PROBLEMS = 3
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_NAMES = ("name", "path", "query", "chosen", "members", "kind", "status")
LARGEST = 1 << 26
"""Bytes of the largest document that is read: a reviewer opens files that strangers made."""


def document_bytes(document: Part) -> bytes:
    """The one byte form of a document: keys in the order of its model (those of free mappings
    sorted), numbers at 6 significant digits, indented by two spaces, a newline at the end.

    Equal documents have equal bytes, and reading the bytes gives the document back.
    """
    text = json.dumps(_normal(document), indent=2, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode()


def write_bytes(path: Path, content: bytes) -> None:
    """Makes `path` hold `content`: after any interruption the old file or the new, never a part. A
    device or a pipe, such as `/dev/stderr`, is written to and never replaced.

    Raises InputError (E0804) where the file system refuses; nothing is left behind then.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(content)
            return
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        _sync_directory(path.parent)
    except OSError as error:
        reject(
            "E0804",
            "cannot write an artifact",
            notes=(f"{path}: {error.strerror or error}", "what was there before is unchanged"),
            help="make room or choose a directory that you may write to, then run again: "
            "what was measured is kept",
        )
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def read_plan(path: Path) -> PlanDocument:
    """The plan in a file. Raises InputError: E0801 for another format, E0803 where it is none."""
    return _read(path, PlanDocument, what="a plan", made_by="cosmosql run SPEC")


def read_bundle(directory: Path) -> BundleManifest:
    """The manifest of a bundle. Raises InputError: E0801 for another format, E0803 where it is
    none."""
    return _read(
        directory / MANIFEST, BundleManifest, what="a bundle", made_by="cosmosql apply PLAN"
    )


def reject_bundle(directory: Path, reason: str) -> NoReturn:
    """Raises InputError E0803: what the manifest of a bundle names cannot be used."""
    _unreadable(directory, "a bundle", "cosmosql apply PLAN", (reason,))


def reject_plan(path: Path, reason: str) -> NoReturn:
    """Raises InputError E0803: what a plan says cannot be carried out."""
    _unreadable(path, "a plan", "cosmosql run SPEC", (reason,))


def _normal(value: object) -> Any:
    match value:
        case Part():
            named = {
                field.serialization_alias or name: getattr(value, name)
                for name, field in type(value).model_fields.items()
                if field.exclude_if is None or not field.exclude_if(getattr(value, name))
            }
            extra = value.model_extra or {}
            return {key: _normal(item) for key, item in {**named, **_ordered(extra)}.items()}
        case dict():
            return {key: _normal(item) for key, item in _ordered(value).items()}
        case list() | tuple():
            return [_normal(item) for item in value]
        case float():
            return rounded(value) + 0.0  # the sum turns -0.0 into 0.0
        case _:
            return value


def _ordered(mapping: dict[str, Any]) -> dict[str, Any]:
    return {key: mapping[key] for key in sorted(mapping)}


def _sync_directory(directory: Path) -> None:
    """Makes a rename durable. Some file systems refuse to open a directory; the rename stands."""
    if os.name != "posix":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path, model: type[Document], *, what: str, made_by: str) -> Document:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            _unreadable(path, what, made_by, (f"it has more than {LARGEST} bytes",))
        value = json.loads(content.decode("utf-8"))
    except OSError as error:
        _unreadable(path, what, made_by, (error.strerror or str(error),))
    except UnicodeDecodeError:
        _unreadable(path, what, made_by, ("it is not UTF-8 text",))
    except json.JSONDecodeError as error:
        _unreadable(path, what, made_by, (f"line {error.lineno}: not JSON: {error.msg}",))
    except RecursionError:
        _unreadable(path, what, made_by, ("it is nested too deeply",))
    if not isinstance(value, dict) or "format" not in value:
        _unreadable(path, what, made_by, ("it has no `format` number",))
    if _steers(value):
        _unreadable(path, what, made_by, ("a text in it holds control characters",))
    if value["format"] != FORMAT or isinstance(value["format"], bool):
        reject(
            "E0801",
            f"{what.removeprefix('a ')} of an unknown format",
            notes=(
                f"{path} has format {json.dumps(value['format'])[:40]}, "
                f"this version reads format {FORMAT}",
            ),
            help=f"update cosmosql, or make it again with this version: `{made_by}`",
        )
    try:
        return model.model_validate_json(json.dumps(value))
    except ValidationError as error:
        _unreadable(path, what, made_by, _problems(error))


def _steers(value: object) -> bool:
    """True where a text would steer a terminal or, printed, begin a line of its own: names come
    from specs, which have no such characters."""
    waiting: list[tuple[str, object]] = [("", value)]
    while waiting:
        key, item = waiting.pop()
        match item:
            case str():
                if _CONTROL.search(item) or (key in _NAMES and "\n" in item):
                    return True
            case dict():
                waiting.extend((str(name), one) for name, one in item.items())
                waiting.extend(("name", str(name)) for name in item)
            case list():
                waiting.extend((key, one) for one in item)
    return False


def _problems(error: ValidationError) -> tuple[str, ...]:
    found = [
        f"`{'.'.join(str(part) for part in item['loc'])}`: {item['msg'].lower()}"
        for item in error.errors(include_url=False, include_input=False)
    ]
    left = len(found) - SHOWN_PROBLEMS
    return (*found[:SHOWN_PROBLEMS], *((f"and {left} more",) if left > 0 else ()))


def _unreadable(path: Path, what: str, made_by: str, notes: tuple[str, ...]) -> NoReturn:
    reject(
        "E0803",
        f"this is not {what}",
        notes=(f"{path}: {notes[0]}", *notes[1:]),
        help=f"give {what} that `{made_by}` wrote",
    )
