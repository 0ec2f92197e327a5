"""The type of an attribute: what may be written, its default, and what it means."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

Default: TypeAlias = bool | int | float | str | tuple[int, ...] | tuple[str, ...] | None


class FieldType(StrEnum):
    COUNT = "count"
    """A whole number, bare or with a counting unit (`300 examples`): int."""
    NUMBER = "number"
    """A bare number: float."""
    RATIO = "ratio"
    """`25%` or `0.25`: float."""
    AMOUNT = "amount"
    """`300 examples` (int) or a share, `15%` (float)."""
    TEXT = "text"
    """A quoted text: str."""
    WORD = "word"
    """A bare or quoted word: str (a column, a label, one of `choices`)."""
    BOOLEAN = "boolean"
    PATH = "path"
    """A quoted path, relative to the declaring file: str."""
    QUANTITY = "quantity"
    """A number with a unit of the field's `dimension`."""
    REFERENCE = "reference"
    """A declaration of the field's `target` kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One attribute of a kind or of an extension.

    `required` and `default` exclude each other; a default of None means "may be left out".
    `many` makes it a list; `sweepable` allows `sweep(…)`. A `fact` tells readers about the thing
    and changes nothing that it does: it is part of no key and of no plan.
    """

    name: str
    type: FieldType
    doc: str
    required: bool = False
    default: Default = None
    many: bool = False
    sweepable: bool = False
    hub: bool = False
    """For PATH: where no such path exists, the id of something on a hub."""
    fact: bool = False
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    dimension: str | None = None
    """For QUANTITY: a dimension's name as `cosmosql.units` prints it, such as `money`."""
    target: str | None = None
    """For REFERENCE: the kind it must name."""

    @property
    def bounds(self) -> tuple[str, ...]:
        """The least and the largest value in words: `at least 1`, `at most 1000000`."""
        low = () if self.minimum is None else (f"at least {_digits(self.minimum)}",)
        high = () if self.maximum is None else (f"at most {_digits(self.maximum)}",)
        return low + high


def _digits(number: float) -> str:
    """Without an exponent and without a needless fraction: `1000000`, `0.0001`."""
    return str(int(number)) if number == int(number) else f"{number:.6f}".rstrip("0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """What a plug-in says of itself without importing anything heavy.

    A module of `cosmosql.extensions` (or of another package, through the entry-point group
    `cosmosql.extensions`) exposes one as `EXTENSION`. `implementation` is `module:Object`, loaded
    only when the thing is used; `extra` is what to install when that fails.
    """

    kind: str
    """The declaration kind it serves (`strategy`, `model`, `retriever`, `dataset`), or `metric`,
    `predictor`."""
    name: str
    doc: str
    options: tuple[Field, ...]
    implementation: str
    extra: str | None = None
    local: bool = True
    """For models: rows stay on this machine."""
    recorded: bool = False
    """For models: it answered already, and is asked by row (`contracts.recorded`)."""
