"""The specs of directories."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from cosmosql.cli.words import SPEC_SUFFIX


def specs_below(paths: Sequence[Path]) -> Iterator[Path]:
    """Files as they are, and of each directory every spec below it, sorted, but those that are
    hidden or links."""
    for given in paths:
        if not os.path.isdir(given):  # noqa: PTH112 (false for a name that no file can have)
            yield given
            continue
        for folder, folders, files in os.walk(given):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(files):
                path = Path(folder, name)
                plain = path.is_file() and not path.is_symlink()
                if path.suffix == SPEC_SUFFIX and not name.startswith(".") and plain:
                    yield path
