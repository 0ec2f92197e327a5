"""Forecasts and truths by hand, and the small project of the pipeline's tests."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cosmosql.backtest.truth import DRAWS, Truth
from cosmosql.compiler import compile_spec
from cosmosql.decide.decision import PolicyForecast
from cosmosql.evidence.measured import Measured
from cosmosql.evidence.observation import Item
from cosmosql.interval import Estimate, Unmeasured
from cosmosql.model.program import Requirement
from cosmosql.pipeline import Line, replayed
from cosmosql.plan.candidate import Candidate
from cosmosql.predict.forecast import Distribution, Forecast
from tests.pipeline.conftest import SPEC, make_project

FEW = """
query few {
  for task.colours
  among strategy.free, strategy.bare, strategy.drawn, strategy.tuned
  measure with probe.quick within 5 USD
  maximize accuracy
}
"""


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, checkpoint: Callable[[str], Path]) -> Path:
    """The spec of a project that was run once. It is shared: ask for `project` to change it."""
    from cosmosql.pipeline import run

    place = tmp_path_factory.mktemp("finished") / "project"
    spec = make_project(place, checkpoint("llama"), SPEC + FEW)
    run(spec)
    return spec


@pytest.fixture
def project(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished project's spec, with ledger, plan and evidence."""
    shutil.copytree(finished.parent, tmp_path / "project")
    return tmp_path / "project" / finished.name


def forecast(
    name: str,
    value: float,
    spread: float = 0.0,
    basis: str = "predicted",
    cost: float = 1.0,
    efficiency: float = 1.0,
) -> Forecast:
    """Draws go evenly from `value - spread` to `value + spread`."""
    draws = np.clip(value + spread * np.linspace(-1, 1, 401), 0, 1)
    metric = Distribution(
        draws=draws, value=value, unit="", basis=basis, n=20, efficiency=efficiency
    )
    money = Distribution(draws=np.full(401, cost), value=cost, unit="USD", basis="predicted", n=20)
    return Forecast(
        candidate=Candidate(
            name=name,
            strategy=f"strategy.{name}",
            kind="lora",
            task="task.colours",
            model="model.small",
            retriever=None,
            hardware=None,
            config={},
        ),
        metric_name="accuracy",
        metric=metric,
        measures={"adapt_cost": money},
        items=None,
    )


def item(row: int, score: float, **signals: float) -> Item:
    return Item(
        row=str(row),
        score=score,
        predicted=None,
        target=None,
        signals=signals,
        prompt_tokens=1,
        completion_tokens=1,
    )


def truth(*runs: float, error: float = 0.0, items: Sequence[Item] = ()) -> Truth:
    """Their mean is known to a normal error."""
    mean = float(np.mean(runs))
    noise = np.random.default_rng(0).standard_normal(DRAWS)
    return Truth(metric=mean, runs=runs, answers=(tuple(items),), draws=mean + error * noise)


@pytest.fixture(scope="session")
def real(finished: Path) -> Line:
    """The line of a project that was run."""
    return replayed(compile_spec(finished), 0)[0]


def runs_of(real: Line) -> dict[str, Measured]:
    """A run of each candidate: the last probe of its curve stands in for that in full."""
    graph = real.compiled.graph
    by_node = {one.node: one for one in real.measured if one.observation.items}
    return {
        candidate.name: [by_node[id] for id in graph.probes_of(series) if id in by_node][-1]
        for series in graph.series
        for candidate in series.candidates
    }


def line_of(
    real: Line,
    forecasts: Sequence[Forecast],
    chosen: str | None,
    requirements: Sequence[Requirement] = (),
) -> Line:
    """The real line with other forecasts, another choice and other requirements."""
    query = replace(
        real.compiled.query,
        requirements=tuple(requirements),
        strategies=tuple(one.candidate.strategy for one in forecasts),
    )
    return replace(
        real,
        compiled=replace(real.compiled, query=query),
        forecasts=tuple(forecasts),
        decision=replace(real.decision, chosen=chosen, policies=()),
    )


CASCADE = PolicyForecast(
    name="policy.tiers[cascade: a > b]",
    kind="cascade",
    members=("a", "b"),
    signal="margin",
    thresholds=(1.0,),
    share=0.5,
    metric=Estimate(0.5, 0.4, 0.6, 10),
    basis="predicted",
    measures={},
    auc=None,
    curve=(),
    note=None,
    asked=(1.0, 0.5),
    rule={"signals": ["margin"], "thresholds": [1.0], "tied": [0.0]},
    final=True,
)
"""A rule by hand."""


def tiers(rows: int = 10) -> dict[str, Truth | Unmeasured]:
    """One that is always wrong, sure of every second row; one that is always right."""
    first = tuple(item(row, 0.0, margin=float(row % 2) * 2) for row in range(rows))
    second = tuple(item(row, 1.0) for row in range(rows))
    return {"a": truth(0.0, items=first), "b": truth(1.0, items=second)}
