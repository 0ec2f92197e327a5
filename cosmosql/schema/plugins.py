"""The entry points that installed packages declare.

`importlib.metadata` and what it imports take longer than checking a small spec does, so it is
loaded only where some package has an entry point for us, or might.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_DESCRIPTIONS = (".dist-info", ".egg-info")
_FILE = "entry_points.txt"


def entry_points(group: str) -> Iterable[EntryPoint]:
    """Those of one group, as `importlib.metadata` gives them."""
    if not any(_may_declare(Path(place), f"[{group}]".encode()) for place in sys.path):
        return ()
    import importlib.metadata

    return importlib.metadata.entry_points(group=group)


def _may_declare(place: Path, header: bytes) -> bool:
    """True where a directory has a package with such a section. A file (a zip) always may, and
    what the system does not let us read."""
    try:
        if not place.is_dir():
            return place.is_file()
        described = (entry for entry in place.iterdir() if entry.suffix in _DESCRIPTIONS)
        files = (entry / _FILE for entry in described)
        return any(header in file.read_bytes() for file in files if file.is_file())
    except OSError:
        return True
