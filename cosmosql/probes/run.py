"""Carrying a round out: each observation is durable before the next one starts."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Protocol

from cosmosql.contracts.backend import Progress
from cosmosql.diagnostics.diagnostic import Diagnostic, InputError, Label
from cosmosql.evidence.ledger import Ledger
from cosmosql.evidence.measured import stands
from cosmosql.evidence.metering import Meter, OverBudgetError, amounts, decimal_seconds
from cosmosql.evidence.observation import Observation
from cosmosql.evidence.store import Evidence
from cosmosql.probes.evaluate import observe
from cosmosql.probes.lower import ProbeRun
from cosmosql.probes.runtime import Runtime
from cosmosql.probes.worst import (
    loading_amounts,
    time_amounts,
    worst_amounts,
    worst_workload,
)


class Watcher(Protocol):
    """Told what happens while a round runs: a progress bar, or nobody."""

    def started(self, run: ProbeRun, index: int, total: int) -> None:
        """Run `index` (from 0) of `total` begins to be measured."""
        ...

    def advanced(self, done: int, total: int) -> None:
        """The run that has begun did so much of a batch."""
        ...

    def finished(self, run: ProbeRun, observation: Observation | None) -> None:
        """The run is answered; None: it did not fit the budget any more."""
        ...


class Unwatched:
    """Nobody looks."""

    def started(self, run: ProbeRun, index: int, total: int) -> None: ...

    def advanced(self, done: int, total: int) -> None: ...

    def finished(self, run: ProbeRun, observation: Observation | None) -> None: ...


def execute(
    runs: Sequence[ProbeRun],
    runtime: Runtime,
    ledger: Ledger,
    meter: Meter,
    *,
    scope: str,
    watcher: Watcher | None = None,
    keep_loaded: bool = False,
) -> tuple[Observation, ...]:
    """The observations of a round: what the ledger has, and what it lacked, measured now.

    What each model's declaration names is recorded with them. A run whose worst case does not fit
    the meter any more is left out, and probing goes on with those that do. On an interrupt, or on
    an error that is no fact about a candidate, everything that was measured is durable and what
    the unfinished run took is written down; then it propagates. `keep_loaded`: the last model stays
    in memory, for more to come.
    """
    watcher = watcher or Unwatched()
    found: list[Observation] = []
    order = {run.key: index for index, run in enumerate(runs)}
    for model, group in groupby(runs, key=lambda run: run.model):
        members = tuple(group)
        conditions = conditions_of(members, ledger, lasting=True)
        if conditions is None:
            conditions = _present(members[0], runtime, ledger, meter, scope)
        if model is not None:
            found.append(_resolve(model, runtime, ledger))
        for run in members:
            if conditions is None:
                watcher.finished(run, None)
                continue
            observation = ledger.find(run.key, conditions)
            if not stands(observation):
                watcher.started(run, order[run.key], len(runs))
                paid = _pay(run, runtime, ledger, meter, scope, watcher.advanced)
                watcher.finished(run, paid)
                observation = paid or observation
            if observation is not None:
                found.append(observation)
    if not keep_loaded:
        runtime.release()
    return tuple(found)


def replay(
    runs: Sequence[ProbeRun], runtime: Runtime, evidence: Evidence
) -> tuple[Observation, ...]:
    """The observations of a round from evidence alone; nothing is loaded, measured or written.

    Raises InputError E0802 where one is missing, as after a run whose budget ended early.
    """
    known = recorded(runs, evidence)
    if missing := [run for run, observation in known if observation is None]:
        raise InputError([_not_measured(missing, runtime)])
    found = [runtime.resolution(model) for model in _models(runs)]
    return (*found, *(observation for _, observation in known if observation is not None))


def recorded(
    runs: Sequence[ProbeRun], evidence: Evidence
) -> tuple[tuple[ProbeRun, Observation | None], ...]:
    """Each run with its answer in the evidence, those of one model under one set of conditions
    where there is such."""
    found: list[tuple[ProbeRun, Observation | None]] = []
    for _, group in groupby(runs, key=lambda run: run.model):
        members = tuple(group)
        conditions = conditions_of(members, evidence)
        found += [(run, evidence.find(run.key, conditions)) for run in members]
    return tuple(found)


def conditions_of(
    runs: Sequence[ProbeRun], evidence: Evidence, *, lasting: bool = False
) -> Mapping[str, str] | None:
    """The latest conditions under which every one of these runs was measured; None: there are no
    such, and what is lacking is measured under the conditions at hand. `lasting`: with an answer
    that measuring again would not change.

    Candidates of one model are compared under one set of conditions, and where all are answered
    no model has to be loaded to know them.
    """
    for observation in evidence.find_all(runs[0].key):
        found = [evidence.find(run.key, observation.conditions) for run in runs]
        if all(stands(one) if lasting else one is not None for one in found):
            return observation.conditions
    return None


def _resolve(model: str, runtime: Runtime, ledger: Ledger) -> Observation:
    found = runtime.resolution(model)
    known = ledger.find(found.key)
    if known is None or dict(known.values) != dict(found.values):
        ledger.add(found)
    return found


def _models(runs: Sequence[ProbeRun]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(run.model for run in runs if run.model is not None))


def _present(
    run: ProbeRun, runtime: Runtime, ledger: Ledger, meter: Meter, scope: str
) -> Mapping[str, str] | None:
    """The conditions at hand for a run's model, which is loaded and paid for; None where loading
    it does not fit the meter."""
    if run.model is None or not runtime.program.runs(run.model):
        return {}
    worst = loading_amounts(run, runtime.card(run.model), runtime)
    try:
        reservation = meter.reserve(worst)
    except OverBudgetError:
        return None
    entry = ledger.reserve(run.key, scope, worst)
    start = time.monotonic()
    try:
        return dict(runtime.backend(run.model).conditions)
    finally:
        taken = time_amounts(run, decimal_seconds(time.monotonic() - start), runtime)
        ledger.settle(entry, taken)
        meter.settle(reservation, taken)


def _pay(
    run: ProbeRun,
    runtime: Runtime,
    ledger: Ledger,
    meter: Meter,
    scope: str,
    progress: Progress,
) -> Observation | None:
    """Reserve, spend, settle: the observation, or None where the worst case does not fit."""
    worst = worst_amounts(run, worst_workload(run, runtime), runtime, ledger)
    try:
        reservation = meter.reserve(worst)
    except OverBudgetError:
        return None
    entry = ledger.reserve(run.key, scope, worst)
    start = time.monotonic()
    try:
        observation = observe(run, runtime, progress)
    except BaseException:
        elapsed = decimal_seconds(time.monotonic() - start)
        # Its time is known; its tokens are not, and count at the worst.
        taken = {**worst, **time_amounts(run, elapsed, runtime)}
        ledger.settle(entry, taken)
        meter.settle(reservation, taken)
        raise
    actual = amounts(observation.usage)
    ledger.add(observation, settles=entry, actual=actual)
    meter.settle(reservation, actual)
    return observation


def _not_measured(missing: Sequence[ProbeRun], runtime: Runtime) -> Diagnostic:
    candidate = missing[0].measurement.candidate
    more = f" and {len(missing) - 1} more probes" if len(missing) > 1 else ""
    return Diagnostic(
        code="E0802",
        title="evidence missing",
        labels=(
            Label(
                runtime.program.strategies[candidate.strategy].span,
                "this was not measured as it stands here",
            ),
        ),
        notes=(f"the evidence holds no answer for {candidate.name}{more}",),
        help="run without `--offline` to measure it",
    )
