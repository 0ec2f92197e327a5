"""The question: its clauses, their defaults, and what they mean for a decision."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from cosmosql.decide.decision import Verdict
from cosmosql.decide.requirements import judge, verdict
from cosmosql.decide.subject import Subject
from cosmosql.interval import Unmeasured
from cosmosql.predict.forecast import Distribution
from cosmosql.units import Quantity

Desk = Any


def asking(desk: Desk, *clauses: str) -> str:
    """The whole spec with further clauses in its query."""
    more = "".join(f"\n  {clause}" for clause in clauses)
    return desk.whole.replace("  maximize accuracy", f"  maximize accuracy{more}")


def test_what_is_left_out_has_a_default(desk: Desk) -> None:
    query = desk.query(desk.whole.replace("  measure within 1 USD\n", ""))
    assert (query.confidence, query.tolerance) == (Decimal("0.9"), Decimal("0.01"))
    assert query.probe == "std.probes.probe.ladder"
    assert (query.budget.probing, query.requirements) == ({}, ())
    asked = desk.query(asking(desk, "require accuracy >= 50%", "decide within 2 pp"))
    assert asked.requirements[0].confidence == Decimal("0.9")
    assert (asked.tolerance, asked.confidence) == (Decimal("0.02"), Decimal("0.9"))


def test_every_clause_is_read(desk: Desk) -> None:
    text = asking(
        desk,
        "require accuracy >= 80% with confidence 95%",
        "decide within 0.5 pp with confidence 80%",
    ).replace("measure within 1 USD", "measure with probe.own within 1 USD")
    query = desk.query(text + "\nprobe own {\n  rows = 50 examples\n}\n")
    assert query.probe == "probe.own"
    assert query.requirements[0].confidence == Decimal("0.95")
    assert (query.tolerance, query.confidence) == (Decimal("0.005"), Decimal("0.8"))


@pytest.mark.parametrize(
    ("confidence", "code"),
    [
        ("90%", None),
        ("0.9", None),
        ("50%", None),
        ("49.9%", "E0304"),
        ("100%", "E0304"),
        ("90 pp", "E0302"),
        ("9 USD", "E0302"),
        ("high", "E0302"),
    ],
)
@pytest.mark.parametrize("clause", ["require accuracy >= 50%", "decide within 1 pp"])
def test_a_confidence_is_a_ratio_below_one(
    desk: Desk, clause: str, confidence: str, code: str | None
) -> None:
    text = asking(desk, f"{clause} with confidence {confidence}")
    assert desk.codes(text) == ([] if code is None else [code])


@pytest.mark.parametrize(
    ("tolerance", "code"),
    [("1 pp", None), ("100 pp", None), ("101 pp", "E0304"), ("-1 pp", "E0304"), ("1%", "E0302")],
)
def test_a_tolerance_is_a_difference_of_ratios(
    desk: Desk, tolerance: str, code: str | None
) -> None:
    assert desk.codes(asking(desk, f"decide within {tolerance}")) == (
        [] if code is None else [code]
    )


@pytest.mark.parametrize(
    ("amount", "meter"),
    [
        ("3 USD", "money"),
        ("20 min", "wall"),
        ("1 GPU-hours", "accelerator"),
        ("2 Mtok", "tokens"),
        ("500 requests", "requests"),
        ("10 labels", "labels"),
        ("1 USD + 2 USD", "money"),
        ("purse", "money"),
        ("2 * purse", "money"),
        ("0 USD", "money"),
    ],
)
def test_within_an_amount_is_short_for_a_budget_of_it(desk: Desk, amount: str, meter: str) -> None:
    text = desk.whole.replace("within 1 USD", f"within {amount}")
    budget = desk.query(text.replace("query pick", "let purse = 3 USD\n\nquery pick")).budget
    assert set(budget.probing) == {meter}
    assert (budget.adaptation, budget.serving) == ({}, {})


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ("3 GiB", "E0302"),
        ("82%", "E0302"),
        ("3 USD/request", "E0302"),
        ('"3 USD"', "E0302"),
        ("-3 USD", "E0304"),
        ("budget.none", "E0201"),
        ("hw.cpu", "E0302"),
        ("purse", "E0201"),
        ("3 USD + 2 min", "E0301"),
    ],
)
def test_what_measuring_cannot_be_within(desk: Desk, amount: str, code: str) -> None:
    assert desk.codes(desk.whole.replace("within 1 USD", f"within {amount}")) == [code]


BUDGET = """
budget launch {
  probing {
    money = 3 USD
    requests = 500 requests
  }

  adaptation {
    money = 40 USD
    labels = 0 labels
  }

  serving {
    money = 0.004 USD/request
    wall = 800 ms
  }
}
"""


def test_meters_of_probing_are_ceilings_and_the_others_requirements(desk: Desk) -> None:
    text = desk.whole.replace("within 1 USD", "within budget.launch") + BUDGET
    query = desk.query(text.replace("accuracy\n}", "accuracy\n  require accuracy >= 50%\n}"))
    assert query.budget.probing == {
        "money": Quantity.parse("3 USD"),
        "requests": Quantity.parse("500 requests"),
    }
    assert [item.text for item in query.requirements] == [
        "accuracy >= 50%",
        "adapt_cost <= 40 USD",
        "labels <= 0 labels",
        "serve_cost <= 0.004 USD/request",
        "latency <= 800 ms",
    ]


@pytest.mark.parametrize(
    "meter",
    [
        ("adaptation", "wall = 3 min", "E0203"),
        ("serving", "labels = 3 labels", "E0203"),
        ("serving", "money = 3 USD", "E0301"),
        ("adaptation", "money = 3 USD/request", "E0301"),
        ("probing", "wall = 3 GPU-hours", "E0301"),
        ("probing", "accelerator = 3 hours", "E0301"),
    ],
)
def test_each_section_has_its_own_meters(desk: Desk, meter: tuple[str, str, str]) -> None:
    section, line, code = meter
    assert desk.codes(f"budget b {{\n  {section} {{\n    {line}\n  }}\n}}\n") == [code]


@pytest.mark.parametrize(
    ("clause", "code"),
    [
        ("require accuracy >= 80%", None),
        ("require 80% <= accuracy", None),
        ("require accuracy > 80%", None),
        ("require accuracy + 1 pp >= 80%", None),
        ("require accuracy >= strategy.few.accuracy - 2 pp", None),
        ("require adapt_cost <= 40 USD", None),
        ("require adapt_cost + 1_000 requests * serve_cost <= 40 USD", None),
        ("require 1 requests/s * latency <= 3 requests", None),
        ("require labels <= 0 labels", None),
        ("require prompt_tokens <= 200 tok/request", None),
        ("require accuracy == 80%", "E0302"),
        ("require accuracy", "E0102"),
        ("require 80% >= 70%", "E0302"),
        ("require accuracy >= 2 pp", "E0301"),
        ("require accuracy >= 2 USD", "E0301"),
        ("require serve_cost <= 2 USD", "E0301"),
        ("require adapt_cost <= 2 USD/request", "E0301"),
        ("require adapt_cost <= 2 EUR", "E0301"),
        ("require latency <= 2 GPU-hours", "E0301"),
        ("require macro_f1 >= 80%", "E0409"),
        ("require accuraccy >= 80%", "E0201"),
        ("require accuracy >= strategy.other.accuracy", "E0201"),
        ("require accuracy >= tiny.task.desk.accuracy", "E0302"),
        ("require accuracy >= hw.cpu", "E0302"),
        ('require accuracy >= "high"', "E0302"),
        ("require accuracy >= 1 / 0", "E0304"),
    ],
)
def test_requirements_compare_measures_of_one_dimension(
    desk: Desk, clause: str, code: str | None
) -> None:
    assert desk.codes(asking(desk, clause)) == ([] if code is None else [code])


@pytest.mark.parametrize(
    ("objective", "code"),
    [
        ("maximize accuracy", None),
        ("minimize serve_cost", None),
        ("minimize 1_000 requests/month * serve_cost", None),
        ("minimize adapt_cost + 1_000 requests * serve_cost", None),
        ("maximize accuracy - 2 * accuracy", None),
        ("maximize -latency", None),
        ("maximize 1", "E0302"),
        ("maximize accuracy + latency", "E0301"),
        ("maximize adapt_cost + serve_cost", "E0301"),
        ("maximize accuraccy", "E0201"),
        ("maximize macro_f1", "E0409"),
    ],
)
def test_the_objective_is_any_expression_over_measures(
    desk: Desk, objective: str, code: str | None
) -> None:
    text = desk.whole.replace("maximize accuracy", objective)
    assert desk.codes(text) == ([] if code is None else [code])


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("  for tiny.task.desk\n", "", "E0209"),
        ("  among strategy.*\n", "", "E0209"),
        ("  maximize accuracy\n", "", "E0209"),
        ("for tiny.task.desk", "for tiny.task.desk\n  for tiny.task.desk", "E0207"),
        ("among strategy.*", "among strategy.*\n  among strategy.few", "E0207"),
        ("maximize accuracy", "maximize accuracy\n  minimize serve_cost", "E0207"),
        ("within 1 USD", "within 1 USD\n  measure within 2 USD", "E0207"),
        ("maximize accuracy", "maximize accuracy\n  floor = 3", "E0203"),
        (
            "maximize accuracy",
            "maximize accuracy\n  escalate to strategy.few when margin < 1",
            "E0203",
        ),
        ("for tiny.task.desk", "for strategy.few", "E0302"),
        ("among strategy.*", "among task.*", "E0302"),
        ("among strategy.*", "among strategy.few.shots", "E0302"),
        ("among strategy.*", "among policy.*", "E0401"),
        ("measure within 1 USD", "measure with tiny.task.desk", "E0302"),
    ],
)
def test_each_clause_stands_once_and_names_what_it_should(
    desk: Desk, old: str, new: str, code: str
) -> None:
    assert desk.codes(desk.whole.replace(old, new)) == [code]


def test_among_names_each_candidate_once(desk: Desk) -> None:
    text = desk.whole.replace("among strategy.*", "among strategy.few, strategy.*, strategy.few")
    assert desk.query(text).strategies == ("strategy.few",)


def test_among_in_brackets_is_the_same(desk: Desk) -> None:
    text = desk.whole.replace("among strategy.*", "among [strategy.few, policy.*]")
    assert desk.query(text).strategies == ("strategy.few",)


def test_candidates_of_another_file(desk: Desk) -> None:
    base = {"base.cosmos": desk.whole}
    text = 'import "./base.cosmos" as base\n' + desk.whole.replace(
        "among strategy.*", "among strategy.*, base.strategy.*"
    )
    query = desk.query(text, base)
    assert query.strategies == ("strategy.few", "base.strategy.few")


def test_a_measure_of_a_strategy_needs_it_to_be_one_candidate(desk: Desk) -> None:
    clause = "require accuracy >= strategy.other.accuracy"
    other = desk.few.replace("few", "other")
    text = asking(desk, clause) + other
    assert desk.codes(text) == []
    assert desk.codes(text.replace("among strategy.*", "among strategy.few")) == ["E0410"]
    swept = other.replace("shots = 4", "shots = sweep(1, 2)")
    assert desk.codes(asking(desk, clause) + swept) == ["E0410"]


def test_one_query_is_costed_in_one_currency(desk: Desk) -> None:
    euros = (
        '\nhardware ours {\n  price = 1 EUR/GPU-hour\n  source = "contract"\n'
        '  as_of = "2026-10-01"\n}\n'
    )
    text = desk.whole.replace("hw.cpu", "hardware.ours") + euros
    assert desk.codes(text) == ["E0301"]
    assert desk.codes(text.replace("1 USD", "1 EUR")) == []
    capped = text.replace("1 USD", "1 EUR").replace(
        "accuracy\n}", "accuracy\n  require adapt_cost <= 3 USD\n}"
    )
    assert desk.codes(capped) == ["E0301"]


def subject(**measures: Distribution | Unmeasured) -> Subject:
    return Subject(
        name="one", strategy="strategy.few", metric_name="accuracy", quantities=dict(measures)
    )


def draws(low: float, high: float, share_high: float, unit: str = "") -> Distribution:
    """Draws of which this share lies high."""
    values = np.where(np.arange(1_000) < 1_000 * share_high, high, low)
    return Distribution(draws=values, value=high, unit=unit, basis="predicted", n=100)


@pytest.mark.parametrize(
    ("share", "confidence", "expected"),
    [
        (0.95, "90%", Verdict.HOLDS),
        (0.9, "90%", Verdict.HOLDS),
        (0.85, "90%", Verdict.UNDECIDED),
        (0.95, "99%", Verdict.UNDECIDED),
        (0.15, "90%", Verdict.UNDECIDED),
        (0.1, "90%", Verdict.FAILS),
        (0.85, "80%", Verdict.HOLDS),
        (0.15, "80%", Verdict.FAILS),
    ],
)
def test_a_requirement_holds_fails_or_is_undecided(
    desk: Desk, share: float, confidence: str, expected: Verdict
) -> None:
    query = desk.query(asking(desk, f"require accuracy >= 80% with confidence {confidence}"))
    found, probability = verdict(
        query.requirements[0], subject(accuracy=draws(0.7, 0.9, share)), {}
    )
    assert found is expected
    assert probability == pytest.approx(share)


@pytest.mark.parametrize("comparison", ["<=", ">=", "<", ">"])
def test_the_unmeasured_neither_satisfies_nor_violates(desk: Desk, comparison: str) -> None:
    query = desk.query(asking(desk, f"require serve_cost {comparison} 1 USD/request"))
    for nothing in (subject(serve_cost=Unmeasured("no price")), subject()):
        assert verdict(query.requirements[0], nothing, {}) == (Verdict.UNDECIDED, None)
        joint, misses = judge(query.requirements, nothing, {})
        assert (joint, len(misses)) == (Verdict.UNDECIDED, 1)


def test_units_of_a_requirement_are_those_of_what_is_measured(desk: Desk) -> None:
    clause = "require 1_200_000 requests/month * serve_cost <= 2_400 USD/month with confidence 99%"
    query = desk.query(asking(desk, clause))
    for cost, expected in ((0.0019, Verdict.HOLDS), (0.0021, Verdict.FAILS)):
        found = subject(serve_cost=draws(cost, cost, 1.0, "USD/request"))
        assert verdict(query.requirements[0], found, {})[0] is expected


def test_meters_are_requirements_on_every_candidate(desk: Desk) -> None:
    text = desk.whole.replace("within 1 USD", "within budget.launch") + BUDGET
    query = desk.query(text)
    cheap = subject(
        adapt_cost=draws(1, 1, 1.0, "USD"),
        labels=draws(0, 0, 1.0, "labels"),
        serve_cost=draws(0.001, 0.001, 1.0, "USD/request"),
        latency=draws(0.5, 0.5, 1.0, "s"),
    )
    assert judge(query.requirements, cheap, {})[0] is Verdict.HOLDS
    slow = subject(**{**cheap.quantities, "latency": draws(0.9, 0.9, 1.0, "s")})
    assert judge(query.requirements, slow, {})[0] is Verdict.FAILS


def test_another_strategy_is_a_bar_too(desk: Desk) -> None:
    text = asking(desk, "require accuracy >= strategy.other.accuracy - 2 pp") + desk.few.replace(
        "few", "other"
    )
    (requirement,) = desk.query(text).requirements
    one = subject(accuracy=draws(0.8, 0.8, 1.0))
    for bar, expected in ((0.81, Verdict.HOLDS), (0.83, Verdict.FAILS)):
        other = {"strategy.other": [subject(accuracy=draws(bar, bar, 1.0))]}
        assert verdict(requirement, one, other)[0] is expected
    assert verdict(requirement, one, {})[0] is Verdict.UNDECIDED
