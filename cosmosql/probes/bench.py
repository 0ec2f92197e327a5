"""Where the probes after the first round are carried out: on this machine, or in recorded evidence.

What still fits a cap, and what a probe is expected to take, follow from the evidence and from what
the ledger says was spent: never from which model happens to be in memory, nor from a stop-watch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from cosmosql.contracts.strategy import Workload
from cosmosql.evidence.ledger import Ledger
from cosmosql.evidence.measured import Measured, stands
from cosmosql.evidence.metering import Amounts, Meter
from cosmosql.evidence.store import Evidence
from cosmosql.plan.budget import Caps, caps
from cosmosql.plan.graph import PlanGraph
from cosmosql.probes.lower import ProbeRun, pair
from cosmosql.probes.quote import scope_of
from cosmosql.probes.run import Watcher, execute, recorded
from cosmosql.probes.runtime import Runtime
from cosmosql.probes.worst import (
    loading_amounts,
    modelled_amounts,
    worst_amounts,
    worst_workload,
)

COMPUTE = "compute"
"""The meter by which probes are compared where no cap binds: FLOPs."""


class LiveBench:
    """Measures what is asked of it, each observation durable and paid within the caps.

    `runs` are all that the graph may measure; what was spent on runs `besides` counts, too.
    """

    def __init__(
        self,
        graph: PlanGraph,
        runs: Sequence[ProbeRun],
        ledger: Ledger,
        runtime: Runtime,
        watcher: Watcher | None = None,
        besides: Sequence[ProbeRun] = (),
    ) -> None:
        self._runs = {run.node: run for run in runs}
        self._ledger = ledger
        self._runtime = runtime
        self._watcher = watcher
        self._scope = scope_of(graph.program, graph.query)
        self._caps = caps(graph.query.budget)
        self._keys = frozenset(run.key for run in (*runs, *besides))
        # Loads no model, so that what it counts does not depend on what was measured just now.
        self._unloaded = Runtime(graph.program, runtime.data, ledger)
        self._workloads: dict[str, Workload] = {}
        self.meter = self._binding(graph.menu)

    @property
    def unit(self) -> str:
        """Of the costs."""
        return "FLOP" if self.meter == COMPUTE else self._caps.unit(self.meter)

    def costs(self, open: Sequence[str], measured: Sequence[Measured]) -> Mapping[str, float]:
        meter = self._open_meter()
        return {
            node: float(self._modelled(node).get(self.meter, Decimal(0)))
            for node in open
            if self._runs[node].measurement.kind == "evaluate" and self._fits(node, meter)
        }

    def observe(self, node: str, measured: Sequence[Measured]) -> Iterable[Measured]:
        """All runs of the node's model are asked for again, so that they stay under one set of
        conditions: what the ledger has under these is not measured again."""
        runs = with_others(self._runs[node], self._runs, measured)
        observations = execute(
            runs,
            self._runtime,
            self._ledger,
            self._open_meter(),
            scope=self._scope,
            watcher=self._watcher,
            keep_loaded=True,
        )
        return pair(tuple(self._runs.values()), observations)

    def _open_meter(self) -> Meter:
        return Meter(self._caps.amounts, self._ledger.spent(self._scope, self._keys))

    def _fits(self, node: str, meter: Meter) -> bool:
        run = self._runs[node]
        if stands(self._ledger.find(run.key)):
            return True
        worst = worst_amounts(run, self._workload(node), self._unloaded, self._ledger)
        if run.model is not None and self._unloaded.program.runs(run.model):
            loading = loading_amounts(run, self._unloaded.card(run.model), self._unloaded)
            worst = {name: amount + loading[name] for name, amount in worst.items()}
        known = set(self._caps.amounts) <= set(worst)
        return known and meter.refusal(worst) is None

    def _workload(self, node: str) -> Workload:
        if node not in self._workloads:
            self._workloads[node] = worst_workload(self._runs[node], self._unloaded)
        return self._workloads[node]

    def _modelled(self, node: str) -> Amounts:
        run = self._runs[node]
        return modelled_amounts(run, self._workload(node), self._unloaded, self._ledger)

    def _binding(self, menu: Sequence[str]) -> str:
        """The capped meter of which the whole menu would take the largest share."""
        return binding_meter(self._caps, [self._modelled(node) for node in menu])


def binding_meter(limits: Caps, menu: Sequence[Amounts]) -> str:
    """The meter whose cap all of these amounts together exceed most; FLOPs where none is capped."""
    shares = {
        name: sum((amounts.get(name, Decimal(0)) for amounts in menu), Decimal(0)) / limit
        for name, limit in limits.amounts.items()
        if limit
    }
    best = max(shares.values(), default=Decimal(0))
    return next((name for name, share in shares.items() if share and share == best), COMPUTE)


class RecordedBench:
    """Finds what is asked of it in evidence; what is not there does not fit."""

    def __init__(self, runs: Sequence[ProbeRun], evidence: Evidence) -> None:
        self._runs = {run.node: run for run in runs}
        self._evidence = evidence

    def costs(self, open: Sequence[str], measured: Sequence[Measured]) -> Mapping[str, float]:
        return {node: 0.0 for node in open if self._evidence.find(self._runs[node].key)}

    def observe(self, node: str, measured: Sequence[Measured]) -> Iterable[Measured]:
        runs = with_others(self._runs[node], self._runs, measured)
        found = [one for _, one in recorded(runs, self._evidence) if one is not None]
        return pair(tuple(self._runs.values()), found)


def with_others(
    run: ProbeRun, runs: Mapping[str, ProbeRun], measured: Sequence[Measured]
) -> tuple[ProbeRun, ...]:
    """The measured runs of a run's model, and it as the last."""
    others = [runs[one.node] for one in measured if runs[one.node].model == run.model]
    return (*others, run)
