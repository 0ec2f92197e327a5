"""Answers from demonstrations in the prompt."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import numpy as np

from cosmosql.contracts.backend import Backend, Progress
from cosmosql.contracts.retriever import Retriever
from cosmosql.contracts.strategy import Answer, Example, Fidelity, TaskView, Workload
from cosmosql.extensions.retrievers.random_order import RandomOrder
from cosmosql.extensions.strategies.answering import ask
from cosmosql.extensions.strategies.prompt_layout import prompt_text
from cosmosql.extensions.strategies.stored_examples import read_examples, write_examples
from cosmosql.extensions.strategies.zero_shot import required
from cosmosql.identity import seed_of

SHOTS_FILE = "shots.json"


class InContextAdapted:
    """Demonstrations chosen for each query from a pool by a retriever."""

    workload = Workload()

    def __init__(
        self,
        *,
        task: TaskView,
        pool: Sequence[Example],
        shots: int,
        backend: Backend,
        retriever: Retriever,
    ) -> None:
        self._task = task
        self._pool = tuple(pool)
        self._shots = shots
        self._backend = backend
        self._retriever = retriever
        self._wanted = shots + most_copies(pool)

    def answer(
        self, examples: Sequence[Example], progress: Progress | None = None
    ) -> tuple[Answer, ...]:
        self._backend.unload_adapter()
        prompts = [
            prompt_text(self._task, example, shown, self._backend)
            for example, shown in zip(examples, self.demonstrations(examples), strict=True)
        ]
        return ask(self._backend, self._task, examples, prompts, progress)

    def demonstrations(self, examples: Sequence[Example]) -> list[tuple[Example, ...]]:
        """The demonstrations of each query, the nearest one last, next to the query. A row never
        demonstrates itself, nor does another row of the same content."""
        if self._shots == 0:
            return [()] * len(examples)
        inputs = [example.input for example in examples]
        found = self._retriever.nearest(inputs, self._wanted)
        shown = []
        for example, indices in zip(examples, found, strict=True):
            others = [self._pool[index] for index in indices]
            kept = [other for other in others if other.row != example.row][: self._shots]
            shown.append(tuple(reversed(kept)))
        return shown

    def save(self, directory: Path) -> None:
        """The pool and the shots; a named retriever is saved by whoever named it."""
        write_examples(directory, self._pool)
        (directory / SHOTS_FILE).write_text(json.dumps({"shots": self._shots}), encoding="utf-8")


def most_copies(pool: Sequence[Example]) -> int:
    """How often the most frequent row stands in a pool: no query loses more neighbours than that,
    so `shots` and this many of them are always enough."""
    return max(Counter(example.row for example in pool).values(), default=0)


def random_pool(train: Sequence[Example], shots: int, seed: int) -> tuple[Example, ...]:
    """The train rows that a random demonstration set of this seed may need. More shots extend
    fewer: the sets of one seed are nested."""
    order = np.random.default_rng(seed_of("demonstrations", seed)).permutation(len(train))
    return tuple(train[index] for index in order[: shots + most_copies(train)].tolist())


def in_order(pool: Sequence[Example]) -> RandomOrder:
    """A retriever that gives every query the pool as it stands."""
    return RandomOrder(tuple(range(len(pool))))


class InContext:
    axis: str | None = "shots"
    trains = False
    needs_retriever = False

    def full(self, config: Mapping[str, object], pool: int) -> Fidelity:
        return Fidelity(shots=min(pool, cast(int, config["shots"])))

    def ladder(
        self, config: Mapping[str, object], pool: int, probe: Mapping[str, object]
    ) -> tuple[Fidelity, ...]:
        """The probe's shots below the candidate's own, for every seed where they are drawn at
        random; the candidate itself where it asks for no more than the largest of them."""
        own = self.full(config, pool)
        shots = sorted(set(cast(Sequence[int], probe["shots"])))
        drawn = config.get("retriever") is None
        seeds = (cast(Sequence[int], probe["seeds"]) if drawn else ()) or (0,)
        steps = [
            Fidelity(shots=count, seed=seed)
            for count in shots
            if count < cast(int, own.shots)
            for seed in (seeds if count else (0,))
        ]
        if not steps or cast(int, own.shots) <= shots[-1]:
            steps.append(own)
        return tuple(steps)

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
        demonstrations = (fidelity.shots or 0) * (input_tokens + target_tokens)
        return Workload(
            prompt_tokens=rows * (instruction_tokens + demonstrations + input_tokens),
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
    ) -> InContextAdapted:
        shots = fidelity.shots or 0
        pool = train if retriever else random_pool(train, shots, fidelity.seed)
        return InContextAdapted(
            task=task,
            pool=pool,
            shots=shots,
            backend=required(backend),
            retriever=retriever or in_order(pool),
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
    ) -> InContextAdapted:
        stored = json.loads((directory / SHOTS_FILE).read_text(encoding="utf-8"))
        pool = read_examples(directory)
        return InContextAdapted(
            task=task,
            pool=pool,
            shots=int(stored["shots"]),
            backend=required(backend),
            retriever=retriever or in_order(pool),
        )


STRATEGY = InContext()
