"""Problems from recorded evidence: the ledgers that `make backtest` keeps, resampled.

A problem is a task, some of its candidates, half of the validation rows and some of the recorded
seeds, all drawn. Half of the rows without putting any back, because a resample with replacement
would count the sampling noise of the recorded rows twice; the truth is what the candidates in full
gave on the test rows, the mean over their seeds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from cosmosql.compiler import Compiled, compile_spec
from cosmosql.data.rows import Role
from cosmosql.evidence.ledger import FILE, Ledger
from cosmosql.evidence.measured import Measured
from cosmosql.evidence.metering import Meter
from cosmosql.evidence.observation import Observation, Usage
from cosmosql.evidence.store import Recorded
from cosmosql.evidence.throughput import ADAPTER_TRAINING, FORWARD
from cosmosql.identity import digest, seed_of
from cosmosql.model.program import Probe, Program, Strategy
from cosmosql.pipeline import facts_of
from cosmosql.plan.build import build
from cosmosql.plan.graph import PlanGraph
from cosmosql.probes.lower import in_full, lower, probe_run
from cosmosql.probes.run import execute
from cosmosql.probes.runtime import Runtime
from replays.problem import Problem

KEPT = 0.75
"""Chance of each swept value to be among a problem's candidates."""

ROWS_KEPT = 0.5

TRUTH_SEEDS = (0, 1, 2)

FEWEST = 6
"""Candidates that a problem has at least."""


@dataclass(frozen=True, kw_only=True)
class Archive:
    """The recorded evidence of one task."""

    task: str
    compiled: Compiled
    evidence: Recorded
    runtime: Runtime

    @property
    def probe(self) -> Probe:
        """What the spec would have measured: the menu."""
        return self.compiled.program.probes[self.compiled.query.probe]


def archives(directory: Path) -> tuple[Archive, ...]:
    """Every task that has a spec and a ledger in a directory, by name."""
    ledgers = sorted(directory.glob(f"*/.cosmosql/{FILE}"))
    return tuple(open_archive(ledger.parents[1]) for ledger in ledgers)


def measure_menus(directory: Path) -> None:
    """Measures every probe that the kept specs name and their ledgers lack: a backtest that chooses
    its probes leaves most of its menu out, and a replay can offer no more than was recorded."""
    for ledger in sorted(directory.glob(f"*/.cosmosql/{FILE}")):
        compiled = compile_spec(spec_in(ledger.parents[1]))
        with Ledger.open(compiled.root) as opened:
            runtime = Runtime(compiled.program, compiled.data, opened)
            runs = lower(compiled.graph, runtime)
            execute(runs, runtime, opened, Meter({}), scope="replay")
            runtime.release()


def spec_in(folder: Path) -> Path:
    """The spec beside a ledger."""
    return min(folder.glob("*.cosmos"))


def open_archive(folder: Path) -> Archive:
    compiled = compile_spec(spec_in(folder))
    with Ledger.read(folder) as ledger:
        evidence = Recorded([one for one in ledger.all() if one.kind != "fit"])
    return Archive(
        task=folder.name,
        compiled=compiled,
        evidence=evidence,
        runtime=Runtime(compiled.program, compiled.data, evidence),
    )


def recorded_problem(archive: Archive, number: int) -> Problem | None:
    """Problem `number` of a task; None where too little of it is recorded."""
    rng = np.random.default_rng(seed_of("recorded", archive.task, number))
    program = fewer(archive, rng)
    query = program.queries[archive.compiled.query.name]
    graph = build(program, query, archive.compiled.data)
    runtime = archive.runtime
    truths = recorded_truths(archive, graph)
    answers = {}
    rows = kept_rows(archive, rng)
    for run in lower(graph, runtime):
        found = archive.evidence.find(run.key)
        if found is not None:
            answers[run.node] = Measured(
                node=run.node,
                measurement=run.measurement,
                observation=thinned(found, rows, (archive.task, number)),
            )
    if len(truths) < len(graph.candidates) or len(truths) < FEWEST:
        return None
    facts = facts_of(replace(archive.compiled, program=program, graph=graph), runtime)
    requests = {node: replace(one, rows=len(rows)) for node, one in graph.measurements.items()}
    return Problem(
        name=f"{archive.task} {number}",
        graph=replace(graph, measurements=requests),
        facts=facts,
        answers={node: answers[node] for node in graph.measurements if node in answers},
        truths=truths,
        seed=number,
    )


def fewer(archive: Archive, rng: np.random.Generator) -> Program:
    """The program with fewer seeds of its probe and fewer values in its strategies' sweeps."""
    program = archive.compiled.program
    seeds = archive.probe.seeds
    own = tuple(int(one) for one in rng.permutation(seeds)[: rng.integers(1, len(seeds) + 1)])
    probe = replace(archive.probe, seeds=tuple(sorted(own)))
    return replace(
        program,
        probes={**program.probes, probe.name: probe},
        strategies={name: thinner(one, rng) for name, one in program.strategies.items()},
    )


def thinner(strategy: Strategy, rng: np.random.Generator) -> Strategy:
    """With some of its models and of each option's values, at least one of each."""

    def some(values: tuple[Any, ...]) -> tuple[Any, ...]:
        kept = [value for value in values if rng.random() < KEPT]
        return tuple(kept) or (values[int(rng.integers(len(values)))],)

    return replace(
        strategy,
        models=some(strategy.models) if "model" in strategy.swept else strategy.models,
        sweeps={
            name: some(values) if name in strategy.swept else values
            for name, values in strategy.sweeps.items()
        },
    )


def recorded_truths(archive: Archive, graph: PlanGraph) -> Mapping[str, float]:
    """The mean accuracy on the test rows over the recorded seeds, by candidate."""
    found = {}
    for series in graph.series:
        for candidate in series.candidates:
            asked = in_full(candidate, Role.TEST, archive.runtime)
            values = []
            for seed in TRUTH_SEEDS:
                full = replace(series.full[candidate.name], seed=seed)
                run = probe_run(replace(asked, fidelity=full), archive.runtime)
                observation = archive.evidence.find(run.key)
                if observation is not None and observation.items:
                    values.append(np.mean([item.score for item in observation.items]))
            if values:
                found[candidate.name] = float(np.mean(values))
    return found


def kept_rows(archive: Archive, rng: np.random.Generator) -> frozenset[str]:
    """Half of the validation rows."""
    loaded = archive.compiled.data[
        archive.compiled.program.tasks[archive.compiled.query.task].dataset
    ]
    rows = [row.identity for row in loaded.rows[Role.VALIDATION][: archive.probe.rows]]
    kept = rng.permutation(len(rows))[: round(ROWS_KEPT * len(rows))]
    return frozenset(rows[place] for place in kept.tolist())


def thinned(found: Observation, rows: frozenset[str], label: object) -> Observation:
    """The observation on some of its rows, with what answering these took."""
    if not found.items:
        return found
    items = tuple(item for item in found.items if item.row in rows)
    share = len(items) / len(found.items)
    return replace(
        found,
        key=digest([found.key, label]),
        items=items,
        usage=of_share(found.usage, share) if found.kind == "evaluate" else found.usage,
    )


def of_share(usage: Usage, share: float) -> Usage:
    """With a share of the rows answered; training stays whole, at twice a read token's FLOPs."""
    cached = usage.cached_tokens
    read = usage.prompt_tokens - (cached or 0) + usage.completion_tokens
    trained = ADAPTER_TRAINING * usage.training_tokens
    kept = (FORWARD * share * read + trained) / max(FORWARD * read + trained, 1)
    return replace(
        usage,
        prompt_tokens=round(share * usage.prompt_tokens),
        completion_tokens=round(share * usage.completion_tokens),
        cached_tokens=None if cached is None else round(share * cached),
        requests=round(share * usage.requests),
        flops=kept * usage.flops,
    )
