"""Problems from simulated worlds: every probe measured once through the real pipeline."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from simulated_worlds.clock import simulated_time
from simulated_worlds.law import law_of
from simulated_worlds.world import truth_of, write_world

from cosmosql.compiler import compile_spec
from cosmosql.data.rows import Role
from cosmosql.evidence.measured import Measured
from cosmosql.pipeline import facts_of
from cosmosql.probes.evaluate import observe
from cosmosql.probes.lower import in_full, lower, probe_run
from cosmosql.probes.runtime import Runtime
from replays.problem import Problem


def simulated_problem(seed: int) -> Problem:
    """The world of a seed as a problem."""
    law = law_of(seed)
    with tempfile.TemporaryDirectory() as folder, simulated_time():
        compiled = compile_spec(write_world(seed, Path(folder)))
        runtime = Runtime(compiled.program, compiled.data)
        answers = {
            run.node: Measured(
                node=run.node, measurement=run.measurement, observation=observe(run, runtime)
            )
            for run in lower(compiled.graph, runtime)
        }
        truths = {}
        for series in compiled.graph.series:
            for candidate in series.candidates:
                full = series.full[candidate.name]
                majority = 0.0
                if candidate.model is None:
                    asked = replace(in_full(candidate, Role.TEST, runtime), fidelity=full)
                    items = observe(probe_run(asked, runtime), runtime).items
                    majority = float(np.mean([item.score for item in items]))
                truths[candidate.name] = truth_of(law, candidate, full, majority)
        facts = facts_of(compiled, runtime)
    return Problem(
        name=f"{law.regime} {seed}",
        graph=compiled.graph,
        facts=facts,
        answers={node: answers[node] for node in compiled.graph.measurements},
        truths=truths,
        seed=seed,
    )
