"""What one analysis keeps for the next, for an editor that analyses a spec at every keystroke."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TypeVar

from cosmosql.model.boundary import Boundary
from cosmosql.model.modules import Modules
from cosmosql.model.names import Declaration
from cosmosql.model.program import Declared
from cosmosql.model.report import Report
from cosmosql.syntax.parse import ParseCache
from cosmosql.syntax.tree import Block

Bound = TypeVar("Bound", bound=Declared)


class Memory(ParseCache):
    """What was parsed, and what the declarations of the standard library were bound to: they depend
    on nothing outside of it. For one set of settings; not for several threads."""

    def __init__(self) -> None:
        super().__init__()
        self._standard: dict[str, tuple[Block, Declared]] = {}

    def bind(
        self, declaration: Declaration, bind: Callable[[Declaration], Bound | None], report: Report
    ) -> Bound | None:
        """What `bind` makes of a declaration of the standard library, or made of it before."""
        known = self._standard.get(declaration.name)
        if known is not None and known[0] is declaration.block:
            return known[1]  # type: ignore[return-value]
        made = bind(declaration)
        if made is not None and not report.failed:
            self._standard[declaration.name] = (declaration.block, made)
        return made


def standard_files(
    modules: Modules, boundary: Boundary, texts: Collection[Path]
) -> frozenset[Path]:
    """The paths of the modules that come from the standard library as it is on disk and import
    nothing; none where a text stands in for any file of it."""
    standard = boundary.standard
    if any(path.is_relative_to(standard) for path in texts):
        return frozenset()
    # What an import is called, and so what is named through it, depends on the spec.
    alone = (module.path for module in modules.imported if not module.aliases)
    return frozenset(path for path in alone if path.parent == standard)
