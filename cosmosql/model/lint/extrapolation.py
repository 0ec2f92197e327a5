"""W0602: forecasts far beyond what is probed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from cosmosql.data.rows import LoadedDataset, Role
from cosmosql.diagnostics.diagnostic import Diagnostic, Label
from cosmosql.model.lint.warning import is_standard, own_place, warning
from cosmosql.model.program import Probe, Program, Query, Strategy, strategies_of

FARTHEST = 10
"""Times the largest probe: beyond it a curve's shape is believed more than it is known."""


def far_extrapolation(
    program: Program, query: Query, data: Mapping[str, LoadedDataset]
) -> Iterator[Diagnostic]:
    """W0602 for each strategy that asks for more than 10 times the shots, or train rows, of the
    largest probe. Short runs on all rows (`steps`) reach every size."""
    probe = program.probes[query.probe]
    for strategy in strategies_of(program, query):
        for axis, asked, probed in _reach(program, query, strategy, probe, data):
            if asked <= FARTHEST * probed:
                continue
            place = own_place(strategy, query)
            named = () if is_standard(probe.span) else (Label(probe.span, "the probe"),)
            more = -(-asked // FARTHEST)
            yield warning(
                "W0602",
                "extrapolates more than 10 times",
                place.span,
                f"asks for {asked:,} {axis}; the largest probe has {probed:,}",
                *named,
                notes=(f"the forecast reaches {_times(asked, probed)} beyond what is measured",),
                help=f"probe at least {more:,} {axis}, or ask for at most {FARTHEST * probed:,}",
            )


def _reach(
    program: Program,
    query: Query,
    strategy: Strategy,
    probe: Probe,
    data: Mapping[str, LoadedDataset],
) -> Iterator[tuple[str, int, int]]:
    """(What is counted, the most that a candidate asks for, the most that is probed)."""
    corpora = [program.retrievers[name].corpus for name in strategy.retrievers]
    pools = [
        len(data[name].rows[Role.TRAIN])
        for name in corpora or [program.tasks[query.task].dataset]
        if name in data
    ]
    if not pools:
        return
    shots = cast("tuple[int, ...]", strategy.sweeps.get("shots", ()))
    if shots and probe.shots:
        yield "shots", min(max(shots), max(pools)), max(probe.shots)
    shares = cast("tuple[float, ...]", strategy.sweeps.get("share", ()))
    if shares and any(probe.sizes) and not any(probe.steps):
        yield "train rows", int(max(shares) * max(pools)), max(probe.sizes)


def _times(asked: int, probed: int) -> str:
    return f"{asked / probed:.3g} times" if probed else "infinitely far"
