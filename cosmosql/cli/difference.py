"""What a command would change in a file."""

from __future__ import annotations

import os
import sys
from difflib import unified_diff

import click


def difference(name: str, before: bytes, after: bytes) -> str:
    """A unified diff of a file and what it would be, coloured on a terminal."""
    old, new = (text.decode("utf-8").splitlines(keepends=True) for text in (before, after))
    lines = [
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
        for line in unified_diff(old, new, name, name)
    ]
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        lines = [_coloured(line) for line in lines]
    return "".join(lines)


def _coloured(line: str) -> str:
    if line.startswith(("+++", "---")):
        return click.style(line, bold=True)
    colours = {"+": "green", "-": "red", "@": "cyan"}
    return click.style(line, fg=colours.get(line[0]))
