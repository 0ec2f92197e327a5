"""The specs of the repository: examples, standard library, starter, tests, and those in docs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```cosmos(?! untidy| broken)[^\n]*\n(.*?)^```$", re.M | re.S)
FOLDERS = ("examples", "stdlib", "cosmosql/cli/starter", "tests/syntax/specs")


def spec_files() -> list[Path]:
    return sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.cosmos"))


def documents() -> list[Path]:
    found = [*(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")]
    return sorted([ROOT / "README.md", *found])


def fences() -> Iterator[tuple[str, str]]:
    """Every spec in a document, with the place where it stands: `docs/tour.md:12`."""
    for path in documents():
        text = path.read_text(encoding="utf-8")
        for match in FENCE.finditer(text):
            line = text.count("\n", 0, match.start(1)) + 1
            yield f"{path.relative_to(ROOT).as_posix()}:{line}", match[1]
