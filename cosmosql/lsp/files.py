"""Files and directories that a path in a spec could name: what lies inside its boundary."""

from __future__ import annotations

from pathlib import Path

from cosmosql.model.boundary import Boundary

MOST_ENTRIES = 500


def paths_below(
    directory: Path, boundary: Boundary, suffixes: tuple[str, ...]
) -> tuple[tuple[str, bool], ...]:
    """The visible entries of a directory as (name, is it a directory), directories last.

    With suffixes only files that end so, and directories. What lies outside the boundary, links
    followed, is left out; a directory that cannot be listed has no entries.
    """
    if not boundary.holds(directory):
        return ()
    found = []
    try:
        entries = sorted(directory.iterdir())[:MOST_ENTRIES]
        for entry in entries:
            if entry.name.startswith(".") or not boundary.holds(entry):
                continue
            inner = entry.is_dir()
            if inner or not suffixes or entry.name.endswith(suffixes):
                found.append((entry.name, inner))
    except OSError:
        return ()
    return tuple(sorted(found, key=lambda item: item[1]))
