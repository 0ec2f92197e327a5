"""The library that lays tables out, as commands use it. Imported only to print a table."""

from __future__ import annotations

from rich.console import Console


class _Console(Console):
    """Leaves a reader that went away (`| head`) to the one place that ends commands."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def plain_console(width: int | None) -> Console:
    """Standard output, that many columns wide; no text is read as markup."""
    return _Console(width=width, markup=False, emoji=False, highlight=False)
