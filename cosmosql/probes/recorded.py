"""A model whose answers are recorded, as what answers rows: it looks them up by their ids."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cosmosql.contracts.backend import Progress
from cosmosql.contracts.recorded import RecordedFactory, Recording
from cosmosql.contracts.strategy import Answer, Example, TaskView, Workload


class RecordedAdapted:
    """`strategy … using prompt` over recorded answers: there is nothing to prompt any more."""

    workload = Workload()

    def __init__(self, factory: RecordedFactory, recording: Recording, task: TaskView) -> None:
        self._factory = factory
        self._recording = recording
        self._task = task

    def answer(
        self, examples: Sequence[Example], progress: Progress | None = None
    ) -> tuple[Answer, ...]:
        """Raises InputError E0543 for a row that has no recorded answer."""
        return self._factory.answer(self._recording, self._task, examples)

    def save(self, directory: Path) -> None:
        """The answers stay where they are: a bundle names their file as it names weights."""
        directory.mkdir(parents=True, exist_ok=True)
