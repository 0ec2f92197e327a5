"""A plan graph as text: Mermaid, Graphviz dot, or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from cosmosql.contracts.strategy import Fidelity
from cosmosql.identity import Json, jsonable
from cosmosql.plan.candidate import Measurement
from cosmosql.plan.graph import PlanGraph
from cosmosql.plan.nodes import Node, NodeKind

_SHAPES: Mapping[NodeKind, tuple[str, str]] = {
    NodeKind.LOAD: ("[(", ")]"),
    NodeKind.MEASURE: ("([", "])"),
    NodeKind.EMBED: ("([", "])"),
    NodeKind.PROFILE: ("([", "])"),
    NodeKind.DECIDE: ("{{", "}}"),
}
"""Mermaid brackets; a plain box where a kind has none."""


def render(graph: PlanGraph, form: str) -> str:
    """The graph in one of `FORMS`: mermaid, dot or json; ends with a newline."""
    return FORMS[form](graph)


def title(graph: PlanGraph, node: Node) -> str:
    """What a node does, in a few words."""
    if node.kind is NodeKind.MEASURE:
        return f"measure {_request(graph.measurements[node.id])}"
    if node.kind is NodeKind.FIT:
        series = next(series for series in graph.series if series.id == node.id)
        names = [candidate.name for candidate in series.candidates]
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        return f"fit {names[0]}{more}"
    return node.id.replace(":", " ", 1)


def fidelity_words(fidelity: Fidelity) -> str:
    """What a measurement is reduced to: `1 shot, seed 11`; empty where it is in full."""
    counted = (
        (fidelity.train_rows, "train row"),
        (fidelity.shots, "shot"),
        (fidelity.steps, "step"),
    )
    done = [
        f"{amount} {noun if amount == 1 else noun + 's'}"
        for amount, noun in counted
        if amount is not None
    ]
    if done and fidelity.seed:
        done.append(f"seed {fidelity.seed}")
    return ", ".join(done)


def _request(request: Measurement) -> str:
    candidate = request.candidate
    done = fidelity_words(request.fidelity)
    if not done:
        return candidate.name
    words = [candidate.kind, candidate.model, candidate.retriever, done]
    return ", ".join(word for word in words if word)


def mermaid(graph: PlanGraph) -> str:
    """A Mermaid flowchart, left to right."""
    numbers = {node.id: f"n{index}" for index, node in enumerate(graph.nodes)}
    lines = ["flowchart LR"]
    for node in graph.nodes:
        opening, closing = _SHAPES.get(node.kind, ("[", "]"))
        text = title(graph, node).replace('"', "#quot;")
        lines.append(f'  {numbers[node.id]}{opening}"{text}"{closing}')
    for node in graph.nodes:
        lines += [f"  {numbers[need]} --> {numbers[node.id]}" for need in node.needs]
    return "\n".join(lines) + "\n"


def dot(graph: PlanGraph) -> str:
    """A Graphviz digraph."""
    lines = ["digraph plan {", "  rankdir=LR;", "  node [shape=box];"]
    for node in graph.nodes:
        lines.append(f"  {_quoted(node.id)} [label={_quoted(title(graph, node))}];")
    for node in graph.nodes:
        lines += [f"  {_quoted(need)} -> {_quoted(node.id)};" for need in node.needs]
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def as_json(graph: PlanGraph) -> str:
    """Nodes with their identities, and the candidates, as indented JSON."""
    document: Json = {
        "query": graph.query.name,
        "candidates": [candidate.name for candidate in graph.candidates],
        "nodes": [
            {
                "id": node.id,
                "kind": str(node.kind),
                "needs": list(node.needs),
                "with": jsonable(node.with_),
                "identity": graph.identities[node.id],
            }
            for node in graph.nodes
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


FORMS: Mapping[str, Callable[[PlanGraph], str]] = {"mermaid": mermaid, "dot": dot, "json": as_json}
