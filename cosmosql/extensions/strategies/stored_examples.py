"""Examples in a bundle, one JSON object a line: demonstrations, or what a baseline learns from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from cosmosql.contracts.strategy import Example

FILE = "examples.jsonl"


def write_examples(directory: Path, examples: Sequence[Example]) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(asdict(example), ensure_ascii=False) + "\n" for example in examples]
    (directory / FILE).write_text("".join(lines), encoding="utf-8")


def read_examples(directory: Path) -> tuple[Example, ...]:
    """The examples that were written, in their order."""
    with (directory / FILE).open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return tuple(Example(**{**row, "options": tuple(row["options"])}) for row in rows)
