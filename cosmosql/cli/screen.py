"""Where a command's words go: results to standard output, everything else to standard error."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

PIPE_WIDTH = 132
"""Columns of a table that no terminal shows; COLUMNS overrides."""


@dataclass(frozen=True)
class Screen:
    """Colours appear on a terminal only, and never with NO_COLOR. No text is read as markup."""

    quiet: bool = False
    verbose: bool = False

    @cached_property
    def _console(self) -> Console:
        from cosmosql.cli.console import plain_console

        if os.environ.get("COLUMNS") == "0":  # not known, as some terminals of editors say it
            return plain_console(PIPE_WIDTH)
        fixed = None if sys.stdout.isatty() or os.environ.get("COLUMNS") else PIPE_WIDTH
        return plain_console(fixed)

    @property
    def width(self) -> int:
        return self._console.width

    def show(self, item: RenderableType) -> None:
        """Prints a table or a text as a result."""
        self._console.print(item)

    def data(self, text: str) -> None:
        """Prints a text as it is, to the byte: JSON, a graph, an answer."""
        sys.stdout.write(text)

    def note(self, text: str) -> None:
        """Tells the person at the terminal something that no program reads; not with `--quiet`."""
        if not self.quiet:
            print(text, file=sys.stderr)

    def detail(self, text: str) -> None:
        """Tells what only `--verbose` asks for."""
        if self.verbose:
            print(text, file=sys.stderr)
