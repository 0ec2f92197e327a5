"""An observation as plain JSON and back: one form for the ledger and for evidence files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any, cast

from cosmosql.evidence.keys import key_of
from cosmosql.evidence.observation import Item, Observation, Usage
from cosmosql.identity import Json, digest, jsonable

COUNTED = ("prompt_tokens", "completion_tokens", "training_tokens", "requests", "labels", "flops")
"""The usage that depends on nothing but what was asked. Seconds and money stay in the ledger.
`cached_tokens` joins them where it was recorded."""

PLAIN = ("rows", "score", "predicted", "target", "prompt_tokens", "completion_tokens")
"""The columns of items beside their signals."""

RECORDED = ("cost", "seconds")
"""Columns that only recorded answers have; left out where no item has one."""


def record(observation: Observation, *, timings: bool) -> dict[str, Json]:
    """The JSON of an observation; without `timings` two runs of one question give the same."""
    usage = cast(dict[str, Json], jsonable(observation.usage))
    # Where it was not recorded it is left out, so that older evidence keeps its digest.
    counted = (*COUNTED, "cached_tokens")
    if usage["cached_tokens"] is None:
        del usage["cached_tokens"]
    return {
        "kind": observation.kind,
        "key": observation.key,
        "asked": jsonable(observation.asked),
        "conditions": jsonable(observation.conditions),
        "role": observation.role,
        "values": jsonable(observation.values),
        "items": _columns(observation.items),
        "usage": usage
        if timings
        else {name: usage[name] for name in counted if name in usage} | {"money": None},
    }


def content_digest(observation: Observation) -> str:
    """Names what came out as well as what was asked: under other conditions the same question may
    have another answer."""
    return digest(record(observation, timings=False))


def _columns(items: Sequence[Item]) -> dict[str, Json]:
    """The items by column: neighbours are alike, so that a file of them packs well. A signal that
    an item lacks is null."""
    signals = sorted({name for item in items for name in item.signals})
    recorded: dict[str, list[float | None]] = {
        name: [getattr(item, name) for item in items] for name in RECORDED
    }
    return {
        "rows": [item.row for item in items],
        "score": [item.score for item in items],
        "predicted": [item.predicted for item in items],
        "target": [item.target for item in items],
        "signals": {name: [item.signals.get(name) for item in items] for name in signals},
        "prompt_tokens": [item.prompt_tokens for item in items],
        "completion_tokens": [item.completion_tokens for item in items],
        # Where no answer was recorded they are left out, so that older evidence keeps its digest.
        **{name: cast(Json, column) for name, column in recorded.items() if known(column)},
    }


def known(column: Sequence[float | None]) -> bool:
    return any(value is not None for value in column)


def observation(document: object) -> Observation:
    """The observation that a record holds.

    Raises ValueError where it has another shape, or where its key is not that of its question.
    """
    try:
        found = _observation(cast(Mapping[str, Json], document))
    except (KeyError, TypeError, AttributeError, ArithmeticError, IndexError) as error:
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
        items=_items(cast(Mapping[str, Json], document["items"])),
        usage=Usage(**usage),
    )


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected a text, got {value!r}")
    return value


def _items(columns: Mapping[str, Json]) -> tuple[Item, ...]:
    signals = cast(dict[str, list[float | None]], columns["signals"])
    plain = [cast(list[Any], columns[name]) for name in PLAIN]
    nothing = [None] * len(plain[0])
    costs, seconds = (cast(list[Any], columns.get(name, nothing)) for name in RECORDED)
    return tuple(
        Item(
            row=_text(row),
            score=float(score),
            predicted=None if predicted is None else int(predicted),
            target=None if target is None else int(target),
            signals={
                name: float(value)
                for name, values in signals.items()
                if (value := values[place]) is not None
            },
            prompt_tokens=int(prompt_tokens),
            completion_tokens=int(completion_tokens),
            cost=None if costs[place] is None else float(costs[place]),
            seconds=None if seconds[place] is None else float(seconds[place]),
        )
        for place, (row, score, predicted, target, prompt_tokens, completion_tokens) in enumerate(
            zip(*plain, strict=True)
        )
    )
