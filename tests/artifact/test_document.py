"""Decision to document: every number with its unit and basis, nothing invented, steps in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from cosmosql.artifact.document import (
    ONLY_IN_POLICIES,
    DatasetLock,
    Facts,
    _docs,
    document,
)
from cosmosql.artifact.plan import PlanDocument
from cosmosql.artifact.storage import document_bytes
from cosmosql.contracts.backend import ModelCard
from cosmosql.decide.decision import (
    CurvePoint,
    Decision,
    Miss,
    Option,
    PolicyForecast,
    Verdict,
)
from cosmosql.interval import Estimate, Unmeasured
from cosmosql.model.bind import bind
from cosmosql.model.program import Program, Query
from cosmosql.plan.expand import expand
from cosmosql.predict.forecast import Distribution, Forecast
from cosmosql.source import Source, Span
from cosmosql.units import Quantity

STARTER = Path(__file__).parents[2] / "cosmosql" / "cli" / "starter" / "task.cosmos"
CARD = ModelCard(
    weights="w" * 64,
    tokenizer="t" * 64,
    template=None,
    architecture="LlamaForCausalLM",
    parameters=460_032,
    layers=4,
    hidden=96,
    vocabulary=2048,
    context=1024,
    bytes_per_parameter=4.0,
)


def distribution(value: float, unit: str, basis: str = "predicted") -> Distribution:
    draws = value * np.linspace(0.9, 1.1, 101)
    return Distribution(draws=draws, value=value, unit=unit, basis=basis, n=200)


def option(name: str, verdict: Verdict = Verdict.HOLDS, *misses: Miss) -> Option:
    return Option(
        name=name, verdict=verdict, misses=misses, objective=Unmeasured("not asked"), reason="why"
    )


@pytest.fixture(scope="module")
def program() -> Program:
    found, _ = bind(STARTER)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def query(program: Program) -> Query:
    return program.queries["query.pick"]


@pytest.fixture(scope="module")
def forecasts(program: Program, query: Query) -> tuple[Forecast, ...]:
    candidates = expand(program, query)
    return tuple(
        Forecast(
            candidate=candidate,
            metric_name="accuracy",
            metric=Unmeasured("no probe fitted")
            if number == 1
            else distribution(0.123456789 + number / 100, "", "measured"),
            measures={
                "serve_cost": distribution(1.23456789e-7 * (number + 1), "USD/request"),
                "adapt_cost": distribution(1e-5, "USD")
                if number != 2
                else Unmeasured("no price is declared"),
                "latency": distribution(0.0123, "s", "assumed"),
            },
            items=None,
        )
        for number, candidate in enumerate(candidates)
    )


def policy(members: Sequence[str], *, refused: bool) -> PolicyForecast:
    return PolicyForecast(
        name=f"policy.tiers[cascade: {' > '.join(members)}]",
        kind="cascade",
        members=tuple(members),
        signal="margin",
        thresholds=(1.5,),
        share=0.3,
        metric=Estimate(0.8, 0.75, 0.85, 200),
        basis="predicted",
        measures={"serve_cost": Estimate(2e-7, 1e-7, 3e-7, 200)},
        auc=0.78,
        curve=(CurvePoint(budget=1e-7, accuracy=0.7, share=0.0),),
        note="refused: it does not pay" if refused else None,
        budget=2e-7,
        costs=(1e-7, 4e-7),
    )


FACTS = Facts(
    models={"tiny.model.small": CARD},
    datasets={"dataset.rows": DatasetLock(fingerprint="f" * 64, rows={"train": 200, "test": 100})},
    versions={"torch": "2.13.0"},
    seed=0,
    spent={"money": Quantity.parse("0.00131234567 USD"), "tokens": Quantity.of(1204, "tokens")},
    exhaustive={"money": Quantity.of(Decimal("0.0148"), "USD")},
    evidence_digest="e" * 64,
    observations=41,
    test_reads=0,
)


@pytest.fixture(scope="module")
def names(forecasts: tuple[Forecast, ...]) -> list[str]:
    return [forecast.candidate.name for forecast in forecasts]


@pytest.fixture(scope="module")
def plan(
    program: Program, query: Query, forecasts: tuple[Forecast, ...], names: list[str]
) -> PlanDocument:
    tiers = policy([names[4], names[-1]], refused=False)
    miss = Miss(requirement="serve_cost <= 0.001 USD/request", verdict=Verdict.FAILS, found="2")
    return document(
        program,
        query,
        forecasts,
        Decision(
            status="decided",
            chosen=tiers.name,
            reasons=("it is best",),
            next_evidence=None,
            regret_probability=0.93,
            options=(
                option(names[0], Verdict.FAILS, miss),
                *(option(name) for name in names[1:-1]),
                option(tiers.name),
            ),
            policies=(tiers, policy(names[:2], refused=True)),
        ),
        FACTS,
    )


def test_money_is_a_decimal_string_of_six_digits_beside_its_unit(plan: PlanDocument) -> None:
    cost = plan.candidates[0].serve_cost
    assert (cost.value, cost.unit) == ("0.000000123457", "USD/request")
    assert plan.budget.spent["money"].value == "0.00131235"
    assert plan.budget.caps["money"].value == "1"
    assert plan.budget.spent["tokens"].value == 1204.0
    assert plan.policies[0].serve_cost.value == "0.0000002"
    assert plan.policies[0].serve_cost.unit == "USD/request"
    assert plan.policies[0].curve[0].budget == "0.0000001"


def test_intervals_are_the_five_and_ninety_five_percent_quantiles(plan: PlanDocument) -> None:
    metric = plan.candidates[0].metric
    assert metric.value == pytest.approx(0.123456789)
    assert metric.low == pytest.approx(0.123456789 * 0.91)
    assert metric.high == pytest.approx(0.123456789 * 1.09)
    assert (metric.basis, metric.n, metric.confidence) == ("measured", 200, 0.9)


def test_an_interval_holds_a_value_outside_its_draws(
    program: Program, query: Query, forecasts: tuple[Forecast, ...], names: list[str]
) -> None:
    draws = np.full(50, 0.5)
    metric = Distribution(draws=draws, value=0.6, unit="", basis="measured", n=10)
    lone = Forecast(
        candidate=forecasts[0].candidate,
        metric_name="accuracy",
        metric=metric,
        measures={},
        items=None,
    )
    decision = Decision(
        status="undecided",
        chosen=None,
        reasons=(),
        next_evidence="more rows",
        regret_probability=None,
        options=(option(names[0], Verdict.UNDECIDED),),
        policies=(),
    )
    made = document(program, query, (lone,), decision, FACTS)
    assert (made.candidates[0].metric.low, made.candidates[0].metric.high) == (0.5, 0.6)
    assert made.candidates[0].serve_cost.reason == "it was not forecast"
    assert made.steps == ()


def test_unmeasured_is_null_with_its_reason(plan: PlanDocument) -> None:
    metric = plan.candidates[1].metric
    assert (metric.value, metric.low, metric.n) == (None, None, None)
    assert (metric.basis, metric.reason) == ("unmeasured", "no probe fitted")
    cost = plan.candidates[2].adapt_cost
    assert (cost.value, cost.unit, cost.reason) == (None, "USD", "no price is declared")


def test_what_was_not_weighed_is_there_and_says_so(plan: PlanDocument) -> None:
    assert plan.candidates[-1].reason == ONLY_IN_POLICIES
    assert [policy.status for policy in plan.policies] == ["holds", "refused"]
    assert plan.candidates[0].misses[0].verdict == "fails"


def test_inputs_are_locked_without_a_path_of_this_machine(
    plan: PlanDocument, program: Program
) -> None:
    assert plan.spec.path == "task.cosmos"
    assert plan.spec.sha256 == program.sha256
    assert plan.locked.prices["hw.hardware.cpu"] == {
        "price": "0.05 USD/GPU-hour",
        "source": "electricity and wear of a computer at hand",
        "as_of": None,
        "assumed": True,
    }
    assert plan.locked.datasets["dataset.rows"]["rows"] == {"train": 200, "test": 100}
    text = document_bytes(plan).decode()
    assert str(STARTER.parent) not in text
    assert str(Path.home()) not in text


def test_steps_come_after_what_they_need(plan: PlanDocument) -> None:
    done: set[str] = set()
    for step in plan.steps:
        assert set(step.needs) <= done
        done.add(step.id)
    assert [step.kind for step in plan.steps] == [
        "load",
        "index",
        "adapt",
        "adapt",
        "calibrate",
        "evaluate",
        "write",
    ]
    assert plan.steps[4].arguments["thresholds"] == [1.5]


def test_the_same_values_give_the_same_bytes(plan: PlanDocument) -> None:
    again = PlanDocument.model_validate_json(document_bytes(plan))
    assert document_bytes(again) == document_bytes(plan)


def test_doc_comments_of_the_authors_files_alone_are_kept(
    program: Program, query: Query, plan: PlanDocument
) -> None:
    asked = replace(query, doc="Which one?")
    theirs = Span(Source("std/tasks.cosmos", "task"), 0, 4)
    task = replace(program.tasks[query.task], doc="Of the standard library.", span=theirs)
    shared = replace(program, tasks={query.task: task})
    assert _docs(shared, asked) == {"query.pick": "Which one?"}
    assert _docs(program, query) == plan.docs == {}
    assert b'"docs"' not in document_bytes(plan)
    told = plan.model_copy(update={"docs": _docs(program, asked)})
    assert b'"docs": {\n    "query.pick": "Which one?"' in document_bytes(told)
