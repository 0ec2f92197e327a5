"""Fitted values as JSON and back: dataclasses by their fields, arrays as base64 of little-endian
float32. What is fitted is settled to these numbers first, so that what is loaded is the same."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import numpy as np

from cosmosql.contracts.policy import Array
from cosmosql.identity import Json

Stored = TypeVar("Stored")

SINGLE = np.dtype("<f4")


def settled(value: Stored) -> Stored:
    """The value with every array at single precision, held in doubles."""
    found: Stored = decoded(type(value), encoded(value))
    return found


def state(value: object) -> Mapping[str, Json]:
    """The JSON form of a dataclass."""
    found = encoded(value)
    assert isinstance(found, dict)
    return found


def encoded(value: object) -> Json:
    if isinstance(value, np.ndarray):
        content = base64.b64encode(np.asarray(value, SINGLE).tobytes()).decode("ascii")
        return {"shape": list(value.shape), "float32": content}
    if isinstance(value, tuple):
        return [encoded(item) for item in value]
    if is_dataclass(value):
        return {one.name: encoded(getattr(value, one.name)) for one in fields(value)}
    assert isinstance(value, str | int | float) or value is None
    return value


def decoded(kind: Any, found: Json) -> Any:
    """The value of a type from its JSON form; raises KeyError, TypeError or ValueError where it is
    none of ours."""
    if get_origin(kind) is tuple:
        assert isinstance(found, list)
        items = get_args(kind)
        kinds = [items[0]] * len(found) if items[-1] is Ellipsis else items
        return tuple(decoded(one, item) for one, item in zip(kinds, found, strict=True))
    if get_origin(kind) is np.ndarray:
        assert isinstance(found, dict)
        return array(found)
    if is_dataclass(kind):
        assert isinstance(found, dict) and isinstance(kind, type)
        hints = get_type_hints(kind)
        return kind(**{name: decoded(hints[name], item) for name, item in found.items()})
    assert kind in (str, int, float) and isinstance(found, str | int | float)
    return kind(found)


def array(found: Mapping[str, Json]) -> Array:
    shape, content = found["shape"], found["float32"]
    assert isinstance(shape, list) and isinstance(content, str)
    values = np.frombuffer(base64.b64decode(content), SINGLE).astype(np.float64)
    return values.reshape([int(str(size)) for size in shape])
