"""Candidates on one learning curve: which the probes measure in full, which are forecast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from cosmosql.contracts.strategy import Fidelity, Strategy
from cosmosql.identity import canonical, digest
from cosmosql.model.program import OptionValue, Probe, Program
from cosmosql.plan.candidate import Candidate
from cosmosql.schema import registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Candidates that differ along their strategy's axis alone, in the order written, and the
    fidelities at which the series is probed, cheapest first.

    `full` holds each candidate's own fidelity, by its name.
    """

    kind: str
    axis: str | None
    trains: bool
    candidates: tuple[Candidate, ...]
    ladder: tuple[Fidelity, ...]
    full: Mapping[str, Fidelity]

    @property
    def id(self) -> str:
        """Names the series within its query."""
        return f"fit:{digest(curve_of(self.candidates[0]))[:12]}"

    def measured(self, candidate: Candidate) -> Fidelity | None:
        """The step of the ladder that is the candidate in full, under its own seed where that is
        probed and else under the first other; None: it must be predicted."""
        full = self.full[candidate.name]
        alike = [step for step in self.ladder if unseeded(step) == unseeded(full)]
        return full if full in alike else next(iter(alike), None)

    def owner(self, step: Fidelity) -> Candidate | None:
        """The candidate that a step of the ladder measures in full."""
        return next((one for one in self.candidates if self.measured(one) == step), None)


def strategy_of(kind: str) -> Strategy:
    """The implementation behind `using kind`."""
    return cast(Strategy, registry.load(registry.extension("strategy", kind)))


def shares_demonstrations(program: Program, candidate: Candidate) -> bool:
    """Whether one set of demonstrations stands before every query."""
    if strategy_of(candidate.kind).axis != "shots":
        return False
    retriever = candidate.retriever
    return retriever is None or program.retrievers[retriever].using == "random"


def group(
    candidates: Sequence[Candidate], pools: Mapping[str, int], probe: Probe
) -> tuple[Series, ...]:
    """The candidates as series, in the order in which each series first appears.

    `pools` holds the train rows that each candidate may learn from, by its name.
    """
    members: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        members.setdefault(curve_of(candidate), []).append(candidate)
    return tuple(_series(tuple(group), pools, probe) for group in members.values())


def curve_of(candidate: Candidate) -> str:
    """Canonical text that candidates on the same curve share: everything but the axis's value."""
    return canonical(
        [
            candidate.kind,
            candidate.task,
            candidate.model,
            candidate.retriever,
            off_axis(candidate),
        ]
    )


def configuration(candidate: Candidate) -> Mapping[str, object]:
    """What strategies are given: the options, and the reference of the retriever (None: none)."""
    return {**candidate.config, "retriever": candidate.retriever}


def off_axis(candidate: Candidate) -> Mapping[str, OptionValue]:
    """The configuration without the field along which the strategy's curve runs."""
    axis = strategy_of(candidate.kind).axis
    return {name: value for name, value in candidate.config.items() if name != axis}


def _series(candidates: tuple[Candidate, ...], pools: Mapping[str, int], probe: Probe) -> Series:
    strategy = strategy_of(candidates[0].kind)
    settings: dict[str, object] = {
        "sizes": probe.sizes,
        "shots": probe.shots,
        "steps": probe.steps,
        "rows": probe.rows,
        "seeds": probe.seeds,
    }
    steps: dict[Fidelity, None] = {}
    full: dict[str, Fidelity] = {}
    for candidate in candidates:
        config, pool = configuration(candidate), pools[candidate.name]
        full[candidate.name] = strategy.full(config, pool)
        steps.update(dict.fromkeys(strategy.ladder(config, pool, settings)))
    return Series(
        kind=candidates[0].kind,
        axis=strategy.axis,
        trains=strategy.trains,
        candidates=candidates,
        ladder=tuple(sorted(steps, key=_size)),
        full=full,
    )


def _size(step: Fidelity) -> tuple[int, int, int, int]:
    return step.train_rows or 0, step.shots or 0, step.steps or 0, step.seed


def first_steps(series: Sequence[Series], probe: Probe) -> tuple[tuple[Series, Fidelity], ...]:
    """The steps that are measured before anything is known: all of them where the probe's order is
    complete. Else the whole ladder of a series without an axis, and of all series
    of one kind, model and retriever the step that takes least, demonstrations or training at least
    one row. Of equal ones it is the last written: sweeps are written upwards, and a larger rank or
    learning rate shows more after as few steps."""
    if probe.order == "complete":
        return tuple((one, step) for one in series for step in one.ladder)
    found: dict[object, tuple[Series, Fidelity]] = {}
    for one in series:
        first = one.candidates[0]
        curve = (one.kind, first.model, first.retriever)
        for step in one.ladder:
            if one.axis is None:
                found[one.id, step] = one, step
            elif curve not in found or _effort(one, step) <= _effort(*found[curve]):
                found[curve] = one, step
    return tuple(found.values())


def _effort(series: Series, step: Fidelity) -> tuple[bool, int, int, int]:
    """Orders steps by what they take, in tokens of rows of one token; a step that says nothing of
    the curve comes last."""
    work = strategy_of(series.kind).workload(
        configuration(series.candidates[0]),
        step,
        input_tokens=1,
        target_tokens=1,
        instruction_tokens=0,
        options=0,
        rows=1,
    )
    blank = step.shots == 0 or step.train_rows == 0
    return blank, work.training_tokens, work.prompt_tokens, step.seed


def unseeded(step: Fidelity) -> Fidelity:
    """The fidelity with no say in its seed: what two repeated runs share."""
    return replace(step, seed=0)


def examples_seen(candidate: Candidate, fidelity: Fidelity) -> int:
    """Examples that training sees at a fidelity, epochs and filled batches counted; 0 where nothing
    is trained. The strategy's own count: its training tokens where every example has one."""
    strategy = strategy_of(candidate.kind)
    if not strategy.trains:
        return 0
    work = strategy.workload(
        configuration(candidate),
        fidelity,
        input_tokens=1,
        target_tokens=0,
        instruction_tokens=0,
        options=0,
        rows=0,
    )
    return work.training_tokens
