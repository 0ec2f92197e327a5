"""Asking a backend for the answers to prompts, whatever the task's kind."""

from __future__ import annotations

from collections.abc import Sequence

from cosmosql.contracts.backend import Backend, Generated, Progress, Scored, ScoreRequest
from cosmosql.contracts.strategy import Answer, Example, TaskView
from cosmosql.extensions.strategies.prompt_layout import STOP
from cosmosql.extensions.strategies.signals import open_signals, option_signals

OPEN_KINDS = ("generate", "extract")


def ask(
    backend: Backend,
    task: TaskView,
    examples: Sequence[Example],
    prompts: Sequence[str],
    progress: Progress | None = None,
) -> tuple[Answer, ...]:
    """The most likely option of each example (classify, choose), or what the model writes until
    the end of the line (generate, extract)."""
    if task.kind in OPEN_KINDS:
        written = backend.generate(
            prompts, max_tokens=task.max_tokens, stop=STOP, progress=progress
        )
        return tuple(_written(generated) for generated in written)
    options = [example.options or task.labels for example in examples]
    requests = [
        ScoreRequest(prompt=prompt, options=choices)
        for prompt, choices in zip(prompts, options, strict=True)
    ]
    scored = backend.score(requests, progress)
    return tuple(_chosen(choices, result) for choices, result in zip(options, scored, strict=True))


def _chosen(options: Sequence[str], scored: Scored) -> Answer:
    best = max(range(len(options)), key=scored.log_likelihood.__getitem__)
    return Answer(
        predicted=options[best],
        signals=option_signals(scored),
        prompt_tokens=scored.prompt_tokens,
        completion_tokens=scored.completion_tokens,
        cached_tokens=scored.cached_tokens,
    )


def _written(generated: Generated) -> Answer:
    return Answer(
        predicted=generated.text,
        signals=open_signals(generated),
        prompt_tokens=generated.prompt_tokens,
        completion_tokens=generated.completion_tokens,
        cached_tokens=generated.cached_tokens,
    )
