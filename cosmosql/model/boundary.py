"""Which files a spec may read: those of its own directory tree, and of trees that its user trusts.

A spec can come from a stranger. Whatever it names, by a path with `..` or through a symbolic link,
stays inside this boundary, so that reading one tells nothing of the rest of the machine.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cosmosql.diagnostics.diagnostic import Diagnostic, Label
from cosmosql.resources import resource
from cosmosql.source import Span

MOST_ENTRIES = 10_000
"""Files and directories that are looked through for links that lead outside."""


@dataclass(frozen=True, slots=True)
class Trusted:
    """What the user lets a spec read beside its own tree."""

    roots: tuple[Path, ...] = ()
    """Directory trees, as real paths."""
    named: frozenset[str] = frozenset()
    """Paths as the user wrote them in values of parameters."""

    @classmethod
    def of(cls, directories: Iterable[Path], named: Iterable[str] = ()) -> Trusted:
        roots = dict.fromkeys(real_path(directory) for directory in directories)
        return cls(tuple(roots), frozenset(named))


NOTHING = Trusted()


@dataclass(frozen=True, slots=True)
class Boundary:
    """The trees that the files of one spec may name: its own, the standard library, trusted."""

    home: Path
    standard: Path
    trusted: Trusted

    @classmethod
    def around(cls, spec: Path, trusted: Trusted = NOTHING) -> Boundary:
        return cls(real_path(spec.parent), real_path(resource("stdlib")), trusted)

    def holds(self, path: Path) -> bool:
        """True where a path, every symbolic link followed, stays inside."""
        real = real_path(path)
        return any(real.is_relative_to(root) for root in self._roots)

    def way_out(self, path: Path) -> Path | None:
        """The path, or what lies below it, that leads outside; None where everything stays.

        Also what is neither a file nor a directory counts (a pipe, a device): reading it might
        never end. Trees that the user trusts are taken as they are.
        """
        if not self.holds(path):
            return path
        real = real_path(path)
        if any(real.is_relative_to(root) for root in (self.standard, *self.trusted.roots)):
            return None
        return self._way_out_below(real) if real.is_dir() else None

    def _way_out_below(self, directory: Path) -> Path | None:
        waiting, seen, entries = [directory], {directory}, 0
        while waiting:
            current = waiting.pop()
            for place in _listed(current):
                entries += 1
                if entries > MOST_ENTRIES or not self.holds(place):
                    return place
                if place.is_dir():
                    real = real_path(place)
                    if real not in seen:
                        seen.add(real)
                        waiting.append(real)
                elif place.exists() and not place.is_file():
                    return place
        return None

    @property
    def _roots(self) -> tuple[Path, ...]:
        return (self.home, self.standard, *self.trusted.roots)


def real_path(path: Path) -> Path:
    """The path with every symbolic link followed; of a loop of links, the link itself."""
    try:
        return Path(os.path.realpath(path))
    except ValueError:  # a character that no path can have: it is inside of nothing
        return Path(path.anchor or os.sep)


def _listed(directory: Path) -> list[Path]:
    """What a directory holds, sorted; nothing where the system refuses."""
    try:
        return sorted(directory.iterdir())
    except OSError:
        return []


def outside(path: Path, way_out: Path, span: Span) -> Diagnostic:
    """E0206 for a path that stands at a span, and what `Boundary.way_out` says of it."""
    within: tuple[str, ...] = ()
    if way_out != path:
        within = (f"`{way_out.name}` in it is a link that leads outside, or no file to read",)
    return _leaving((Label(span, "this leads outside"),), within)


def outside_itself(path: Path) -> Diagnostic:
    """E0206 for a spec that is a link to somewhere else."""
    return _leaving((), (f"`{path.as_posix()}` is a symbolic link that leads outside",))


def _leaving(labels: tuple[Label, ...], notes: tuple[str, ...]) -> Diagnostic:
    return Diagnostic(
        code="E0206",
        title="path leaves the directory of the spec",
        labels=labels,
        notes=(*notes, "a spec reads only files beside and below it, so checking one is safe"),
        help="move it below the spec's directory, or trust a directory that holds it: "
        "`--allow DIR`",
    )
