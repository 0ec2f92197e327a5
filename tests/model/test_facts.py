"""What a spec says about a thing without asking it: a model's facts, a price's origin."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cosmosql.evidence import keys
from cosmosql.model.program import Program
from tests.model.conftest import Bind

Make = Callable[..., Program]

MODEL = 'model small using hf {{\n  id = "someone/small"\n{more}}}\n'
FACTS = '  parameters = 494_032_768\n  licence = "Apache-2.0"\n'
PRICE = "price cheap {{\n  input = 1 USD/Mtok\n  output = 2 USD/Mtok\n{more}}}\n"
HARDWARE = "hardware own {{\n  price = 1 USD/GPU-hour\n{more}}}\n"


def test_facts_are_told_and_change_no_question(program: Make) -> None:
    plain = program(MODEL.format(more="")).models["model.small"]
    told = program(MODEL.format(more=FACTS)).models["model.small"]
    assert told.facts == {"parameters": 494_032_768, "licence": "Apache-2.0"}
    assert plain.facts == {}
    assert told.options == plain.options
    assert keys.asked_resolution(told) == keys.asked_resolution(plain)


def test_facts_are_checked_and_inherited(program: Make, bound: Bind) -> None:
    text = MODEL.format(more=FACTS) + "model pinned extends model.small {\n  dtype = float16\n}\n"
    assert program(text).models["model.pinned"].facts["parameters"] == 494_032_768
    found, diagnostics = bound(MODEL.format(more="  parameters = 0.5\n"))
    assert found is None
    assert [item.code for item in diagnostics] == ["E0302"]


@pytest.mark.parametrize("block", [PRICE, HARDWARE], ids=["price", "hardware"])
@pytest.mark.parametrize(
    ("more", "codes"),
    [
        ('  source = "a list"\n  as_of = "2026-01-31"\n', []),
        ('  source = "a guess"\n  assumed = true\n', []),
        ('  source = "a list"\n', ["E0209"]),
        ('  as_of = "2026-01-31"\n', ["E0209"]),
        ("  assumed = true\n", ["E0209"]),
        ('  source = "a list"\n  as_of = "lately"\n', ["E0302"]),
    ],
)
def test_a_price_says_where_it_is_from(
    bound: Bind, block: str, more: str, codes: list[str]
) -> None:
    _, diagnostics = bound(block.format(more=more))
    assert [item.code for item in diagnostics] == codes


def test_an_assumed_price_is_told_apart_from_a_list_price(program: Make) -> None:
    text = HARDWARE.format(more='  source = "a guess"\n  assumed = true\n')
    own = program(text).hardware["hardware.own"]
    assert (own.price_assumed, own.price_as_of) == (True, None)
    listed = HARDWARE.format(more='  source = "a list"\n  as_of = "2026-01-31"\n')
    assert not program(listed).hardware["hardware.own"].price_assumed
