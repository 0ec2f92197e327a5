"""W0416: whether a query's caps leave room for its first round of probes at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from cosmosql.contracts.strategy import Fidelity, Workload
from cosmosql.data.rows import LoadedDataset, Role
from cosmosql.diagnostics.diagnostic import Diagnostic, Label
from cosmosql.identity import canonical, jsonable
from cosmosql.model.program import Program, Query
from cosmosql.plan.budget import COUNTED, Caps, caps
from cosmosql.plan.candidate import Candidate
from cosmosql.plan.expand import expand
from cosmosql.plan.series import configuration, first_steps, group, off_axis, strategy_of


def unreachable_sweeps(
    program: Program, query: Query, data: Mapping[str, LoadedDataset]
) -> Iterator[Diagnostic]:
    """W0416 where the first round takes more requests or tokens than the probing cap has, even if
    every text were one token long. Nothing would start then (E0403)."""
    limits = caps(query.budget)
    if COUNTED.isdisjoint(limits.amounts) or program.tasks[query.task].dataset not in data:
        return
    least, candidates = _least(program, query, data)
    short = [
        meter
        for meter in sorted(COUNTED)
        if meter in limits.amounts and least[meter] > limits.amounts[meter]
    ]
    if short:
        yield _finding(program, query, least, limits, short, candidates)


def _finding(
    program: Program,
    query: Query,
    least: Mapping[str, Decimal],
    limits: Caps,
    short: list[str],
    candidates: tuple[Candidate, ...],
) -> Diagnostic:
    sizes = {one.strategy: 0 for one in candidates}
    for one in candidates:
        sizes[one.strategy] += 1
    name = max(sizes, key=lambda strategy: sizes[strategy])
    budget = query.budget
    capped = Label(budget.span, "this is the cap") if budget.span != query.span else None
    widest = Label(program.strategies[name].span, f"expands to {sizes[name]} candidates")
    return Diagnostic(
        code="W0416",
        title="a sweep that the probe cap cannot reach",
        labels=(
            Label(query.span, f"compares {len(candidates)} candidates"),
            widest,
            *((capped,) if capped else ()),
        ),
        notes=tuple(
            f"`{meter}`: the first round takes at least {least[meter]:,}; "
            f"the cap is {limits.amounts[meter]:,}"
            for meter in short
        ),
        help="raise the cap, shorten a `sweep(…)`, or probe fewer `rows`, `shots` and `seeds`",
    )


def _least(
    program: Program, query: Query, data: Mapping[str, LoadedDataset]
) -> tuple[dict[str, Decimal], tuple[Candidate, ...]]:
    """A lower bound on what the first round takes, and the candidates. Questions that two
    candidates share are counted once."""
    # The graph's library is slow to load, and few queries cap a counted meter.
    from cosmosql.plan.build import pool_size

    candidates = expand(program, query)
    probe = program.probes[query.probe]
    pools = {one.name: pool_size(program, one, data) for one in candidates}
    validation = data[program.tasks[query.task].dataset].rows[Role.VALIDATION]
    asked: dict[str, Workload] = {}
    for series, step in first_steps(group(candidates, pools, probe), probe):
        first = series.candidates[0]
        asked[_question(program, first, step)] = strategy_of(series.kind).workload(
            configuration(series.owner(step) or first),
            step,
            input_tokens=1,
            target_tokens=1,
            instruction_tokens=0,
            options=0,
            rows=min(probe.rows, len(validation)),
        )
    work = asked.values()
    tokens = sum(one.prompt_tokens + one.completion_tokens + one.training_tokens for one in work)
    return {
        "requests": Decimal(sum(one.requests for one in work)),
        "tokens": Decimal(tokens),
    }, candidates


def _question(program: Program, candidate: Candidate, step: Fidelity) -> str:
    """The same for two probes that may be one question under two names."""
    model = program.models.get(candidate.model or "")
    weights = None if model is None else [model.using, jsonable(model.options)]
    if not step.shots and not step.train_rows and not step.steps:
        return canonical([weights])
    retriever = program.retrievers.get(candidate.retriever or "")
    chosen = None if retriever is None else [retriever.using, retriever.corpus]
    return canonical(
        [weights, candidate.kind, chosen, jsonable(off_axis(candidate)), jsonable(step)]
    )
