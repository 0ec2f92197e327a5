"""Policies: who answers a query, and rules written by hand."""

from __future__ import annotations

from typing import Any

import pytest

from cosmosql import compiler

Desk = Any

STRATEGIES = """import std.hardware as hw
import std.tiny as tiny

strategy small using prompt {
  model = tiny.small
  on = hw.cpu
}

strategy middle using icl {
  model = tiny.small
  shots = 2
  on = hw.cpu
}

strategy big using prompt {
  model = tiny.large
  on = hw.cpu
}

query pick {
  for tiny.task.desk
  among policy.tiers
  measure within 1 USD
  maximize accuracy
  require serve_cost <= 1 USD/request
}

"""

CASCADE = """policy tiers using cascade {
  stages = [strategy.small, strategy.middle, strategy.big]
  escalate to strategy.big when margin < 1.5
}
"""


def test_a_cascade_keeps_its_tiers_in_order(desk: Desk) -> None:
    policy = desk.program(STRATEGIES + CASCADE).policies["policy.tiers"]
    assert policy.over == ("strategy.small", "strategy.middle", "strategy.big")
    (rule,) = policy.escalations
    assert (rule.target, rule.signal, rule.threshold) == ("strategy.big", "margin", 1.5)


def test_without_rules_the_threshold_is_the_compilers_to_find(desk: Desk) -> None:
    text = STRATEGIES + CASCADE.replace("  escalate to strategy.big when margin < 1.5\n", "")
    assert desk.program(text).policies["policy.tiers"].escalations == ()


@pytest.mark.parametrize(
    "condition",
    ["margin < 1.5", "label_margin < 0.2", "max_probability < 90%", "mean_logprob < -0.5"],
)
def test_signals_that_are_low_where_a_model_is_unsure(desk: Desk, condition: str) -> None:
    text = STRATEGIES + CASCADE.replace("margin < 1.5", condition)
    assert desk.codes(text) == []


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("margin < 1.5", "margin > 1.5", "E0302"),
        ("margin < 1.5", "margin <= 1.5", "E0302"),
        ("margin < 1.5", "margin", "E0102"),
        ("margin < 1.5", "1.5", "E0102"),
        ("margin < 1.5", "margin < 1.5 USD", "E0302"),
        ("margin < 1.5", "margin < 2 pp", "E0302"),
        ("margin < 1.5", "margin < high", "E0302"),
        ("margin < 1.5", "margin + 1 < 1.5", "E0302"),
        ("margin < 1.5", "margn < 1.5", "E0201"),
        ("margin < 1.5", "entropy < 1.5", "E0201"),
        ("margin < 1.5", "accuracy < 80%", "E0201"),
        ("escalate to strategy.big", "escalate to strategy.small", "E0408"),
        ("escalate to strategy.big", "escalate to strategy.none", "E0201"),
        ("escalate to strategy.big", "escalate to tiny.large", "E0408"),
        (
            "margin < 1.5",
            "margin < 1.5\n  escalate to strategy.big when margin < 2",
            "E0408",
        ),
        ("stages = [strategy.small, strategy.middle, strategy.big]", "stages = []", "E0408"),
        ("strategy.small, strategy.middle, strategy.big", "strategy.small", "E0408"),
        ("strategy.small, strategy.middle", "strategy.small, strategy.small", "E0408"),
        ("strategy.middle", "tiny.small", "E0302"),
        ("strategy.middle", "strategy.midle", "E0201"),
        ("stages =", "over =", "E0203"),
        ("using cascade", "using cascad", "E0501"),
        (" using cascade", "", "E0212"),
        ("margin < 1.5\n", "margin < 1.5\n  signal = entropie\n", "E0304"),
        ("margin < 1.5\n", "margin < 1.5\n  for tiny.task.desk\n", "E0203"),
    ],
)
def test_what_is_no_cascade(desk: Desk, old: str, new: str, code: str) -> None:
    assert old in CASCADE
    found = desk.codes(STRATEGIES + CASCADE.replace(old, new, 1))
    assert found[:1] == [code]
    assert set(found) <= {code, "E0408"}


@pytest.mark.parametrize(
    ("using", "over", "code"),
    [
        ("auto", "strategy.*", None),
        ("auto", "[strategy.small]", None),
        ("single", "[strategy.small]", None),
        ("single", "strategy.small", None),
        ("mix", "[strategy.small, strategy.big]", None),
        ("route", "[strategy.small, strategy.big]", None),
        ("mix", "[strategy.small]", "E0408"),
        ("auto", "[]", "E0408"),
        ("auto", "[strategy.small, strategy.small]", "E0408"),
        ("auto", "policy.*", "E0302"),
        ("auto", "tiny.model.*", "E0302"),
        ("auto", "3", "E0302"),
    ],
)
def test_other_policies_stand_over_strategies(
    desk: Desk, using: str, over: str, code: str | None
) -> None:
    text = STRATEGIES + f"policy tiers using {using} {{\n  over = {over}\n}}\n"
    assert desk.codes(text) == ([] if code is None else [code])


def test_only_a_cascade_escalates(desk: Desk) -> None:
    text = STRATEGIES + CASCADE.replace("using cascade", "using auto").replace("stages", "over")
    assert desk.codes(text) == ["E0408"]


def test_what_a_policy_stands_over_is_measured(desk: Desk) -> None:
    compiled = desk.compiled(STRATEGIES + CASCADE)
    assert {item.strategy for item in compiled.graph.candidates} == {
        "strategy.small",
        "strategy.middle",
        "strategy.big",
    }


def test_a_route_is_a_policy_like_any_other(desk: Desk) -> None:
    text = STRATEGIES + CASCADE.replace("using cascade", "using route").replace("stages", "over")
    text = text.replace("  escalate to strategy.big when margin < 1.5\n", "")
    assert desk.program(text).policies["policy.tiers"].using == "route"
    assert compiler.check(desk.write(text)) == ()


def test_a_person_is_a_tier_with_a_price(desk: Desk) -> None:
    """With a person to defer to, one strategy is enough to choose from."""
    text = STRATEGIES + "policy tiers using auto {\n  over = strategy.big\n  defer = 0.50 USD\n}\n"
    defer = desk.program(text).policies["policy.tiers"].defer
    assert defer is not None and str(defer) == "0.5 USD"
    alone = CASCADE.replace("strategy.small, strategy.middle, ", "")
    alone = alone.replace("  escalate to strategy.big when margin < 1.5\n", "")
    assert desk.codes(STRATEGIES + alone) == ["E0408"]
    assert desk.codes(STRATEGIES + alone.replace("{\n", "{\n  defer = 2 USD\n")) == []


def test_with_a_person_behind_it_any_cascade_may_pay(desk: Desk) -> None:
    text = STRATEGIES + CASCADE.replace(
        "strategy.small, strategy.middle, strategy.big", "strategy.middle, strategy.small"
    ).replace("  escalate to strategy.big when margin < 1.5\n", "")

    def codes(text: str) -> set[str]:
        return {one.code for one in compiler.check(desk.write(text))}

    assert "W0417" in codes(text)
    assert "W0417" not in codes(text.replace("stages", "defer = 1 USD\n  stages"))


@pytest.mark.parametrize(
    ("price", "code"),
    [("0.50 EUR", "E0301"), ("0.50 USD/request", "E0301"), ("-1 USD", "E0304"), ("50%", "E0301")],
)
def test_what_is_no_price_of_a_person(desk: Desk, price: str, code: str) -> None:
    text = STRATEGIES + f"policy tiers using auto {{\n  over = strategy.*\n  defer = {price}\n}}\n"
    assert desk.codes(text) == [code]
