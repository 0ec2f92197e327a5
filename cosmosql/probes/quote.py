"""What a round would do and cost, before it starts: the same list of runs that running walks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from cosmosql.contracts.strategy import Workload
from cosmosql.diagnostics.diagnostic import Diagnostic, InputError, Label
from cosmosql.evidence.ledger import Ledger
from cosmosql.evidence.measured import stands
from cosmosql.evidence.metering import Amounts, Meter
from cosmosql.evidence.store import Evidence
from cosmosql.model.program import Program, Query
from cosmosql.plan.budget import METERS, Caps, caps
from cosmosql.plan.graph import PlanGraph
from cosmosql.probes.lower import ProbeRun, lower
from cosmosql.probes.runtime import Runtime
from cosmosql.probes.tested import may_be_tested
from cosmosql.probes.worst import (
    loading_amounts,
    model_is_profiled,
    worst_amounts,
    worst_workload,
)

TIMED = ("money", "wall", "accelerator")
"""Meters that count seconds, or are paid by them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotedRun:
    """One run: the most that it can take, and whether its answer is paid for already, by the
    evidence or by an earlier run with the same question.

    `assumed`: no profile of its model was measured yet, so its seconds are a cautious guess.
    """

    run: ProbeRun
    workload: Workload
    worst: Amounts
    paid: bool
    assumed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A round, quoted. `total` is over the runs that are not paid yet; money is absent from it
    where one of them cannot be costed. `spent` is what this query has paid before. `menu` are the
    runs that may follow, one at a time, for as long as their worst case fits what is left."""

    runs: tuple[QuotedRun, ...]
    total: Amounts
    caps: Caps
    spent: Amounts
    menu: tuple[QuotedRun, ...] = ()
    tests: tuple[QuotedRun, ...] = ()
    """Of which a test of a policy on calibration rows may ask some, where they fit."""

    @property
    def shortfalls(self) -> tuple[str, ...]:
        """Meters whose cap the round could exceed, in the meters' order: what takes nothing more
        exceeds nothing, whatever was spent before."""
        return tuple(
            meter
            for meter in METERS
            if meter in self.caps.amounts
            and self.total.get(meter)
            and self.needed(meter) > self.caps.amounts[meter]
        )

    @property
    def awaits_profiles(self) -> bool:
        """Whether the round is too large by its seconds alone, some of which are a guess: measured
        rates may show that it fits."""
        guessed = any(one.assumed and not one.paid for one in self.runs)
        return guessed and bool(self.shortfalls) and set(self.shortfalls) <= set(TIMED)

    def needed(self, meter: str) -> Decimal:
        """What the cap of a meter must be for the round to fit in its worst case."""
        return self.total.get(meter, Decimal(0)) + self.spent.get(meter, Decimal(0))


def scope_of(program: Program, query: Query) -> str:
    """Who pays, in the ledger: a query of a spec."""
    return f"{program.path.name}:{query.name}"


def quote(
    graph: PlanGraph, ledger: Ledger, runtime: Runtime, evidence: Evidence | None = None
) -> Quote:
    """The first round of a graph, quoted. Loads no weight and writes nothing. `evidence` says what
    is paid for already; left out: what the ledger holds.
    """
    runs, menu = rounds(graph, lower(graph, runtime))
    known, tests = evidence or ledger, may_be_tested(graph, runtime)
    found = quote_runs(runs, graph, ledger, runtime, known, (*menu, *tests))
    return replace(found, menu=found.menu[: len(menu)], tests=found.menu[len(menu) :])


def rounds(
    graph: PlanGraph, runs: Sequence[ProbeRun]
) -> tuple[tuple[ProbeRun, ...], tuple[ProbeRun, ...]]:
    """The runs of the first round, and those that may follow."""
    first = frozenset(graph.first)
    return (
        tuple(run for run in runs if run.node in first),
        tuple(run for run in runs if run.node not in first),
    )


def quote_runs(
    runs: Sequence[ProbeRun],
    graph: PlanGraph,
    ledger: Ledger,
    runtime: Runtime,
    evidence: Evidence,
    menu: Sequence[ProbeRun] = (),
) -> Quote:
    """As `quote`, for a round and a menu that are already lowered."""
    limits = caps(graph.query.budget)
    found: list[QuotedRun] = []
    asked: set[str] = set()
    for run in (*runs, *menu):
        found.append(_quoted(run, evidence, runtime, asked_before=run.key in asked))
        asked.add(run.key)
    quoted = found[: len(runs)]
    worst = [one.worst for one in quoted if not one.paid] + _loading(quoted, runtime)
    total = {
        meter: sum((amounts.get(meter, Decimal(0)) for amounts in worst), start=Decimal(0))
        for meter in METERS
    }
    if any("money" not in amounts for amounts in worst):
        del total["money"]
    return Quote(
        runs=tuple(quoted),
        total=total,
        caps=limits,
        spent=ledger.spent(scope_of(graph.program, graph.query), asked),
        menu=tuple(found[len(runs) :]),
    )


def _loading(quoted: Sequence[QuotedRun], runtime: Runtime) -> list[Amounts]:
    """Loading each model that something is still asked of, once."""
    first = {one.run.model: one.run for one in reversed(quoted) if not one.paid}
    return [
        loading_amounts(run, runtime.card(model), runtime)
        for model, run in first.items()
        if model is not None and runtime.program.runs(model)
    ]


def _quoted(
    run: ProbeRun, evidence: Evidence, runtime: Runtime, *, asked_before: bool
) -> QuotedRun:
    paid = asked_before or stands(evidence.find(run.key))
    workload = Workload() if paid else worst_workload(run, runtime)
    return QuotedRun(
        run=run,
        workload=workload,
        worst={} if paid else worst_amounts(run, workload, runtime, evidence),
        paid=paid,
        assumed=not model_is_profiled(run, runtime, evidence),
    )


def open_meter(quote: Quote) -> Meter:
    """The meter of a query: its caps, and what it has spent on this round before."""
    return Meter(quote.caps.amounts, quote.spent)


def check_fits(quote: Quote, query: Query) -> None:
    """Raises InputError E0403 where the round could exceed a cap: then nothing starts."""
    if quote.shortfalls:
        raise InputError([_cannot_fit(quote, query)])


def _cannot_fit(quote: Quote, query: Query) -> Diagnostic:
    def shown(meter: str, amount: Decimal) -> str:
        return f"{readable(amount)} {quote.caps.unit(meter)}"

    notes = []
    for meter in quote.shortfalls:
        limit, spent = quote.caps.amounts[meter], quote.spent.get(meter, Decimal(0))
        before = f", of which {shown(meter, spent)} are spent" if spent else ""
        notes.append(
            f"`{meter}`: the first round takes at most {shown(meter, quote.needed(meter))}{before};"
            f" the cap is {shown(meter, limit)}"
        )
    first = quote.shortfalls[0]
    unpaid = [one for one in quote.runs if not one.paid]
    cheapest = min(unpaid, key=lambda one: (not one.worst[first], one.worst[first], one.run.key))
    notes.append(
        f"the cheapest probe alone, of {cheapest.run.measurement.candidate.name}, takes at most "
        f"{shown(first, cheapest.worst[first])}"
    )
    enough = " and ".join(
        f"`{meter} = {shown(meter, quote.needed(meter))}`" for meter in quote.shortfalls
    )
    return Diagnostic(
        code="E0403",
        title="probes cannot fit the budget",
        labels=(Label(query.budget.span, "the first round of probes could exceed this"),),
        notes=tuple(notes),
        help=f"the least that fits is {enough}; or compare fewer candidates, or fewer `rows`",
    )


def readable(amount: Decimal) -> str:
    """An amount rounded up to three significant digits, without an exponent.

    >>> readable(Decimal("0.0012341")), readable(Decimal("1234.5")), readable(Decimal(12))
    ('0.00124', '1240', '12')
    """
    if amount == amount.to_integral_value() and abs(amount) < 1000:
        return format(amount.quantize(Decimal(1)), "f")
    place = Decimal(1).scaleb(amount.adjusted() - 2)
    return format(amount.quantize(place, rounding="ROUND_CEILING").normalize(), "f")
