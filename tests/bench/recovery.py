"""Damage at every token of every spec: is it told once, and where it is?

    python -m tests.bench.recovery             # the tables
    python -m tests.bench.recovery --missed    # and every place where it is not

A place counts as told where the only error points at the damaged line. For a closing bracket that
is gone this is the line of its opening one, which stays open.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cosmosql.diagnostics.diagnostic import Diagnostic
from cosmosql.source import Source
from cosmosql.syntax.parse import ParseCache, parse
from cosmosql.syntax.statements import NAME, NUMBER, TEXT
from tests.bench.specs import ROOT, spec_files

_TOKEN = re.compile(rf"#[^\n]*|{TEXT}|{NUMBER}|{NAME}|<=|>=|==|\S")
_PAIRS = {"}": "{", "]": "[", ")": "("}

DAMAGES: dict[str, Callable[[str], str]] = {
    "deleted": lambda token: "",
    "doubled": lambda token: f"{token} {token}",
    "followed by `@`": lambda token: f"{token} @",
    "followed by `,`": lambda token: f"{token} ,",
    "followed by `)`": lambda token: f"{token} )",
    "followed by `{`": lambda token: f"{token} {{",
    "followed by `}`": lambda token: f"{token} }}",
    "followed by a line end": lambda token: f"{token}\n",
}
"""What is done to a token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What became of a file after one of its tokens was damaged."""

    place: str
    token: str
    errors: tuple[Diagnostic, ...]
    placed: bool

    @property
    def once(self) -> bool:
        return len(self.errors) == 1


def damaged(source: Source, damage: str = "deleted") -> Iterator[Place]:
    """Each token of a text without mistakes damaged in turn."""
    text, cache = source.text, ParseCache()
    opened: list[int] = []
    for match in _TOKEN.finditer(text):
        token, blamed = match.group(), match.start()
        if token[0] == "#":
            continue
        if token in _PAIRS.values():
            opened.append(match.start())
        elif token in _PAIRS:
            opener = opened.pop()
            blamed = opener if damage == "deleted" else blamed
        broken = Source(
            source.name, text[: match.start()] + DAMAGES[damage](token) + text[match.end() :]
        )
        _, errors = parse(broken, cache)
        lines = {broken.position(label.span.start)[0] for item in errors for label in item.labels}
        yield Place(
            place=f"{source.name}:{source.position(match.start())[0]}",
            token=token,
            errors=errors,
            placed=len(errors) == 1 and source.position(blamed)[0] in lines,
        )


def every(paths: Iterable[Path], damage: str = "deleted") -> Iterator[Place]:
    for path in paths:
        name = path.relative_to(ROOT).as_posix()
        yield from damaged(Source(name, path.read_text(encoding="utf-8")), damage)


def shares(places: Iterable[Place]) -> tuple[int, int, float, float]:
    """Damages, broken files, and of these the shares with one error and with it on its line."""
    listed = list(places)
    broken = [item for item in listed if item.errors]
    once = sum(item.once for item in broken) / len(broken)
    placed = sum(item.placed for item in broken) / len(broken)
    return len(listed), len(broken), once, placed


def row(name: str, places: Iterable[Place]) -> str:
    tokens, broken, once, placed = shares(places)
    return f"| {name} | {tokens:,} | {broken:,} | {once:.1%} | {placed:.1%} |"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--missed", action="store_true")
    chosen = arguments.parse_args()
    files = spec_files()
    folders = sorted({path.parent for path in files})
    found = {folder: list(every(folder.glob("*.cosmos"))) for folder in folders}
    print("| a token deleted in | tokens | broken | one error | on its line |")
    print("|---|--:|--:|--:|--:|")
    for folder, places in found.items():
        print(row(f"`{folder.relative_to(ROOT).as_posix()}`", places))
    print(row("all", [item for places in found.values() for item in places]))
    small = [path for path in files if path.parent != ROOT / "stdlib"]
    others = {name: list(every(small, name)) for name in DAMAGES if name != "deleted"}
    print("\n| a token outside the standard library | tokens | broken | one error | on its line |")
    print("|---|--:|--:|--:|--:|")
    for name, places in others.items():
        print(row(name, places))
    if chosen.missed:
        for name, places in [*((str(key), value) for key, value in found.items()), *others.items()]:
            print(f"\n{name}")
            for item in places:
                if item.errors and not item.placed:
                    print(f"{item.place} {item.token}: {[error.title for error in item.errors]}")


if __name__ == "__main__":
    main()
