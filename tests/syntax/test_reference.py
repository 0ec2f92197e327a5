"""The language reference holds what it says."""

from __future__ import annotations

import re
from pathlib import Path

from cosmosql.units import Quantity

REFERENCE = (Path(__file__).parents[2] / "docs" / "language.md").read_text(encoding="utf-8")


def test_units_of_the_table_exist() -> None:
    table = REFERENCE.split("| dimension | units |")[1].split("\n\n")[0]
    rows = re.findall(r"^\| ([^|]+) \| ([^|]*`[^|]+) \|$", table, re.M)
    assert len(rows) == 9
    for dimensions, units in rows:
        for unit in re.findall(r"`([^`]+)`", units):
            name = Quantity.of(3, unit).dimension.name
            assert name in [part.strip() for part in dimensions.split(",")]


def test_quantities_in_the_text_are_canonical() -> None:
    quantities = re.findall(r"`(\d[\d_.]*(?: ?[A-Z%a-z][\w/-]*|%))`", REFERENCE)
    assert len(quantities) >= 6
    for text in quantities:
        assert str(Quantity.parse(text)) == text
