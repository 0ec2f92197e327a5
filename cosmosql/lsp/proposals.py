"""What a completion is: a word, what sort of thing it names, and which text it replaces."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Sort(StrEnum):
    """What a proposal names, for the editor's icon."""

    KEYWORD = "keyword"
    KIND = "kind"
    ATTRIBUTE = "attribute"
    SECTION = "section"
    DECLARATION = "declaration"
    CONSTANT = "constant"
    MODULE = "module"
    FILE = "file"
    UNIT = "unit"
    VALUE = "value"
    MEASURE = "measure"
    COLUMN = "column"
    EXTENSION = "extension"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A word that could stand at the cursor. It replaces what stands from `start` to there."""

    label: str
    sort: Sort
    start: int
    detail: str = ""
    doc: str = ""
    text: str = ""
    """What is written where that is more than the label."""

    @property
    def written(self) -> str:
        return self.text or self.label
