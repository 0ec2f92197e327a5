"""More rows, where they change the decision: further blocks for candidates that lie close together.

Two candidates on the same new rows tell more of their difference than of either level, for what
makes a row hard is hard for both. So a block is weighed together with the same block of the rival,
at the price of both; the rival's own block is weighed next.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cosmosql.decide.judged import Judged, expected
from cosmosql.decide.paired import common_scores, measured
from cosmosql.decide.value import Array, Prospect
from cosmosql.identity import seed_of
from cosmosql.plan.graph import PlanGraph
from cosmosql.predict.forecast import Forecast


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Further rows of a candidate that was measured in full on the rows before."""

    node: str
    forecast: Forecast
    draws: Array
    rows: range


def further_rows(
    graph: PlanGraph,
    judged: Sequence[Judged],
    forecasts: Sequence[Forecast],
    costs: Mapping[str, float],
    *,
    seed: int,
) -> Iterator[tuple[str, Prospect]]:
    """The prospects of every further block that can be measured: its node, and what would be seen
    there, alone and beside the rival. The rival of the best candidate is the second best, and the
    best is that of all others."""
    ranking = [one.subject.name for one in sorted(judged, key=expected, reverse=True)]
    blocks = list(open_blocks(graph, forecasts, costs))
    known = {one.candidate.name: one for one in forecasts if measured(one) is not None}
    ranked = [known[name] for name in ranking if name in known]
    for block in blocks:
        rng = np.random.default_rng(seed_of("rows", seed, block.node))
        level = rng.binomial(len(block.rows), np.clip(block.draws, 0.0, 1.0)) / len(block.rows)
        yield block.node, Prospect(outcome=level, cost=costs[block.node])
        rival = next((one for one in ranked if one is not block.forecast), None)
        if rival is None:
            continue
        cost = rival_cost(rival, block, blocks, costs)
        outcome = difference(block, rival, rng)
        if cost is not None and outcome is not None:
            yield block.node, Prospect(outcome=outcome, cost=costs[block.node] + cost)


def open_blocks(
    graph: PlanGraph, forecasts: Sequence[Forecast], costs: Mapping[str, float]
) -> Iterator[Block]:
    known = {one.candidate.name: one for one in forecasts}
    for series in graph.series:
        for node in graph.probes_of(series):
            request = graph.measurements[node]
            owner = series.owner(request.fidelity) if request.start else None
            if owner is None or node not in costs:
                continue
            metric = measured(known[owner.name])
            if metric is not None:
                yield Block(
                    node=node,
                    forecast=known[owner.name],
                    draws=metric.draws,
                    rows=range(request.start, request.start + request.rows),
                )


def rival_cost(
    rival: Forecast, block: Block, blocks: Sequence[Block], costs: Mapping[str, float]
) -> float | None:
    """What the rival's answers on the block's rows take: nothing where it has given them already;
    None where they cannot be had next."""
    if rival.items is not None and len(rival.items.rows) >= block.rows.stop:
        return 0.0
    same = [one for one in blocks if one.forecast is rival and one.rows == block.rows]
    return costs[same[0].node] if same else None


def difference(block: Block, rival: Forecast, rng: np.random.Generator) -> Array | None:
    """By how much the two would be seen to differ on the block's rows, which spread as their
    differences on the common rows do."""
    theirs, scores = measured(rival), common_scores(block.forecast, rival)
    if theirs is None or scores is None:
        return None
    spread = float(np.std(scores[0] - scores[1])) / np.sqrt(len(block.rows))
    noise = spread * rng.standard_normal(len(block.draws))
    return np.asarray(block.draws - theirs.draws + noise)
