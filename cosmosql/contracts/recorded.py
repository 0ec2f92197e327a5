"""Answers that a model gave before: `model … using recorded`. They are asked by row, not by prompt.

Such a model runs nowhere: nothing is loaded, sent or paid, and it cannot be adapted. The registry
says so of an extension (`Extension.recorded`), whose implementation is a `RecordedFactory`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from cosmosql.contracts.backend import ModelCard
from cosmosql.contracts.strategy import Answer, Example, TaskView
from cosmosql.source import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedAnswer:
    """One answer as it was written down; what was not is None or empty. `line` is its place."""

    line: int
    output: str | None = None
    logits: Mapping[str, float] = field(default_factory=dict)
    """Raw logits by option."""
    logprobs: tuple[float, ...] = ()
    """Of the answer's tokens, in nats."""
    margin: float | None = None
    confidence: float | None = None
    """Probability that it is right, as the model or its owner has it."""
    correct: float | None = None
    """How good it was found, in [0, 1]."""
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost_usd: float | None = None
    latency_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """The answers of one file by the ids of the rows that they answer."""

    answers: Mapping[str, RecordedAnswer] = field(repr=False)
    origin: str
    """How messages name the file."""
    shown: bool = True
    """False where messages must not show contents: a file outside the spec's directory."""


class RecordedFactory(Protocol):
    """What the registry finds under the `using` of a model whose extension is `recorded`."""

    def files(self, options: Mapping[str, object], *, root: Path) -> tuple[Path, ...]:
        """The local files that `read` would read."""
        ...

    def read(self, options: Mapping[str, object], *, root: Path, span: Span) -> Recording:
        """All answers; raises InputError (E05xx) with the file, the line and what was expected."""
        ...

    def fingerprint(self, options: Mapping[str, object], *, root: Path) -> ModelCard:
        """A card whose weights are the digest of what `read` reads."""
        ...

    def answer(
        self, recording: Recording, task: TaskView, examples: Sequence[Example]
    ) -> tuple[Answer, ...]:
        """The answers to these rows with the signals that can be had of them; raises InputError
        E0543 for a row that has none."""
        ...
