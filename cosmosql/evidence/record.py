"""An observation as plain JSON and back: one form for the ledger and for evidence files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from typing import Any, cast

from cosmosql.evidence.keys import key_of
from cosmosql.evidence.observation import Item, Observation, Usage
from cosmosql.identity import Json, jsonable

COUNTED = ("prompt_tokens", "completion_tokens", "training_tokens", "requests", "labels", "flops")
"""The usage that depends on nothing but what was asked. Seconds and money stay in the ledger."""


def record(observation: Observation, *, timings: bool) -> dict[str, Json]:
    """The JSON of an observation; without `timings` two runs of one question give the same."""
    usage = cast(dict[str, Json], jsonable(observation.usage))
    return {
        "kind": observation.kind,
        "key": observation.key,
        "asked": jsonable(observation.asked),
        "conditions": jsonable(observation.conditions),
        "role": observation.role,
        "values": jsonable(observation.values),
        "items": [_item(item) for item in observation.items],
        "usage": usage if timings else {name: usage[name] for name in COUNTED} | {"money": None},
    }


def _item(item: Item) -> Json:
    return [
        item.row,
        item.score,
        item.predicted,
        item.target,
        jsonable(item.signals),
        item.prompt_tokens,
        item.completion_tokens,
    ]


def observation(document: object) -> Observation:
    """The observation that a record holds.

    Raises ValueError where it has another shape, or where its key is not that of its question.
    """
    try:
        found = _observation(cast(Mapping[str, Json], document))
    except (KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise ValueError(f"not an observation: {error}") from error
    if found.key != key_of(found.asked):
        raise ValueError(f"the key {found.key[:12]} does not belong to what was asked")
    return found


def _observation(document: Mapping[str, Json]) -> Observation:
    usage = dict(cast(dict[str, Any], document["usage"]))
    known = {field.name for field in fields(Usage)}
    if unknown := sorted(set(usage) - known):
        raise ValueError(f"unknown usage: {unknown[0]}")
    if usage.get("money") is not None:
        usage["money"] = Decimal(usage["money"])
    return Observation(
        kind=_text(document["kind"]),
        key=_text(document["key"]),
        asked=cast(Mapping[str, Json], document["asked"]),
        conditions={
            name: _text(value)
            for name, value in cast(dict[str, Json], document["conditions"]).items()
        },
        role=None if document["role"] is None else _text(document["role"]),
        values=cast(Mapping[str, Json], document["values"]),
        items=tuple(_item_of(item) for item in cast(list[list[Json]], document["items"])),
        usage=Usage(**usage),
    )


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected a text, got {value!r}")
    return value


def _item_of(parts: list[Json]) -> Item:
    row, score, predicted, target, signals, prompt_tokens, completion_tokens = parts
    return Item(
        row=_text(row),
        score=float(cast(float, score)),
        predicted=None if predicted is None else int(cast(int, predicted)),
        target=None if target is None else int(cast(int, target)),
        signals={
            name: float(cast(float, value))
            for name, value in dict(cast(dict[str, Json], signals)).items()
        },
        prompt_tokens=int(cast(int, prompt_tokens)),
        completion_tokens=int(cast(int, completion_tokens)),
    )
