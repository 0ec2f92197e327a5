"""The nodes of a plan graph: one typed step each, named for people and identified by content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from cosmosql.identity import Json, digest


class NodeKind(StrEnum):
    LOAD = "load"
    """Rows of a dataset, with its fingerprint."""
    SPLIT = "split"
    """Which rows have which role."""
    RESOLVE = "resolve"
    """A model's name to the digests of its weights, tokenizer and template."""
    PROFILE = "profile"
    """Throughput of one model on the device at hand."""
    EMBED = "embed"
    """Frozen embeddings of the train pool, and the light heads on them."""
    INDEX = "index"
    """What a retriever searches."""
    MEASURE = "measure"
    """One probe: a candidate at one fidelity on the common rows."""
    FIT = "fit"
    """A series' curve from its measurements."""
    COMPARE = "compare"
    """Every candidate's forecast on the same rows."""
    DECIDE = "decide"
    """The choice under the query's requirements."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A step. `id` is unique in its graph; `with_` holds what the step does and names nothing that
    renaming a strategy would change; `needs` are ids of earlier nodes."""

    id: str
    kind: NodeKind
    needs: tuple[str, ...]
    with_: Mapping[str, Json]


def node_identity(node: Node, identities: Mapping[str, str]) -> str:
    """The Merkle digest of a node: its kind, what it does, and its needs' digests in order."""
    return digest(
        {
            "kind": str(node.kind),
            "with": node.with_,
            "needs": [identities[need] for need in node.needs],
        }
    )
