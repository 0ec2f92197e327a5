"""What a completion knows of its place: the block around the cursor, and the names in sight."""

from __future__ import annotations

import re

from cosmosql.lsp.columns import columns_of
from cosmosql.lsp.cursor import Cursor
from cosmosql.lsp.proposals import Proposal, Sort
from cosmosql.lsp.workspace import Snapshot
from cosmosql.model.extend import Flat
from cosmosql.model.modules import LoadedModule
from cosmosql.model.names import Declaration
from cosmosql.model.occurrences import fields_of
from cosmosql.model.values import Content
from cosmosql.schema.fields import Field
from cosmosql.schema.kinds import KINDS, Kind

_DOTTED = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\.\Z")
_DATA = re.compile(r"^[ \t]+data[ \t]*=[ \t]*([\w.]+)|^(?=[A-Za-z_])", re.M)


class Scope:
    """A cursor in a file of an analysis. The block that it is in may be unfinished: what is said of
    that is read from its text."""

    def __init__(self, snapshot: Snapshot, module: LoadedModule, at: Cursor) -> None:
        self.snapshot = snapshot
        self.module = module
        self.at = at
        self.start = at.offset - len(at.word)

    def proposal(
        self, label: str, sort: Sort, detail: str = "", doc: str = "", text: str = ""
    ) -> Proposal:
        """One that replaces the word before the cursor."""
        return Proposal(label, sort, self.start, detail, doc, text)

    @property
    def dotted(self) -> str | None:
        """The names before the cursor's word, joined by dots: `base.strategy` of
        `base.strategy.r`."""
        match = _DOTTED.search(self.at.before)
        return match[1] if match else None

    def fields(self, kind: Kind) -> tuple[Field, ...]:
        """The attributes that may stand between the braces around the cursor."""
        if self.at.section is None:
            return fields_of(kind, self._using(kind))
        found = (one.fields for one in kind.sections if one.name == self.at.section)
        return next(found, ())

    def inherited(self, kind: Kind) -> frozenset[str]:
        """The attributes that the block has from what it extends."""
        flat = self._extended(kind) if self.at.section is None else None
        return frozenset(flat.attributes) if flat is not None else frozenset()

    def declared(self, dotted: str, kind: str) -> Declaration | None:
        """The declaration of a dotted name; None where it is none of that kind."""
        place, parts = self.module, dotted.split(".")
        while len(parts) > 1 and parts[0] in place.imports:
            place, parts = place.imports[parts[0]], parts[1:]
        if parts[0] == kind and len(parts) > 1:
            parts = parts[1:]
        block = place.blocks.get((kind, parts[0])) if len(parts) == 1 else None
        return None if block is None else Declaration(place, block)

    def columns(self) -> tuple[str, ...]:
        """The columns of the dataset that the block is about."""
        name = self.at.name or ""
        if self.at.kind == "dataset":
            return columns_of(self.snapshot, self.declared(name, "dataset"))
        return columns_of(self.snapshot, self._data(name)) if self.at.kind == "task" else ()

    def _data(self, task: str) -> Declaration | None:
        """The dataset of the task around the cursor, as its text says or as it inherits it."""
        text = self.snapshot.document.text.text
        head = re.search(rf"^(?:template[ \t]+)?task[ \t]+{task}\b", text, re.M)
        found = _DATA.search(text, head.end()) if head is not None else None
        if found is not None and found[1]:
            return self.declared(found[1], "dataset")
        flat = self._extended(KINDS["task"])
        owned = flat.attributes.get("data") if flat is not None else None
        if owned is None:
            return None
        value = self.snapshot.index.evaluator.value(owned.attribute.value, owned.module)
        content: Content | None = value.content if value is not None else None
        return content if isinstance(content, Declaration) else None

    def _using(self, kind: Kind) -> str | None:
        """What implements the block, said by itself or inherited."""
        flat = self._extended(kind)
        inherited = flat.using.text if flat is not None and flat.using is not None else None
        return self.at.using or inherited

    def _extended(self, kind: Kind) -> Flat | None:
        """What the block extends, with all that that inherits."""
        found = self.declared(self.at.extends, kind.name) if self.at.extends else None
        return None if found is None else self.snapshot.index.flattener.flat(found)
