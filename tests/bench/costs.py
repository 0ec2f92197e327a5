"""Forecast time and memory against measured ones, on the device at hand: docs/benchmarks/costs.md.

    python tests/bench/costs.py                      # one thread: set OMP_NUM_THREADS=1
    python tests/bench/costs.py --clock wall         # a stop-watch, on an idle machine or a GPU
    python tests/bench/costs.py --write docs/benchmarks/costs.md

Every workload is an `evaluate` measurement of the tiny family, as a run would make it; its modelled
seconds are its work at the device profile's figures, and beside them stands what the same profile
gives as bare rates of one batch of 8 rows of 96 tokens, every prompt counted whole. The processor's
clock of one thread is what a machine that does other work as well can be measured by.
"""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch

from cosmosql.compiler import compile_spec
from cosmosql.contracts.backend import DeviceProfile, ScoreRequest, TrainingOptions
from cosmosql.contracts.strategy import Fidelity
from cosmosql.evidence.measured import Measured
from cosmosql.evidence.store import Recorded
from cosmosql.evidence.throughput import BACKWARD, answering, latency, seconds
from cosmosql.extensions.backends.huggingface import profiling, training
from cosmosql.extensions.backends.huggingface.forward import Prefix, prefill
from cosmosql.extensions.backends.huggingface.tokens import Split
from cosmosql.model.footprint import Load, Shape, memory_needed
from cosmosql.plan.build import build
from cosmosql.plan.candidate import Candidate, Measurement
from cosmosql.predict.spending import evaluated_work
from cosmosql.probes.evaluate import observe
from cosmosql.probes.lower import probe_run
from cosmosql.probes.runtime import Runtime

TASKS = ("desk", "intent")
"""Short texts with labels of one token, longer ones with labels of several."""

ROWS = (25, 100)
SHOTS = (4, 16)
TRAINED = ((32, 1.0, 8, 2), (64, 2.0, 16, 16))
"""Train rows, epochs, batch size and rank."""

ALONE = "one request alone"

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"

SPEC = """
import std.tiny as tiny

retriever near using bm25 {{
  corpus = tiny.dataset.{task}
}}

strategy plain using prompt {{
  model = sweep(tiny.small, tiny.large)
}}

strategy drawn using icl {{
  model = sweep(tiny.small, tiny.large)
}}

strategy nearest using icl {{
  model = sweep(tiny.small, tiny.large)
  retriever = retriever.near
}}

strategy tuned using lora {{
  model = sweep(tiny.small, tiny.large)
}}

query all {{
  for tiny.task.{task}
  among strategy.*
  maximize accuracy
}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """One workload: what it is, and its seconds as measured, as modelled and by bare rates."""

    group: str
    model: str
    name: str
    measured: float
    modelled: float
    rates: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """Memory beyond the weights at its largest, in bytes, as measured and by the formula."""

    group: str
    name: str
    measured: float
    formula: float


def fidelities(kind: str) -> Iterator[tuple[Fidelity, dict[str, int | float]]]:
    """How much of a strategy is done, and the options that it takes for that."""
    if kind == "icl":
        yield from ((Fidelity(shots=shots), {}) for shots in SHOTS)
    elif kind == "lora":
        for rows, epochs, batch, rank in TRAINED:
            options = {"epochs": epochs, "batch_size": batch, "rank": rank}
            yield Fidelity(train_rows=rows), options
    else:
        yield Fidelity(), {}


@contextmanager
def prepared(task: str) -> Iterator[Runtime]:
    """A task's rows and every candidate's model, from nothing but the standard library."""
    with tempfile.TemporaryDirectory() as directory:
        spec = Path(directory) / "costs.cosmos"
        spec.write_text(SPEC.format(task=task), encoding="utf-8")
        compiled = compile_spec(spec)
        yield Runtime(compiled.program, compiled.data, Recorded())


def timings(
    task: str, clock: Callable[[], float], profiles: dict[str, DeviceProfile]
) -> Iterator[Timing]:
    """Every workload of a task, measured once after one that warms up; profiles by model."""
    with prepared(task) as runtime:
        program = runtime.program
        graph = build(program, next(iter(program.queries.values())), runtime.data)
        for candidate in graph.candidates:
            model = candidate.model or ""
            if model not in profiles:
                profiles[model] = runtime.backend(model).profile()
            for fidelity, options in fidelities(candidate.kind):
                one = replace(candidate, config={**candidate.config, **options})
                timed(one, fidelity, ROWS[0], runtime, clock)
                for rows in ROWS if candidate.kind != "lora" else ROWS[:1]:
                    measurement, taken = timed(one, fidelity, rows, runtime, clock)
                    work = evaluated_work(graph, measurement)
                    yield Timing(
                        group=group_of(candidate),
                        model=model,
                        name=f"{task}, {told(fidelity, options)}{rows} rows",
                        measured=taken,
                        modelled=float(seconds(work, profiles[model])),
                        rates=bare(measurement, profiles[model]),
                    )


def timed(
    candidate: Candidate,
    fidelity: Fidelity,
    rows: int,
    runtime: Runtime,
    clock: Callable[[], float],
) -> tuple[Measured, float]:
    """A measurement and the seconds that it took."""
    request = Measurement(
        kind="evaluate",
        candidate=candidate,
        fidelity=fidelity,
        role="validation",
        rows=rows,
        basis="reduced",
    )
    run = probe_run(request, runtime)
    start = clock()
    observation = observe(run, runtime)
    taken = clock() - start
    return Measured(node="", measurement=request, observation=observation), taken


def group_of(candidate: Candidate) -> str:
    if candidate.kind == "prompt":
        return "zero-shot"
    if candidate.kind == "lora":
        return "LoRA, trained and asked"
    return "random shots" if candidate.retriever is None else "retrieved shots"


def told(fidelity: Fidelity, options: dict[str, int | float]) -> str:
    if fidelity.shots is not None:
        return f"{fidelity.shots} shots, "
    if fidelity.train_rows is None:
        return ""
    named = "{epochs:g} epochs, batch {batch_size}, rank {rank}".format(**options)
    return f"{fidelity.train_rows} train rows, {named}, "


def bare(measurement: Measured, profile: DeviceProfile) -> float:
    """Seconds by one rate each for reading, writing and training: of 8 rows of 96 tokens, whole
    prompts whatever was cached."""
    usage, tokens = measurement.observation.usage, 8 * 96
    batch = answering(96.0, 0.0, 0.0).times(8)
    reading = profile.pass_seconds + tokens / profile.prefill + batch.pairs * profile.pair_seconds
    writing = profile.step_seconds + 8 / profile.decode
    training = profile.update_seconds + tokens / profile.training
    training += BACKWARD * batch.pairs * profile.pair_seconds
    return (
        usage.prompt_tokens * reading / tokens
        + usage.completion_tokens * writing / 8
        + usage.training_tokens * training / tokens
    )


def alone(
    runtime: Runtime, model: str, profile: DeviceProfile, clock: Callable[[], float]
) -> Iterator[Timing]:
    """Single requests, of prompts from short to nearly as long as the context."""
    backend = runtime.backend(model)
    for words in (8, 64, 400):
        request = ScoreRequest(prompt=" ".join(["the"] * words) + " =>", options=("a", "b"))
        (scored,) = backend.score([request])
        runs = []
        for _ in range(3):
            start = clock()
            backend.score([request])
            runs.append(clock() - start)
        work = answering(scored.prompt_tokens, 0.0, scored.completion_tokens)
        yield Timing(
            group=ALONE,
            model=model,
            name=f"{scored.prompt_tokens} tokens",
            measured=min(runs),
            modelled=float(latency(work, profile)),
            rates=scored.prompt_tokens / profile.prefill
            + scored.completion_tokens * (profile.step_seconds / 8 + 1 / profile.decode),
        )


def peaks(runtime: Runtime, model: str) -> Iterator[Peak]:
    """Memory of passes that read and of training steps, by torch's own account."""
    backend = runtime.backend(model)
    engine, card = backend._engine, backend.card  # type: ignore[attr-defined]
    shape = Shape(
        parameters=card.parameters,
        layers=card.layers,
        hidden=card.hidden,
        vocabulary=card.vocabulary,
    )
    none = Prefix(length=0, layers=())

    def formula(load: Load) -> float:
        size = Fraction(card.bytes_per_parameter)
        return float(memory_needed(card.parameters, size, shape, load) - card.parameters * size)

    for rows, width in ((1, 96), (1, 384), (8, 96), (32, 24)):
        batch = rows_of(rows, width)
        with torch.no_grad():
            found = peak(lambda batch=batch: prefill(engine, none, batch), engine.device)
        load = Load(sequences=rows, tokens=rows * width)
        yield Peak(
            group="reading", name=f"{rows} × {width} tokens", measured=found, formula=formula(load)
        )
    base = engine.model
    for rows, width, rank in ((2, 16, 8), (8, 32, 8), (16, 24, 16), (8, 96, 64)):
        options = TrainingOptions(
            rank=rank,
            alpha=16,
            dropout=0.0,
            learning_rate=0.0,
            batch_size=rows,
            steps=2,
            seed=0,
        )
        adapted = training.attach_adapter(base, options, model)
        engine.model = adapted
        examples = [
            Split(prompt_tokens=width - 1, context=row[:-1], answers=(row[-1:],))
            for row in rows_of(rows, width)
        ]
        before = sum(
            one.numel() * one.element_size() for one in adapted.parameters() if one.requires_grad
        )
        found = peak(
            lambda examples=examples, options=options: training.optimise(engine, examples, options),
            engine.device,
        )
        adapted.unload()
        engine.model = base
        load = Load(sequences=rows, tokens=rows * width, rank=rank)
        yield Peak(
            group="training",
            name=f"{rows} × {width} tokens, rank {rank}",
            measured=found + before,
            formula=formula(load),
        )


def rows_of(rows: int, width: int) -> list[tuple[int, ...]]:
    return [tuple((row + place) % 500 + 3 for place in range(width)) for row in range(rows)]


def peak(run: Callable[[], object], device: torch.device) -> float:
    """The most memory that a run holds beyond what was held before it, by torch's own account."""
    run()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
        torch.cuda.reset_peak_memory_stats(device)
        before = torch.cuda.memory_allocated(device)
        run()
        torch.cuda.synchronize(device)
        return float(torch.cuda.max_memory_allocated(device) - before)
    with torch.profiler.profile(
        activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True
    ) as found:
        kept = run()
    del kept
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "trace.json"
        found.export_chrome_trace(str(path))
        events = json.loads(path.read_text(encoding="utf-8"))["traceEvents"]
    changes = sorted(
        (event["ts"], event["args"]["Bytes"]) for event in events if event.get("name") == "[memory]"
    )
    return float(np.cumsum([change for _, change in changes]).max())


def device() -> str:
    here = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    name = profiling.device_name(here)
    if here.type == "cuda":
        return name
    lines = (
        Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if Path("/proc/cpuinfo").exists()
        else []
    )
    models = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return f"{next(models, platform.machine())}, {torch.get_num_threads()} thread(s)"


def errors(ratios: Sequence[float]) -> str:
    """The median ratio, and the factor that nine in ten are within."""
    off = float(np.exp(np.quantile(np.abs(np.log(ratios)), 0.9)))
    return f"{float(np.median(ratios)):.2f} | {off:.2f}"


FIELDS = (
    "prefill",
    "decode",
    "training",
    "pass_seconds",
    "step_seconds",
    "update_seconds",
    "request_seconds",
    "pair_seconds",
    "cached_seconds",
)
"""Of a profile, as they are shown."""


def table(found: Sequence[Timing], profiles: dict[str, DeviceProfile], clock: str) -> Iterator[str]:
    yield f"Device: {device()}. Clock: {clock}."
    yield ""
    yield "| workloads | n | seconds measured | modelled / measured | 9 in 10 within × |" + (
        " bare rates / measured | 9 in 10 within × |"
    )
    yield "|---|--:|--:|--:|--:|--:|--:|"
    batched = [one for one in found if one.group != ALONE]
    groups = [(name, [one for one in found if one.group == name]) for name in names(found)]
    for model in profiles:
        groups.append((f"in batches, {model}", [one for one in batched if one.model == model]))
    for name, some in (*groups, ("**in batches**", batched)):
        span = f"{min(one.measured for one in some):.2g}–{max(one.measured for one in some):.2g}"
        modelled = errors([one.modelled / one.measured for one in some])
        rates = errors([one.rates / one.measured for one in some])
        yield f"| {name} | {len(some)} | {span} | {modelled} | {rates} |"
    total, modelled_total, rates_total = (
        sum(getattr(one, field) for one in batched) for field in ("measured", "modelled", "rates")
    )
    yield ""
    yield (
        f"All batched work together: modelled {modelled_total / total:.2f} times what was "
        f"measured, bare rates {rates_total / total:.2f} times."
    )
    yield ""
    yield "| profile | " + " | ".join(profiles) + " |"
    yield "|---|" + "--:|" * len(profiles)
    for field in FIELDS:
        values = " | ".join(f"{getattr(one, field):.3g}" for one in profiles.values())
        yield f"| `{field}` | {values} |"


def names(found: Sequence[Timing] | Sequence[Peak]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.group for one in found))


def memory_table(found: Sequence[Peak]) -> Iterator[str]:
    yield "| memory beyond the weights | n | MB measured | formula / measured | least | most |"
    yield "|---|--:|--:|--:|--:|--:|"
    for group in names(found):
        some = [one for one in found if one.group == group]
        ratios = [one.formula / one.measured for one in some]
        sizes = [one.measured / 1e6 for one in some]
        yield (
            f"| {group} | {len(some)} | {min(sizes):.3g}–{max(sizes):.3g} "
            f"| {np.median(ratios):.2f} | {min(ratios):.2f} | {max(ratios):.2f} |"
        )


def details(found: Sequence[Timing], memory: Sequence[Peak]) -> Iterator[str]:
    for one in found:
        modelled, rates = one.modelled / one.measured, one.rates / one.measured
        yield (
            f"{one.model} {one.group}: {one.name}: {one.measured:.3g} s, "
            f"modelled {modelled:.2f}, bare {rates:.2f}"
        )
    for largest in memory:
        ratio = largest.formula / largest.measured
        yield f"{largest.group} {largest.name}: {largest.measured:.0f} bytes, formula {ratio:.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description="Forecast time and memory against measured ones.")
    usual = "wall" if torch.cuda.is_available() else "cpu"
    parser.add_argument("--clock", choices=("cpu", "wall"), default=usual)
    parser.add_argument("--write", type=Path, help="file whose measured part is replaced")
    parser.add_argument("--detail", action="store_true", help="print every workload")
    arguments = parser.parse_args()
    clock = time.process_time if arguments.clock == "cpu" else time.perf_counter
    profiling.perf_counter = clock
    profiles: dict[str, DeviceProfile] = {}
    found = [one for task in TASKS for one in timings(task, clock, profiles)]
    memory: list[Peak] = []
    with prepared(TASKS[0]) as runtime:
        for model, profile in profiles.items():
            found += alone(runtime, model, profile, clock)
            memory += peaks(runtime, model)
    if arguments.detail:
        print(*details(found, memory), sep="\n")
    words = {"cpu": "the processor's, of this process", "wall": "wall"}
    lines = [*table(found, profiles, words[arguments.clock]), "", *memory_table(memory)]
    text = "\n".join(lines)
    print(text)
    if arguments.write:
        head, _, rest = arguments.write.read_text(encoding="utf-8").partition(BEGIN)
        tail = rest.partition(END)[2]
        arguments.write.write_text(f"{head}{BEGIN}\n\n{text}\n\n{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
