"""The worst case of a probe run, known before it starts: tokens, seconds and money."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import cast

from cosmosql.contracts.backend import DeviceProfile, ModelCard
from cosmosql.contracts.strategy import Workload
from cosmosql.data.rows import Role
from cosmosql.evidence.keys import asked_profile, key_of
from cosmosql.evidence.metering import Amounts, decimal_seconds
from cosmosql.evidence.store import Evidence
from cosmosql.evidence.throughput import (
    ADAPTER_TRAINING,
    FORWARD,
    Work,
    answering,
    embedding,
    flops,
    profile_of,
    seconds,
    training,
)
from cosmosql.model.program import Hardware
from cosmosql.plan.series import configuration, shares_demonstrations, strategy_of
from cosmosql.probes.lower import PROXY_ROWS, ProbeRun
from cosmosql.probes.prices import second_price
from cosmosql.probes.runtime import Runtime

ASSUMED_FLOPS = 1e10
"""FLOP/s of a device of which nothing is known: less than one core of a present CPU does."""

ASSUMED_SHARE = 0.02
"""Share of a declared peak that is taken for granted before anything was measured."""

ASSUMED_DECODING = 0.25
"""Decoding speed against reading speed, likewise."""

SLOWDOWN = 2.0
"""Seconds of the worst case against those at the profile's rates: batches of unequal rows fill a
device less well than the profile's."""

START_SECONDS = 2.0
"""Of any measurement, besides its tokens: rendering, building an index, judging."""

PROFILE_SECONDS = 15.0
"""Of a profile, at least."""

PROFILE_WORK = Work(prompt_tokens=12_500, completion_tokens=256, training_tokens=5_000)
"""What a profile times: six shapes of up to a thousand tokens read three times each, two written
after and three trained on."""

HEAD_SECONDS = 40.0
"""Fitting every head, at the most rows that are embedded; it grows as their cube."""

ROW_SECONDS = 0.01
"""Of a train row, where a baseline learns from it without any model."""

LOAD_SECONDS = 10.0

LOAD_BYTES = 1e8
"""Bytes a second that weights are read at, at least."""


def worst_workload(run: ProbeRun, runtime: Runtime) -> Workload:
    """The most tokens that a run can take. Exact to the longest row where the model is loaded."""
    measurement, model = run.measurement, run.model
    if model is None or not runtime.program.runs(model) or measurement.kind == "profile":
        return Workload()
    prepared = runtime.task(measurement.candidate.task)
    pool = runtime.train(measurement.candidate)
    judged = prepared.examples(Role(measurement.role), measurement.rows, measurement.start)
    texts = [example.input + prepared.view.separator for example in (*pool, *judged)]
    input_tokens = runtime.largest(model, texts)
    if measurement.kind == "proxy":
        embedded = min(len(pool), PROXY_ROWS) + len(judged)
        return Workload(prompt_tokens=embedded * input_tokens)
    candidate = measurement.candidate
    answers = [example.target for example in pool]
    answers += [option for example in judged for option in example.options]
    target_tokens = runtime.largest(model, [f" {answer}\n" for answer in answers])
    if not any(example.options for example in judged):
        target_tokens = max(target_tokens, prepared.view.max_tokens)
    work = strategy_of(candidate.kind).workload(
        configuration(candidate),
        measurement.fidelity,
        input_tokens=input_tokens,
        target_tokens=target_tokens,
        instruction_tokens=runtime.largest(model, [prepared.view.instruction + "\n"]),
        options=max((len(example.options) for example in judged), default=0),
        rows=len(judged),
    )
    if candidate.retriever is None or measurement.fidelity.shots == 0:
        return work
    if not runtime.embeds(candidate):
        return work
    return replace(
        work, prompt_tokens=work.prompt_tokens + (len(pool) + len(judged)) * input_tokens
    )


def worst_amounts(run: ProbeRun, work: Workload, runtime: Runtime, evidence: Evidence) -> Amounts:
    """The worst case on every meter; money is absent where no price is known."""
    taken = worst_seconds(run, work, runtime, evidence)
    tokens = work.prompt_tokens + work.completion_tokens + work.training_tokens
    return {
        **time_amounts(run, taken, runtime),
        "tokens": Decimal(tokens),
        "requests": Decimal(work.requests),
        "labels": Decimal(0),
    }


def modelled_amounts(
    run: ProbeRun, work: Workload, runtime: Runtime, evidence: Evidence
) -> Amounts:
    """What a run is expected to take, by which probes are compared: its tokens at the profile's
    rates without any margin, and `compute` in FLOPs."""
    if run.model is None or not runtime.program.runs(run.model):
        taken, operations = ROW_SECONDS * learnt_rows(run, runtime), 0.0
    else:
        card = runtime.card(run.model)
        profile = known_profile(run.model, runtime, evidence)
        shared = shares_demonstrations(runtime.program, run.measurement.candidate)
        computed = work_of(run, work, shared=shared)
        assumed = assumed_profile(card, hardware(run, runtime))
        taken = float(seconds(computed, profile or assumed))
        operations = float(flops(computed, card))
    tokens = work.prompt_tokens + work.completion_tokens + work.training_tokens
    return {
        **time_amounts(run, decimal_seconds(taken), runtime),
        "tokens": Decimal(tokens),
        "requests": Decimal(work.requests),
        "labels": Decimal(0),
        "compute": Decimal(operations),
    }


def worst_seconds(run: ProbeRun, work: Workload, runtime: Runtime, evidence: Evidence) -> Decimal:
    """Seconds that a run can take once its model is in memory."""
    model = run.model
    if model is None or not runtime.program.runs(model):
        return decimal_seconds(2 * START_SECONDS + ROW_SECONDS * learnt_rows(run, runtime))
    card = runtime.card(model)
    assumed = assumed_profile(card, hardware(run, runtime))
    if run.measurement.kind == "profile":
        return decimal_seconds(max(PROFILE_SECONDS, float(seconds(PROFILE_WORK, assumed))))
    profile = known_profile(model, runtime, evidence) or assumed
    heads = 0.0
    if run.measurement.kind == "proxy":
        pool = min(len(runtime.train(run.measurement.candidate)), PROXY_ROWS)
        heads = HEAD_SECONDS * (pool / PROXY_ROWS) ** 3
    return decimal_seconds(
        START_SECONDS + heads + SLOWDOWN * float(seconds(work_of(run, work), profile))
    )


def learnt_rows(run: ProbeRun, runtime: Runtime) -> int:
    """Train rows that a baseline learns from; a recorded model learns from none."""
    return 0 if run.model is not None else len(runtime.train(run.measurement.candidate))


def work_of(run: ProbeRun, work: Workload, *, shared: bool = False) -> Work:
    """What a workload computes; `shared`: its demonstrations are read once for all requests, k of
    the k + 1 parts of a prompt."""
    if run.measurement.kind == "proxy":
        return embedding(work.prompt_tokens, max(run.measurement.rows, 1))
    requests = max(work.requests, 1)
    prompt, completion = work.prompt_tokens / requests, work.completion_tokens / requests
    shots = (run.measurement.fidelity.shots or 0) if shared else 0
    cached = prompt * shots / (shots + 1)
    first = answering(prompt, 0.0, completion)
    others = answering(prompt, cached, completion).times(requests - 1)
    batch = cast(int, run.measurement.candidate.config.get("batch_size", 1))
    examples = max(work.updates * batch, 1)
    trained = training(work.training_tokens, length=work.training_tokens / examples, batch=batch)
    return first + others + trained


def loading_amounts(run: ProbeRun, card: ModelCard, runtime: Runtime) -> Amounts:
    """The worst case of loading a run's model: time, and no token."""
    size = card.parameters * card.bytes_per_parameter
    return {
        **time_amounts(run, decimal_seconds(LOAD_SECONDS + size / LOAD_BYTES), runtime),
        "tokens": Decimal(0),
        "requests": Decimal(0),
        "labels": Decimal(0),
    }


def time_amounts(run: ProbeRun, taken: Decimal, runtime: Runtime) -> Amounts:
    """What so many seconds of a run count as; money is absent where no price is known."""
    price = second_price(run.measurement.candidate, runtime.program)
    return {
        **({} if price is None else {"money": taken * price}),
        "wall": taken,
        "accelerator": taken if runtime.program.runs(run.model) else Decimal(0),
    }


def hardware(run: ProbeRun, runtime: Runtime) -> Hardware | None:
    """What the run's candidate is declared to run on."""
    reference = run.measurement.candidate.hardware
    return None if reference is None else runtime.program.hardware[reference]


def known_profile(model: str, runtime: Runtime, evidence: Evidence) -> DeviceProfile | None:
    """The latest measured profile of a model; None before there is one."""
    found = evidence.find(key_of(asked_profile(runtime.card(model), runtime.dtype(model))))
    return None if found is None else profile_of(found)


def assumed_profile(card: ModelCard, device: Hardware | None) -> DeviceProfile:
    """A profile that a device is taken to beat, until it is measured."""
    peak = None if device is None else device.peak_flops
    rate = ASSUMED_FLOPS if peak is None else ASSUMED_SHARE * peak
    prefill = rate / (FORWARD * max(card.parameters, 1))
    return DeviceProfile(
        device="assumed",
        prefill=prefill,
        decode=ASSUMED_DECODING * prefill,
        training=prefill * FORWARD / ADAPTER_TRAINING,
        peak_flops=rate,
    )


def model_is_profiled(run: ProbeRun, runtime: Runtime, evidence: Evidence) -> bool:
    """Whether a run's seconds rest on a measured profile rather than on an assumption."""
    if run.model is None or not runtime.program.runs(run.model):
        return True
    return known_profile(run.model, runtime, evidence) is not None
