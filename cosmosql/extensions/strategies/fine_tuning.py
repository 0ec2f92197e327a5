"""LoRA and QLoRA: an adapter trained on zero-shot prompts and their right answers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from cosmosql.contracts.backend import Backend, Progress, TrainingExample, TrainingOptions
from cosmosql.contracts.retriever import Retriever
from cosmosql.contracts.strategy import Answer, Example, Fidelity, TaskView, Workload
from cosmosql.extensions.strategies.answering import ask
from cosmosql.extensions.strategies.prompt_layout import prompt_text
from cosmosql.extensions.strategies.zero_shot import required

ADAPTER = "adapter"


class FineTunedAdapted:
    """A model with a trained adapter.

    The adapter is kept in a directory and made active again before each round of answers, so that
    several adapted strategies can share one backend.
    """

    def __init__(
        self,
        *,
        task: TaskView,
        backend: Backend,
        adapter: TemporaryDirectory[str] | Path,
        workload: Workload,
    ) -> None:
        self.workload = workload
        self._task = task
        self._backend = backend
        self._adapter = adapter

    def answer(
        self, examples: Sequence[Example], progress: Progress | None = None
    ) -> tuple[Answer, ...]:
        self._activate()
        prompts = [prompt_text(self._task, example, (), self._backend) for example in examples]
        return ask(self._backend, self._task, examples, prompts, progress)

    def save(self, directory: Path) -> None:
        """Writes the adapter as the PEFT directory `adapter`."""
        self._activate()
        self._backend.save_adapter(directory / ADAPTER)

    def _activate(self) -> None:
        kept = self._adapter
        self._backend.load_adapter(kept if isinstance(kept, Path) else Path(kept.name))


@dataclass(frozen=True, slots=True, kw_only=True)
class FineTuning:
    quantized: bool
    axis: str | None = "share"
    trains: bool = True
    needs_retriever: bool = False

    def full(self, config: Mapping[str, object], pool: int) -> Fidelity:
        share = cast(float, config["share"])
        # The margin keeps 0.07 · 100 (7.000000000000001 in floating point) at 7 rows.
        return Fidelity(train_rows=min(pool, max(1, math.ceil(share * pool - 1e-9))))

    def ladder(
        self, config: Mapping[str, object], pool: int, probe: Mapping[str, object]
    ) -> tuple[Fidelity, ...]:
        """Runs on the probe's sizes below the candidate's own, then short runs of the probe's
        steps on the whole pool, for every seed; the candidate itself where it asks for no more
        rows than the largest size."""
        own = self.full(config, pool)
        rows = cast(int, own.train_rows)
        sizes = sorted(set(cast(Sequence[int], probe["sizes"])) - {0})
        seeds = cast(Sequence[int], probe["seeds"]) or (0,)
        found = [
            Fidelity(train_rows=size, seed=seed) for size in sizes if size < rows for seed in seeds
        ]
        if not sizes or rows <= sizes[-1]:
            found.append(own)
        complete = steps_of(config, Fidelity(train_rows=pool))
        found += [
            Fidelity(train_rows=pool, steps=steps, seed=seed)
            for steps in sorted(set(cast(Sequence[int], probe["steps"])) - {0})
            if steps < complete
            for seed in seeds
        ]
        return tuple(sorted(found, key=lambda step: steps_of(config, step)))

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
        prompt = instruction_tokens + input_tokens
        seen = steps_of(config, fidelity) * cast(int, config["batch_size"])
        return Workload(
            prompt_tokens=rows * prompt,
            completion_tokens=rows * target_tokens,
            training_tokens=seen * (prompt + target_tokens),
            updates=steps_of(config, fidelity),
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
    ) -> FineTunedAdapted:
        """Trains on the first `fidelity.train_rows` rows of `train`."""
        backend = required(backend)
        examples = [
            TrainingExample(prompt=prompt_text(task, row, (), backend), completion=row.target)
            for row in train[: fidelity.train_rows]
        ]
        options = TrainingOptions(
            rank=cast(int, config["rank"]),
            alpha=cast(int, config["alpha"]),
            dropout=cast(float, config["dropout"]),
            learning_rate=cast(float, config["learning_rate"]),
            batch_size=cast(int, config["batch_size"]),
            steps=steps_of(config, fidelity),
            seed=fidelity.seed,
            quantized=self.quantized,
        )
        result = backend.train(examples, options, progress)
        kept = TemporaryDirectory(prefix="cosmosql-adapter-")
        backend.save_adapter(Path(kept.name))
        return FineTunedAdapted(
            task=task,
            backend=backend,
            adapter=kept,
            workload=Workload(training_tokens=result.tokens, updates=result.steps),
        )

    def load(
        self,
        config: Mapping[str, object],
        directory: Path,
        *,
        task: TaskView,
        train: Sequence[Example],
        backend: Backend | None,
        retriever: Retriever | None,
    ) -> FineTunedAdapted:
        return FineTunedAdapted(
            task=task,
            backend=required(backend),
            adapter=directory / ADAPTER,
            workload=Workload(),
        )


def steps_of(config: Mapping[str, object], fidelity: Fidelity) -> int:
    """Optimiser steps at a fidelity: those it names, else enough for the configured epochs.

    >>> steps_of({"epochs": 3.0, "batch_size": 16}, Fidelity(train_rows=100))
    19
    """
    if fidelity.steps is not None:
        return fidelity.steps
    epochs, batch = cast(float, config["epochs"]), cast(int, config["batch_size"])
    return max(1, math.ceil(cast(int, fidelity.train_rows) * epochs / batch))


LORA = FineTuning(quantized=False)
QLORA = FineTuning(quantized=True)
