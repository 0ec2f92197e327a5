"""A way to adapt a model: `strategy … using baseline|prompt|icl|lora|qlora`.

A strategy turns (task, train rows, configuration, fidelity) into something that answers rows. It
knows nothing of budgets, ledgers or forecasts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cosmosql.contracts.backend import Backend, Progress
from cosmosql.contracts.retriever import Retriever


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskView:
    """What a strategy may know of a task."""

    kind: str
    """classify, choose, generate or extract."""
    labels: tuple[str, ...]
    """Declared or found in the train rows, sorted; empty where answers are open."""
    instruction: str
    """Stands once at the top of a prompt, filled already; may be empty."""
    separator: str
    """Between input and answer: ` =>` unless the spec says otherwise."""
    max_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A row, rendered: `input` through the task's template, `target` as text."""

    row: str
    """The row's identity: SHA-256 of its content."""
    input: str
    target: str
    options: tuple[str, ...] = ()
    """The answers that compete for this row: the task's labels, or the row's own choices."""
    id: str | None = None
    """The cell of the dataset's `id` column; None where it names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fidelity:
    """How much of a candidate is really done. `None` where the strategy has no such axis."""

    train_rows: int | None = None
    shots: int | None = None
    steps: int | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer with the uncertainty signals that its model gives.

    Signal names: `margin` (gap of the two best raw first-token logits, arXiv 2405.02134),
    `label_margin` (gap of the two best option log-likelihoods), `max_probability`, `entropy`
    (nats, over the options), and of the answer's token log-probabilities `mean_logprob`,
    `min_logprob` and `quantile_logprob` (0.2). A signal that cannot be had is absent.
    """

    predicted: str
    signals: Mapping[str, float]
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int = 0
    """Of the prompt's tokens, those that were computed for another prompt already."""
    score: float | None = None
    """How good it was found, in [0, 1], where the metric cannot tell: of a recorded answer without
    its text."""
    cost: float | None = None
    """Money that was paid for it, in USD; None where that was not recorded."""
    seconds: float | None = None
    """What it took to come, where that was recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Tokens that a measurement or an adaptation takes: an exact count or a worst case."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    training_tokens: int = 0
    """Tokens seen by forward and backward passes, epochs counted."""
    updates: int = 0
    """Optimiser steps."""
    requests: int = 0


class Adapted(Protocol):
    """A strategy made ready at some fidelity. `workload` is what making it took."""

    @property
    def workload(self) -> Workload: ...

    def answer(
        self, examples: Sequence[Example], progress: Progress | None = None
    ) -> tuple[Answer, ...]: ...

    def save(self, directory: Path) -> None:
        """Writes what answering needs later (adapter, demonstrations, fitted baseline)."""
        ...


class Strategy(Protocol):
    """The implementation behind one `using` name."""

    axis: str | None
    """The configuration field that a learning curve runs over: `shots`, `share` or None."""
    trains: bool
    needs_retriever: bool

    def full(self, config: Mapping[str, object], pool: int) -> Fidelity:
        """The candidate as written, on a train pool of `pool` rows."""
        ...

    def ladder(
        self, config: Mapping[str, object], pool: int, probe: Mapping[str, object]
    ) -> tuple[Fidelity, ...]:
        """The reduced fidelities that the probe's settings (`sizes`, `shots`, `steps`, `seeds`)
        ask for, cheapest first; the full one where it is no dearer than the last. Here `config`
        also holds `retriever`, None where demonstrations are drawn at random: only then do seeds
        matter."""
        ...

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
        """Worst case of adapting at this fidelity and answering `rows` rows, from the largest
        token counts (as `Backend.count_tokens` counts) of an input with its separator, of a target
        with its space and newline, and of the instruction with its newline. Where answers are
        open, `target_tokens` is at least the task's `max_tokens`."""
        ...

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
    ) -> Adapted: ...

    def load(
        self,
        config: Mapping[str, object],
        directory: Path,
        *,
        task: TaskView,
        train: Sequence[Example],
        backend: Backend | None,
        retriever: Retriever | None,
    ) -> Adapted:
        """What `save` wrote, ready to answer."""
        ...
