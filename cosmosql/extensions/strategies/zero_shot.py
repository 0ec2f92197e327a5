"""Answers without demonstrations and without training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from cosmosql.contracts.backend import Backend, Progress
from cosmosql.contracts.retriever import Retriever
from cosmosql.contracts.strategy import Answer, Example, Fidelity, TaskView, Workload
from cosmosql.extensions.strategies.answering import ask
from cosmosql.extensions.strategies.prompt_layout import prompt_text


class ZeroShotAdapted:
    """The base model, asked directly."""

    workload = Workload()

    def __init__(self, task: TaskView, backend: Backend) -> None:
        self._task = task
        self._backend = backend

    def answer(
        self, examples: Sequence[Example], progress: Progress | None = None
    ) -> tuple[Answer, ...]:
        self._backend.unload_adapter()
        prompts = [prompt_text(self._task, example, (), self._backend) for example in examples]
        return ask(self._backend, self._task, examples, prompts, progress)

    def save(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)


class ZeroShot:
    axis: str | None = None
    trains = False
    needs_retriever = False

    def full(self, config: Mapping[str, object], pool: int) -> Fidelity:
        return Fidelity()

    def ladder(
        self, config: Mapping[str, object], pool: int, probe: Mapping[str, object]
    ) -> tuple[Fidelity, ...]:
        return (self.full(config, pool),)

    def workload(
        self,
        config: Mapping[str, object],
        fidelity: Fidelity,
        *,
        input_tokens: int,
        target_tokens: int,
        instruction_tokens: int,
        options: int,
        rows: int,
    ) -> Workload:
        return Workload(
            prompt_tokens=rows * (instruction_tokens + input_tokens),
            completion_tokens=rows * target_tokens,
            requests=rows,
        )

    def adapt(
        self,
        config: Mapping[str, object],
        fidelity: Fidelity,
        *,
        task: TaskView,
        train: Sequence[Example],
        backend: Backend | None,
        retriever: Retriever | None,
        progress: Progress | None = None,
    ) -> ZeroShotAdapted:
        return ZeroShotAdapted(task, required(backend))

    def load(
        self,
        config: Mapping[str, object],
        directory: Path,
        *,
        task: TaskView,
        train: Sequence[Example],
        backend: Backend | None,
        retriever: Retriever | None,
    ) -> ZeroShotAdapted:
        return ZeroShotAdapted(task, required(backend))


def required(backend: Backend | None) -> Backend:
    """The backend; the compiler has refused a strategy without its model before this."""
    if backend is None:
        raise ValueError("this strategy needs a model")
    return backend


STRATEGY = ZeroShot()
