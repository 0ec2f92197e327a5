"""Loaded rows with their identity and role. The text of a row never leaves this layer but through
`contracts.strategy.Example`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """The four disjoint uses of a row. `test` is read by `apply` and `backtest` alone."""

    TRAIN = "train"
    VALIDATION = "validation"
    CALIBRATION = "calibration"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """`identity` is the SHA-256 of the row's content (its columns' canonical JSON without the id
    and role columns; a repeated content counts its occurrence, so identities are unique);
    `origin` is where it stands, for messages: `data/rows.jsonl:17`; `id` is the cell of the
    dataset's `id` column, None where it names none."""

    identity: str
    values: Mapping[str, object] = field(repr=False)
    role: Role
    origin: str
    id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedDataset:
    """A dataset's rows by role, each role in a fixed order that depends on contents alone (so a
    prefix is a random sample, the same for every candidate). `fingerprint` is the SHA-256 over
    the sorted row identities and roles."""

    name: str
    fingerprint: str
    columns: tuple[str, ...]
    rows: Mapping[Role, tuple[Row, ...]] = field(repr=False)
    shown: bool = True
    """False where messages must not show contents: rows from outside the spec's directory."""
