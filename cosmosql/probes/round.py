"""The first round of a graph: quoted, shown to fit its caps, carried out."""

from __future__ import annotations

from collections.abc import Sequence

from cosmosql.evidence.ledger import Ledger
from cosmosql.evidence.observation import Observation
from cosmosql.plan.graph import PlanGraph
from cosmosql.probes.lower import ProbeRun
from cosmosql.probes.quote import Quote, check_fits, open_meter, quote_runs, scope_of
from cosmosql.probes.run import Watcher, execute
from cosmosql.probes.runtime import Runtime


def carry_out(
    runs: Sequence[ProbeRun],
    graph: PlanGraph,
    ledger: Ledger,
    runtime: Runtime,
    watcher: Watcher | None = None,
    menu: Sequence[ProbeRun] = (),
) -> tuple[Observation, ...]:
    """The observations of a round, as `execute` gives them.

    Where nothing but the assumed speed of models keeps the round from fitting, their profiles are
    measured first, if these fit for themselves, and the round is quoted again at the rates found.
    Raises InputError E0403 where it does not fit: then nothing is measured, or no more than that.
    What was spent on the `menu` before counts against the caps, too.
    """
    quoted = quote_runs(runs, graph, ledger, runtime, ledger, menu)
    if quoted.awaits_profiles:
        profiles = [run for run in runs if run.measurement.kind == "profile"]
        alone = quote_runs(profiles, graph, ledger, runtime, ledger)
        if not alone.shortfalls:
            _execute(profiles, alone, graph, ledger, runtime, watcher)
            quoted = quote_runs(runs, graph, ledger, runtime, ledger, menu)
    check_fits(quoted, graph.query)
    return _execute(runs, quoted, graph, ledger, runtime, watcher)


def _execute(
    runs: Sequence[ProbeRun],
    quoted: Quote,
    graph: PlanGraph,
    ledger: Ledger,
    runtime: Runtime,
    watcher: Watcher | None,
) -> tuple[Observation, ...]:
    scope = scope_of(graph.program, graph.query)
    return execute(runs, runtime, ledger, open_meter(quoted), scope=scope, watcher=watcher)
