"""The price of an endpoint, declared and named by a model."""

from __future__ import annotations

from typing import Any

import pytest

SPEC = """import std.hardware as hw
import std.tiny as tiny

price hosted {
  input = 0.10 USD/Mtok
  output = 0.40 USD/Mtok
  batch_discount = 50%
  source = "the provider's list"
  as_of = "2026-11-20"
}

model small extends tiny.small {
  price = price.hosted
}

strategy asked using prompt {
  model = model.small
}

query pick {
  for tiny.task.desk
  among strategy.*
  maximize accuracy
  require serve_cost <= 1 USD/request
}
"""


@pytest.mark.parametrize(
    ("old", "new", "codes"),
    [
        ("", "", []),
        # Nobody serves an adapter at the price of its model.
        ("using prompt", "using lora", ["E0407"]),
        ("  price = price.hosted\n", "", ["E0407"]),
        ("price.hosted", "price.other", ["E0201"]),
        ("50%", "150%", ["E0304"]),
        ("1 USD/request", "1 EUR/request", ["E0301"]),
        ("serve_cost <=", "batch_cost <=", []),
        # What a request costs may be declared as it stands.
        ("price = price.hosted", "cost = 0.002 USD/request", []),
        ("price = price.hosted", "cost = 0.002 EUR/request", ["E0301"]),
        ("price = price.hosted", "cost = 0.002 USD", ["E0301"]),
        ("price = price.hosted", "cost = -1 USD/request", ["E0304"]),
    ],
)
def test_what_runs_at_an_endpoint_needs_no_hardware(
    desk: Any, old: str, new: str, codes: list[str]
) -> None:
    assert desk.codes(SPEC.replace(old, new) if old else SPEC) == codes


def test_its_attributes_are_in_the_program(desk: Any) -> None:
    program = desk.program(SPEC)
    hosted = program.prices["price.hosted"]
    assert (hosted.cache_from, hosted.batch_discount) == (1024, 0.5)
    assert program.models["model.small"].price == "price.hosted"
