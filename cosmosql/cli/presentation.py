"""A stage's value for people and programs: JSON of its dataclasses, draws in three numbers."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from pathlib import Path

import numpy as np

from cosmosql.diagnostics.render.text import visible
from cosmosql.identity import Json, rounded
from cosmosql.model.program import Program
from cosmosql.source import Span
from cosmosql.units import Quantity

PLACES = "places"
"""The field of a declaration that says where each attribute is written: its name's is shown."""

LINE = 100
"""A list or an object that fits so many columns stands on one line."""


def presented(value: object) -> Json:
    """The JSON value of a stage's value.

    Draws (numpy arrays) become their median and 90 % interval, a span its file, line and column, a
    quantity its text, a number that is not finite null. The program that a later stage's value
    carries is named, not repeated.
    """
    return _fields(value) if isinstance(value, Program) else _shown(value)


def _shown(value: object) -> Json:
    match value:
        case None | bool() | int():
            return value
        case float():
            return rounded(value) if math.isfinite(value) else None
        case Decimal():
            return format(value, "f")
        case str() | Path() | Quantity():
            return str(value)
        case Program():
            return str(value.path)
        case Span():
            line, column = value.source.position(value.start)
            return f"{value.source.name}:{line}:{column}"
        case np.ndarray():
            return _spread(value)
        case Mapping():
            return {str(name): _shown(item) for name, item in value.items()}
        case list() | tuple():
            return [_shown(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return _fields(value)
    raise TypeError(f"{type(value).__name__} cannot be shown")


def _fields(value: object) -> Json:
    if not is_dataclass(value):
        raise TypeError(f"{type(value).__name__} has no fields")
    shown = (item.name for item in fields(value) if item.name != PLACES)
    return {name: _shown(getattr(value, name)) for name in shown}


def _spread(draws: np.ndarray) -> Json:
    """Median and 90 % interval of the numbers that are known."""
    known = draws[np.isfinite(draws)]
    if not known.size:
        return None
    low, median, high = (rounded(float(one)) for one in np.quantile(known, [0.05, 0.5, 0.95]))
    return {"median": median, "low": low, "high": high}


def folded(value: Json, indent: int = 0) -> str:
    """JSON text in which whatever fits a line stands on one, safe to print on a terminal.

    >>> print(folded({"a": [1, 2], "b": [["x"], "y" * 88]}))
    {
      "a": [1, 2],
      "b": [
        ["x"],
        "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
      ]
    }
    """
    whole = visible(json.dumps(value, ensure_ascii=False))
    if not isinstance(value, list | dict) or len(whole) + indent <= LINE:
        return whole
    inner = indent + 2
    if isinstance(value, dict):
        brackets = "{}"
        parts = [
            f"{visible(json.dumps(name, ensure_ascii=False))}: {folded(item, inner)}"
            for name, item in value.items()
        ]
    else:
        brackets = "[]"
        parts = [folded(item, inner) for item in value]
    lines = ",\n".join(" " * inner + part for part in parts)
    return f"{brackets[0]}\n{lines}\n{' ' * indent}{brackets[1]}"
