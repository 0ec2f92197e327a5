"""Cells of tables that hold more than JSON can: what becomes of them."""

from __future__ import annotations

import datetime
import math
from decimal import Decimal
from uuid import UUID


def plain(value: object) -> object:
    """The JSON value of a cell: times as ISO 8601 texts, decimals as texts, NaN as None.

    Raises TypeError for pictures, sound and other binary content.

    >>> plain({"a": (1, float("nan"))}), plain(datetime.date(2026, 1, 31))
    ({'a': [1, None]}, '2026-01-31')
    """
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case datetime.datetime() | datetime.date() | datetime.time():
            return value.isoformat()
        case Decimal() | UUID():
            return str(value)
        case dict():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
    raise TypeError(f"a cell holds {type(value).__name__}")


def plain_row(row: dict[str, object]) -> dict[str, object]:
    """The row's cells that have a JSON form: a column of pictures is left out."""
    cells = {}
    for name, value in row.items():
        try:
            cells[str(name)] = plain(value)
        except TypeError:
            continue
    return cells
