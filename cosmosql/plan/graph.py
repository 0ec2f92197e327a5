"""The plan graph: what will be done, known before anything runs. Immutable and printable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from cosmosql.contracts.strategy import Fidelity
from cosmosql.plan.candidate import Candidate, Measurement
from cosmosql.plan.nodes import Node, node_identity
from cosmosql.plan.series import Series

if TYPE_CHECKING:
    import networkx as nx

    from cosmosql.model.program import Program, Query


@dataclass(frozen=True, kw_only=True)
class PlanGraph:
    """Nodes in an order in which they can run, and what they stand for.

    `measurements` holds the request behind every profile, embed and measure node, by node id: the
    menu of what may be measured. `first` are those of the first round, in their order.
    Raises ValueError where two nodes share an id, or one needs a node that does not stand before
    it (so the graph has no cycle).
    """

    program: Program
    query: Query
    candidates: tuple[Candidate, ...]
    series: tuple[Series, ...]
    nodes: tuple[Node, ...]
    measurements: Mapping[str, Measurement]
    first: tuple[str, ...]

    def __post_init__(self) -> None:
        known: set[str] = set()
        for node in self.nodes:
            if node.id in known:
                raise ValueError(f"two nodes are called {node.id}")
            if missing := [need for need in node.needs if need not in known]:
                raise ValueError(f"{node.id} needs {missing[0]}, which does not stand before it")
            known.add(node.id)

    @cached_property
    def identities(self) -> Mapping[str, str]:
        """The Merkle digest of every node, by id."""
        found: dict[str, str] = {}
        for node in self.nodes:
            found[node.id] = node_identity(node, found)
        return found

    @cached_property
    def network(self) -> nx.DiGraph:
        """The graph for networkx: edges run from what is needed to what needs it."""
        import networkx as nx  # a quarter of a second: only who walks the graph waits for it

        network = nx.DiGraph()
        network.add_nodes_from((node.id, {"node": node}) for node in self.nodes)
        network.add_edges_from((need, node.id) for node in self.nodes for need in node.needs)
        return network

    def node(self, id: str) -> Node:
        """The node of that id; raises KeyError."""
        found: Node = self.network.nodes[id]["node"]
        return found

    @cached_property
    def menu(self) -> tuple[str, ...]:
        """Ids of what may be measured after the first round."""
        first = frozenset(self.first)
        return tuple(id for id in self.measurements if id not in first)

    def probes_of(self, series: Series) -> tuple[str, ...]:
        """Ids of the nodes that a series' curve is fitted to; an embed node serves several."""
        return self.node(series.id).needs

    def earlier_block(self, id: str) -> str | None:
        """The node that asks the same of the rows just before; None for the first rows."""
        return self._earlier_blocks.get(id)

    @cached_property
    def _earlier_blocks(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for series in self.series:
            ends: dict[tuple[Fidelity, int], str] = {}
            for id in self.probes_of(series):
                one = self.measurements[id]
                if one.kind == "evaluate":
                    ends[one.fidelity, one.start + one.rows] = id
            for id in ends.values():
                one = self.measurements[id]
                if one.start:
                    found[id] = ends[one.fidelity, one.start]
        return found

    def rests_on(self, id: str) -> tuple[str, ...]:
        """Everything that a node needs, directly or through others, in the graph's order."""
        import networkx as nx

        above = nx.ancestors(self.network, id)
        return tuple(node.id for node in self.nodes if node.id in above)
