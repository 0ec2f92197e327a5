"""Recorded answers as a model's: what each says, and how sure it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from cosmosql.contracts.backend import ModelCard
from cosmosql.contracts.recorded import RecordedAnswer, Recording
from cosmosql.contracts.strategy import Answer, Example, TaskView
from cosmosql.data.recorded import meant
from cosmosql.diagnostics.diagnostic import reject
from cosmosql.extensions.strategies.signals import logit_signals, most_probable, token_signals
from cosmosql.identity import digest, file_digest
from cosmosql.source import Span


class RecordedAnswers:
    def files(self, options: Mapping[str, object], *, root: Path) -> tuple[Path, ...]:
        return (root / str(options["source"]),)

    def read(self, options: Mapping[str, object], *, root: Path, span: Span) -> Recording:
        # pydantic takes a fifth of a second to import: only who reads a file waits for it.
        from cosmosql.extensions.backends.recorded_file import read

        return read(str(options["source"]), root=root, span=span)

    def fingerprint(self, options: Mapping[str, object], *, root: Path) -> ModelCard:
        """The file's SHA-256 stands for the weights; of a size nothing is known."""
        path = root / str(options["source"])
        try:
            weights = file_digest(path)
        except OSError as error:
            reject(
                "E0511",
                "file not found",
                notes=(f"{options['source']}: {(error.strerror or 'unreadable').lower()}",),
                help="bring the recorded answers back to where the spec names them",
            )
        # What counts as an answer depends on the options, and is asked as other weights are.
        strays = str(options.get("strays", "error"))
        return ModelCard(
            weights=weights if strays == "error" else digest([weights, strays]),
            tokenizer="",
            template=None,
            architecture="recorded",
            parameters=0,
            layers=0,
            hidden=0,
            vocabulary=0,
            context=0,
            bytes_per_parameter=0.0,
        )

    def answer(
        self, recording: Recording, task: TaskView, examples: Sequence[Example]
    ) -> tuple[Answer, ...]:
        return tuple(_answer(recording, task, example) for example in examples)


def _answer(recording: Recording, task: TaskView, example: Example) -> Answer:
    found = recording.answers.get(example.id or "")
    if found is None:
        reject(
            "E0543",
            "rows without a recorded answer",
            notes=(_unanswered(recording, example.id),),
            help="a recorded model answers the rows of its file alone: let a model answer others",
        )
    return Answer(
        predicted=predicted(found, example.options or task.labels, task.kind),
        signals=signals(found),
        prompt_tokens=found.prompt_tokens or 0,
        completion_tokens=found.completion_tokens or 0,
        score=None if found.output is not None or found.logits else found.correct,
        cost=found.cost_usd,
        seconds=None if found.latency_ms is None else found.latency_ms / 1_000,
    )


def _unanswered(recording: Recording, name: str | None) -> str:
    """Which row has no answer; its id is not told where contents may not be shown."""
    if not name:
        return f"{recording.origin} names rows by their ids, and a row has none"
    row = f"the row {name}" if recording.shown else "a row"
    return f"{recording.origin} has no answer to {row}"


def predicted(found: RecordedAnswer, options: Sequence[str], kind: str) -> str:
    """The option that was answered, by its logits where no output is recorded; an open answer, or
    one that is no option, as it stands; empty where there is neither."""
    said = found.output
    if said is None:
        said = most_probable(found.logits) if found.logits else ""
    return meant(said, options, kind) or said


def signals(found: RecordedAnswer) -> dict[str, float]:
    """As of a model's own answers; what is recorded by name stands before what follows from logits.

    `margin` is the gap of the two best raw logits (arXiv 2405.02134).
    """
    known = logit_signals(list(found.logits.values())) if found.logits else {}
    known |= token_signals(found.logprobs)
    if found.margin is not None:
        known["margin"] = found.margin
    if found.confidence is not None:
        known["max_probability"] = found.confidence
    return known


FACTORY = RecordedAnswers()
