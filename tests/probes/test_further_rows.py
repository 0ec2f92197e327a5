"""Further rows for candidates that lie close together: weighed in pairs, answered in blocks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cosmosql.decide.decision import Verdict
from cosmosql.decide.further_rows import further_rows
from cosmosql.decide.judged import Judged
from cosmosql.decide.subject import subject_of
from cosmosql.decide.value import contenders, next_probe, utilities
from cosmosql.evidence.measured import Measured
from cosmosql.evidence.observation import Item, Observation, Usage
from cosmosql.plan.build import build
from cosmosql.predict.forecast import Distribution, Forecast, ItemForecast
from cosmosql.predict.gather import in_blocks, joined

DRAWS = 2000
ROWS = 4


@pytest.fixture
def graph(fakes, tmp_path):
    program, query, data = fakes.world(tmp_path, rows=4, order="adaptive")
    ladder = replace(program.probes["probe.ladder"], most_rows=8)
    return build(replace(program, probes={"probe.ladder": ladder}), query, data)


def forecast_of(candidate, draws, score):
    metric = Distribution(
        draws=draws, value=float(draws.mean()), unit="", basis="measured", n=len(score)
    )
    rows = tuple(str(index) for index in range(len(score)))
    items = ItemForecast(rows=rows, score=score, signals={}, shift=None)
    return Forecast(
        candidate=candidate, metric_name="fake_exact", metric=metric, measures={}, items=items
    )


def judged_of(forecast):
    draws = forecast.metric.draws
    return Judged(
        subject=subject_of(forecast),
        verdict=Verdict.HOLDS,
        misses=(),
        objective=draws,
        feasible=np.ones(len(draws), bool),
    )


@pytest.fixture
def close(graph):
    """Two candidates that a block could tell apart: their rows are hard for both alike."""
    blocks = {
        graph.measurements[id].candidate.name: id
        for id in graph.menu
        if graph.measurements[id].start
    }
    first, second = list(blocks)[:2]
    rng = np.random.default_rng(0)
    common = 0.8 + 0.03 * rng.standard_normal(DRAWS)
    apart = 0.012 * rng.standard_normal((2, DRAWS))
    score = np.array([1.0, 1.0, 1.0, 0.0])
    candidates = {one.name: one for one in graph.candidates}
    forecasts = [
        forecast_of(candidates[first], common + apart[0], score),
        forecast_of(candidates[second], common + apart[1] - 0.002, score),
    ]
    rest = [
        forecast_of(one, 0.5 + 0.01 * rng.standard_normal(DRAWS), np.zeros(ROWS))
        for one in graph.candidates
        if one.name not in (first, second)
    ]
    return [*forecasts, *rest], {blocks[first]: 1.0, blocks[second]: 3.0}


def test_a_block_is_weighed_beside_the_rivals_at_the_price_of_both(graph, close):
    forecasts, costs = close
    judged = [judged_of(one) for one in forecasts]
    found = list(further_rows(graph, judged, forecasts, costs, seed=0))
    assert sorted((node, one.cost) for node, one in found) == sorted(
        [(node, cost) for node, cost in costs.items()] + [(node, 4.0) for node in costs]
    )
    objective = np.array([one.objective for one in judged])
    feasible = np.array([one.feasible for one in judged])
    picked = next_probe(contenders(utilities(objective, feasible)), found)
    assert picked is not None
    assert picked.cost == 4.0, "their difference tells more than either level"


def test_rows_that_the_rival_has_answered_cost_nothing_again(graph, close):
    forecasts, costs = close
    judged = [judged_of(one) for one in forecasts]
    [_, rival, *_] = forecasts
    longer = ItemForecast(
        rows=tuple(str(index) for index in range(2 * ROWS)),
        score=np.tile(rival.items.score, 2),
        signals={},
        shift=None,
    )
    forecasts[1] = replace(rival, items=longer)
    node, _ = costs.popitem()
    found = list(further_rows(graph, judged, forecasts, costs, seed=0))
    assert [one.cost for _, one in found] == [1.0, 1.0]
    assert node not in {name for name, _ in found}


def block(graph, id, correct, training=0):
    request = graph.measurements[id]
    items = tuple(
        Item(
            row=f"{request.start + index}",
            score=float(score),
            predicted=None,
            target=None,
            signals={},
            prompt_tokens=3,
            completion_tokens=1,
        )
        for index, score in enumerate(correct)
    )
    usage = Usage(
        prompt_tokens=3 * len(items), cached_tokens=0, training_tokens=training, requests=len(items)
    )
    observation = Observation(
        kind="evaluate",
        key=id,
        asked={},
        conditions={},
        role="validation",
        items=items,
        usage=usage,
    )
    return Measured(node=id, measurement=request, observation=observation)


def test_blocks_of_one_run_are_one_observation_on_all_their_rows(graph):
    later = next(id for id in graph.menu if graph.earlier_block(id) is not None)
    first = graph.earlier_block(later)
    blocks = {id: block(graph, id, (1, 0, 1, 1), training=7) for id in (later, first)}
    [found] = in_blocks(blocks, [later, first])
    assert [one.node for one in found] == [first, later]
    whole = joined(found)
    assert [item.row for item in whole.items] == [str(index) for index in range(8)]
    assert (whole.usage.prompt_tokens, whole.usage.requests) == (24, 8)
    assert whole.usage.training_tokens == 7, "what was made ready twice is the same"
    assert in_blocks({later: blocks[later]}, [later, first]) == []
