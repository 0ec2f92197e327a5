"""Content identity: canonical JSON, SHA-256 digests, and the rounding of numbers in artifacts.

Two values with the same canonical JSON are the same thing; every key in the ledger, every lock in
a plan and every file digest is made here and nowhere else.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None

SIGNIFICANT_DIGITS = 6

COMMIT = re.compile("[0-9a-f]{40}")
"""The whole hash of a commit: the one revision of a hub that cannot come to mean something else."""

_CANONICAL = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
)


def jsonable(value: object) -> Json:
    """The JSON value of a tree of dataclasses, mappings, sequences and scalars.

    A Decimal becomes its plain string; a set is refused because it has no order.

    >>> jsonable({"b": (1, Decimal("0.10")), "a": None})
    {'b': [1, '0.10'], 'a': None}
    """
    match value:
        case str() | None | bool() | int():
            return value
        case dict():
            return {str(key): jsonable(item) for key, item in value.items()}
        case float():
            if not math.isfinite(value):
                raise ValueError(f"{value} has no place in an identity or an artifact")
            return value
        case Decimal():
            return format(value, "f")
        case Mapping():
            return {str(key): jsonable(item) for key, item in value.items()}
        case list() | tuple():
            return [jsonable(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: jsonable(getattr(value, field.name)) for field in fields(value)}
    raise TypeError(f"{type(value).__name__} has no JSON form")


def canonical(value: object) -> str:
    """The one JSON text of a value: sorted keys, no spaces, ASCII only.

    >>> canonical({"b": 1, "a": [0.5, True]})
    '{"a":[0.5,true],"b":1}'
    """
    return _CANONICAL.encode(jsonable(value))


def digest(value: object) -> str:
    """The SHA-256 of a value's canonical JSON, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical(value).encode("ascii")).hexdigest()


def text_digest(text: str) -> str:
    """The SHA-256 of a text's UTF-8 bytes."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def file_digest(path: Path) -> str:
    """The SHA-256 of a file's bytes, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def seed_of(*parts: object) -> int:
    """A 63-bit seed that depends on nothing but its parts.

    >>> seed_of("order", 0) == seed_of("order", 0) != seed_of("order", 1)
    True
    """
    return int(digest(list(parts))[:16], 16) >> 1


def rounded(value: float, digits: int = SIGNIFICANT_DIGITS) -> float:
    """The value at a number of significant digits: how every number of a plan is written.

    >>> rounded(0.123456789), rounded(1234567.0), rounded(0.0)
    (0.123457, 1234570.0, 0.0)
    """
    return float(f"{value:.{digits}g}")
