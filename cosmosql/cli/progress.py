"""Progress on standard error, on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cosmosql.diagnostics.render.text import visible

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Bar:
    """One bar for what is being done; other words begin a new one in its place."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._task: TaskID | None = None
        self._words = ""

    def __call__(self, what: str, done: int, total: int) -> None:
        if self._task is None or what != self._words:
            if self._task is not None:
                self._bars.remove_task(self._task)
            self._words = what
            self._task = self._bars.add_task(visible(what), total=total)
        self._bars.update(self._task, completed=done, total=total)


@contextmanager
def progress(*, quiet: bool) -> Iterator[Bar | None]:
    """A bar while the block runs; None where standard error is no terminal or nobody wants them."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        yield Bar(bars)
