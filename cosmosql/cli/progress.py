"""Progress on standard error, on a terminal only."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from cosmosql.evidence.observation import Observation
    from cosmosql.probes.lower import ProbeRun


class Bars:
    """One bar for the whole and one for the batch at hand. Called with (words, done, total) it
    shows a step; as a watcher of probes it counts them."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._whole: TaskID | None = None
        self._batch: TaskID | None = None
        self._words = ""

    def __call__(self, what: str, done: int, total: int) -> None:
        if what != self._words:
            self._start(what)
        self.advanced(done, total)

    def started(self, run: ProbeRun, index: int, total: int) -> None:
        if self._whole is None:
            self._whole = self._bars.add_task("probes", total=total)
        self._bars.update(self._whole, completed=index, total=total)
        self._start(f"{run.measurement.kind} {run.measurement.candidate.name}")

    def advanced(self, done: int, total: int) -> None:
        if self._batch is not None:
            self._bars.update(self._batch, completed=done, total=total)

    def finished(self, run: ProbeRun, observation: Observation | None) -> None:
        if self._whole is not None:
            self._bars.advance(self._whole)

    def _start(self, what: str) -> None:
        if self._batch is not None:
            self._bars.remove_task(self._batch)
        self._words = what
        self._batch = self._bars.add_task(what, total=None)


@contextmanager
def progress(*, quiet: bool) -> Iterator[Bars | None]:
    """Bars while the block runs; None where standard error is no terminal or nobody wants them."""
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
        yield Bars(bars)
