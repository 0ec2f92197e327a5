"""What is measured, what it may cost, and what things cost: `probe`, `budget`, `price` and
`hardware`."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import cast

from cosmosql.model.blocks import Block
from cosmosql.model.program import Budget, Hardware, Price, Probe
from cosmosql.model.report import Report
from cosmosql.units import Quantity


def probe_is_sound(block: Block, report: Report) -> bool:
    """E0304 where there is no seed to measure with."""
    if block.values.get("seeds", (0,)):
        return True
    report.add("E0304", "out of range", block.written("seeds"), "a probe needs at least one seed")
    return False


def probe(block: Block) -> Probe:
    return Probe(
        name=block.name,
        doc=block.doc,
        span=block.span,
        sizes=tuple(sorted(set(block.numbers("sizes")))),
        shots=tuple(sorted(set(block.numbers("shots")))),
        steps=tuple(sorted(set(block.numbers("steps")))),
        rows=cast(int, block.values["rows"]),
        most_rows=cast("int | None", block.values.get("most_rows")),
        seeds=tuple(dict.fromkeys(block.numbers("seeds"))),
        order=cast(str, block.values["order"]),
    )


def budget(block: Block) -> Budget:
    def meters(section: str) -> Mapping[str, Quantity]:
        return cast("Mapping[str, Quantity]", block.sections.get(section, {}))

    return Budget(
        name=block.name,
        doc=block.doc,
        span=block.span,
        probing=meters("probing"),
        adaptation=meters("adaptation"),
        serving=meters("serving"),
    )


def price_is_sound(block: Block, report: Report) -> bool:
    """E0209 where a price does not say its source or, unless it is assumed, its date; E0302 where
    the date is none."""
    wanted = ("source",) if block.values.get("assumed") else ("source", "as_of")
    missing = [name for name in wanted if name not in block.values]
    if missing and not block.template:
        report.add(
            "E0209",
            "an attribute is missing",
            block.written("price"),
            f"a price says its {' and its '.join(f'`{name}`' for name in missing)}",
            notes=("a reviewer must be able to tell where a price is from and how old it is",),
            help='write `source = "our contract"` and `as_of = "2026-01-31"`; a price that '
            "nobody lists says `assumed = true` in place of a date",
        )
        return False
    return _is_dated(block, report)


def price(block: Block) -> Price:
    return Price(
        name=block.name,
        doc=block.doc,
        span=block.span,
        input=cast(Quantity, block.values["input"]),
        output=cast(Quantity, block.values["output"]),
        cached_input=block.quantity("cached_input"),
        cache_from=cast(int, block.values["cache_from"]),
        batch_discount=cast(float | None, block.values.get("batch_discount")),
        source=block.text("source"),
        as_of=block.optional("as_of"),
        assumed=cast(bool, block.values["assumed"]),
    )


def hardware_is_sound(block: Block, report: Report) -> bool:
    """As for a price, where there is one."""
    return price_is_sound(block, report) if "price" in block.values else _is_dated(block, report)


def hardware(block: Block) -> Hardware:
    peak = block.quantity("peak_flops")
    return Hardware(
        name=block.name,
        doc=block.doc,
        span=block.span,
        memory=block.quantity("memory"),
        bandwidth=block.quantity("bandwidth"),
        peak_flops=None if peak is None else float(peak.base),
        utilisation=cast(float, block.values["utilisation"]),
        price=block.quantity("price"),
        price_source=block.optional("source"),
        price_as_of=block.optional("as_of"),
        price_assumed=cast(bool, block.values["assumed"]),
    )


def _is_dated(block: Block, report: Report) -> bool:
    """True where `as_of`, if written, is a date; E0302 otherwise."""
    text = block.optional("as_of")
    if text is None:
        return True
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        report.add(
            "E0302",
            "wrong type",
            block.written("as_of"),
            "this is no date",
            help='write the year first: `as_of = "2026-01-31"`',
        )
        return False
    return True
