"""Carrying one measurement out. `apply` and `backtest` measure through the same functions."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol, cast

from cosmosql.contracts.backend import Backend, ContextOverflow, Progress
from cosmosql.contracts.strategy import Adapted, Answer, Example, Workload
from cosmosql.data.rows import Role
from cosmosql.evidence.measured import PASSING, UNMEASURED
from cosmosql.evidence.observation import Item, Observation, Usage
from cosmosql.evidence.throughput import Work, answering, embedding, flops
from cosmosql.identity import Json, jsonable, rounded
from cosmosql.model.recordings import factory_of
from cosmosql.plan.candidate import Measurement
from cosmosql.plan.series import configuration, strategy_of
from cosmosql.probes.lower import PROXY_ROWS, ProbeRun, head_sizes, model_of, probe_run
from cosmosql.probes.prices import second_price
from cosmosql.probes.recorded import RecordedAdapted
from cosmosql.probes.runtime import Runtime, implementation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class HeadCurve(Protocol):
    """What the proxy's heads give back."""

    @property
    def sizes(self) -> tuple[int, ...]: ...

    @property
    def accuracies(self) -> tuple[float, ...]: ...

    @property
    def eval_predictions(self) -> NDArray[np.int64]: ...


class Heads(Protocol):
    """The light heads behind predictor `proxy`."""

    def curve(
        self,
        train_features: NDArray[np.floating],
        train_labels: Sequence[int],
        eval_features: NDArray[np.floating],
        eval_labels: Sequence[int],
        sizes: Sequence[int],
        *,
        seed: int,
    ) -> HeadCurve: ...


def evaluate(
    measurement: Measurement, runtime: Runtime, progress: Progress | None = None
) -> Observation:
    """What came of a measurement, with everything that it took.

    An overflowing context or exhausted memory is an outcome too: the observation then has no
    items, and its values say why. Raises InputError where a plug-in or a model cannot be loaded.
    """
    return observe(probe_run(measurement, runtime), runtime, progress)


def observe(run: ProbeRun, runtime: Runtime, progress: Progress | None = None) -> Observation:
    """As `evaluate`, for a run whose question is known."""
    start = time.monotonic()
    try:
        observation = _CARRIED_OUT[run.measurement.kind](run, runtime, progress)
    except Exception as error:
        reason = failure(error)
        if reason is None:
            raise
        lasting = isinstance(error, ContextOverflow)
        values: dict[str, Json] = {UNMEASURED: reason} | ({} if lasting else {PASSING: True})
        observation = _blank(run, runtime, values=values)
    elapsed = time.monotonic() - start
    price = second_price(run.measurement.candidate, runtime.program)
    accelerated = runtime.program.runs(run.model)
    usage = timed(observation.usage, elapsed, accelerated=accelerated, price=price)
    return replace(observation, usage=usage)


def timed(usage: Usage, elapsed: float, *, accelerated: bool, price: Decimal | None) -> Usage:
    """The usage with its time, and its money where a price is known."""
    seconds = round(elapsed, 6)
    return replace(
        usage,
        seconds=seconds,
        accelerator_seconds=seconds if accelerated else 0.0,
        money=None if price is None else Decimal(str(seconds)) * price,
    )


def failure(error: Exception) -> str | None:
    """The reason to record where an error is a fact about the candidate; None where it is not."""
    match error:
        case ContextOverflow():
            return f"{error.tokens} tokens do not fit the context of {error.context}"
        case MemoryError():
            return "memory ran out"
        case _ if type(error).__name__ == "OutOfMemoryError":
            return "the accelerator's memory ran out"
        case _:
            return None


def _blank(
    run: ProbeRun,
    runtime: Runtime,
    *,
    values: Mapping[str, Json],
    items: tuple[Item, ...] = (),
    usage: Usage | None = None,
) -> Observation:
    return Observation(
        kind=run.measurement.kind,
        key=run.key,
        asked=run.asked,
        conditions=dict(runtime.conditions(run.model)),
        role=run.measurement.role or None,
        values=values,
        items=items,
        usage=usage or Usage(),
    )


def _profile(run: ProbeRun, runtime: Runtime, progress: Progress | None) -> Observation:
    profile = runtime.backend(model_of(run.measurement)).profile()
    values = {
        name: rounded(value) if isinstance(value, float) else value
        for name, value in asdict(profile).items()
    }
    return _blank(run, runtime, values=cast(dict[str, Json], jsonable(values)))


def _evaluate(run: ProbeRun, runtime: Runtime, progress: Progress | None) -> Observation:
    return answered(run, runtime, adapt(run.measurement, runtime, progress), progress)


def answered(
    run: ProbeRun, runtime: Runtime, adapted: Adapted, progress: Progress | None = None
) -> Observation:
    """The run's rows, answered by its candidate made ready; its time is not in the usage yet."""
    measurement = run.measurement
    prepared = runtime.task(measurement.candidate.task)
    examples = prepared.examples(Role(measurement.role), measurement.rows, measurement.start)
    answers = adapted.answer(examples, progress)
    if len(answers) != len(examples):
        raise ValueError(f"{len(answers)} answers to {len(examples)} rows")
    return _blank(
        run,
        runtime,
        values={},
        items=items(measurement, runtime, examples, answers),
        usage=_usage(measurement, runtime, adapted.workload, examples, answers),
    )


def adapt(measurement: Measurement, runtime: Runtime, progress: Progress | None = None) -> Adapted:
    """The measurement's candidate, made ready at its fidelity and no more."""
    candidate, fidelity = measurement.candidate, measurement.fidelity
    if candidate.model is not None and not runtime.program.runs(candidate.model):
        declared = runtime.program.models[candidate.model]
        return RecordedAdapted(
            factory_of(declared),
            runtime.recorded(candidate.model),
            runtime.task(candidate.task).view,
        )
    strategy = strategy_of(candidate.kind)
    backend = None if candidate.model is None else runtime.backend(candidate.model)
    if backend is not None:
        backend.unload_adapter()
    wanted = strategy.needs_retriever or candidate.retriever is not None
    return strategy.adapt(
        configuration(candidate),
        fidelity,
        task=runtime.task(candidate.task).view,
        train=runtime.train(candidate),
        backend=backend,
        retriever=runtime.retriever(candidate, fidelity.seed) if wanted else None,
        progress=progress,
    )


def items(
    measurement: Measurement,
    runtime: Runtime,
    examples: Sequence[Example],
    answers: Sequence[Answer],
) -> tuple[Item, ...]:
    """The judged answers, without any text; raises ValueError where a plug-in gives nonsense."""
    prepared = runtime.task(measurement.candidate.task)
    metric = runtime.metric(prepared.task.metric)
    found = []
    for example, answer in zip(examples, answers, strict=True):
        score = float(
            metric.item(answer.predicted, example.target) if answer.score is None else answer.score
        )
        if not 0 <= score <= 1:
            raise ValueError(f"{prepared.task.metric} gave {score}, which is not in [0, 1]")
        found.append(
            Item(
                row=example.row,
                score=rounded(score),
                predicted=prepared.label_index(answer.predicted),
                target=prepared.label_index(example.target),
                signals={name: rounded(float(value)) for name, value in answer.signals.items()},
                prompt_tokens=answer.prompt_tokens,
                completion_tokens=answer.completion_tokens,
                cost=None if answer.cost is None else rounded(answer.cost),
                seconds=None if answer.seconds is None else rounded(answer.seconds),
            )
        )
    return tuple(found)


def _usage(
    measurement: Measurement,
    runtime: Runtime,
    made: Workload,
    examples: Sequence[Example],
    answers: Sequence[Answer],
) -> Usage:
    model = measurement.candidate.model
    if model is not None and not runtime.program.runs(model):
        return Usage()  # what was taken was taken before, by whoever recorded it
    prompt = made.prompt_tokens + sum(answer.prompt_tokens for answer in answers)
    indexed = indexing_tokens(measurement, runtime, examples)
    usage = Usage(
        prompt_tokens=prompt + indexed,
        cached_tokens=sum(answer.cached_tokens for answer in answers),
        completion_tokens=made.completion_tokens
        + sum(answer.completion_tokens for answer in answers),
        training_tokens=made.training_tokens,
        requests=made.requests + (0 if model is None else len(answers)),
    )
    if model is None:
        return usage
    texts = len(runtime.train(measurement.candidate)) + len(examples)
    work = embedding(indexed, texts) if indexed else Work()
    for answer in answers:
        work += answering(answer.prompt_tokens, answer.cached_tokens, answer.completion_tokens)
    work += Work(training_tokens=made.training_tokens)
    return replace(usage, flops=float(flops(work, runtime.card(model))))


def indexing_tokens(measurement: Measurement, runtime: Runtime, examples: Sequence[Example]) -> int:
    """Tokens that the model embeds for its own retriever: the pool and the queries.

    Counted in every measurement that uses the index, also where one index serves several: what
    an observation took must not depend on what was measured before it.
    """
    candidate = measurement.candidate
    if candidate.model is None or measurement.fidelity.shots == 0:
        return 0
    if candidate.retriever is None or not runtime.embeds(candidate):
        return 0
    texts = [example.input for example in (*runtime.train(candidate), *examples)]
    return sum(runtime.backend(candidate.model).count_tokens(texts))


def _proxy(run: ProbeRun, runtime: Runtime, progress: Progress | None) -> Observation:
    measurement = run.measurement
    backend = runtime.backend(model_of(measurement))
    backend.unload_adapter()
    prepared = runtime.task(measurement.candidate.task)
    train = runtime.train(measurement.candidate)[:PROXY_ROWS]
    judged = prepared.examples(Role(measurement.role), measurement.rows)
    separator = prepared.view.separator
    texts = [embedded_text(backend, example, separator) for example in (*train, *judged)]
    features = backend.embed(texts, pooling="all", progress=progress)
    labels = prepared.view.labels
    heads = cast(Heads, implementation("predictor", "proxy"))
    curve = heads.curve(
        features[: len(train)],
        [labels.index(example.target) for example in train],
        features[len(train) :],
        [labels.index(example.target) for example in judged],
        head_sizes(len(train)),
        seed=measurement.fidelity.seed,
    )
    answers = [
        Answer(predicted=labels[int(label)], signals={}, prompt_tokens=0, completion_tokens=0)
        for label in curve.eval_predictions
    ]
    usage = Usage(prompt_tokens=sum(backend.count_tokens(texts)), cached_tokens=0)
    read = embedding(usage.prompt_tokens, len(texts))
    return _blank(
        run,
        runtime,
        values={
            "sizes": [int(size) for size in curve.sizes],
            "accuracy": [rounded(float(value)) for value in curve.accuracies],
        },
        items=items(measurement, runtime, judged, answers),
        usage=replace(usage, flops=float(flops(read, backend.card))),
    )


def embedded_text(backend: Backend, example: Example, separator: str) -> str:
    """A row as the frozen model reads it, up to where its answer would begin."""
    if backend.card.template is not None:
        return backend.render([("user", example.input)])
    return example.input + separator


_CARRIED_OUT = {"profile": _profile, "evaluate": _evaluate, "proxy": _proxy}
