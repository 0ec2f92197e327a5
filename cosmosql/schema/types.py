"""What may be written for each type of attribute, in a sentence and an example."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cosmosql.schema.fields import FieldType

TYPES: Mapping[FieldType, tuple[str, str]] = MappingProxyType(
    {
        FieldType.COUNT: ("A whole number, bare or with a unit that counts.", "300 examples"),
        FieldType.NUMBER: ("A number without a unit.", "0.0002"),
        FieldType.RATIO: ("A share or a rate: in percent, or as a plain number.", "25%"),
        FieldType.AMOUNT: ("A number of examples, or a share of all rows.", "15%"),
        FieldType.TEXT: ("A text in quotes, on one line.", '"Ticket: {text}"'),
        FieldType.WORD: ("A name, bare or in quotes: a column, a label, one of a few.", "label"),
        FieldType.BOOLEAN: ("`true` or `false`.", "true"),
        FieldType.PATH: (
            "A path in quotes, relative to the file that declares it.",
            '"data/tickets.jsonl"',
        ),
        FieldType.QUANTITY: (
            "A number with a unit of the dimension that the attribute names.",
            "40 USD",
        ),
        FieldType.REFERENCE: ("The name of a declaration, with its kind.", "dataset.rows"),
    }
)
"""Type to what it takes and an example of it."""
