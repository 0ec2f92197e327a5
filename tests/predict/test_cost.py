from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from cosmosql.contracts.backend import DeviceProfile, ModelCard
from cosmosql.evidence.observation import Item, Observation
from cosmosql.evidence.throughput import (
    Work,
    answering,
    flops,
    latency,
    profile_of,
    seconds,
    training,
)
from cosmosql.interval import Unmeasured
from cosmosql.model.footprint import Load, Shape, memory_needed
from cosmosql.model.program import Price
from cosmosql.predict.cost import latency_draws, quantiles, row_latencies, serving
from cosmosql.predict.endpoint import endpoint_costs
from cosmosql.predict.forecast import Distribution
from cosmosql.predict.hardware import Rates, memory_reason, rates_of, tariff_of
from cosmosql.predict.tokens import RequestTokens
from cosmosql.source import Source, Span
from cosmosql.units import Quantity

PROFILE = DeviceProfile(device="here", prefill=1000.0, decode=100.0, training=400.0, peak_flops=4e9)


def test_the_machine_at_hand_is_as_measured(world: Any) -> None:
    one = world()
    box = one.program.hardware["hardware.box"]
    found = rates_of(PROFILE, one.facts.cards["model.small"], box)
    assert found == Rates(prefill=1000.0, decode=100.0, training=400.0, basis="measured")


def test_other_hardware_is_a_roofline_at_the_measured_share_of_the_peak(world: Any) -> None:
    """100,000 parameters: a prompt token is 2e5 FLOP, so 1,000 a second are 2e8 of 4e9: 5 %.

    At a peak of 1e12 and 5 %: 5e10 / 2e5 = 250,000 prompt tokens a second. Training: 4e5 FLOP,
    400 a second are 1.6e8 of 4e9: 4 %; 4e10 / 4e5 = 100,000. An answer token reads 4e5 bytes: at
    1 GB/s 4e-4 s, longer than its 2e-7 s of arithmetic; at 5 %: 125 a second.
    """
    one = world()
    box = replace(
        one.program.hardware["hardware.box"],
        peak_flops=1e12,
        bandwidth=Quantity.parse("1 GB/s"),
    )
    found = rates_of(PROFILE, one.facts.cards["model.small"], box)
    assert isinstance(found, Rates) and found.basis == "predicted"
    assert found.prefill == pytest.approx(250_000)
    assert found.training == pytest.approx(100_000)
    assert found.decode == pytest.approx(125)


def test_what_a_roofline_lacks_is_said(world: Any) -> None:
    one = world()
    box = replace(one.program.hardware["hardware.box"], peak_flops=1e12)
    card = one.facts.cards["model.small"]
    assert isinstance(rates_of(PROFILE, card, box), Unmeasured)
    assert isinstance(rates_of(PROFILE, None, box), Unmeasured)
    assert isinstance(rates_of(None, card, box), Unmeasured)


def test_a_missing_price_is_never_zero(world: Any) -> None:
    box = replace(world().program.hardware["hardware.box"], price=None)
    found = tariff_of(box)
    assert isinstance(found, Unmeasured) and "price" in found.reason
    assert isinstance(tariff_of(None), Unmeasured)


def test_memory_is_weights_cache_activations_and_the_state_of_the_adapter() -> None:
    """Two layers 64 wide, 100 labels of vocabulary and 93,600 other weights: 46,800 a layer, of
    which attention has 4 * 64^2 = 16,384, so the feed-forward part is 30,416 / (3 * 64) = 158.42
    wide. In 4 bytes each the weights take 400,000.

    A request of 30 tokens keeps 2 * 2 * 64 = 256 numbers a token and 3 * 64 + 5 * 158.42 = 984.1
    for the layer at work: 30 * 1,240.1 * 4 = 148,810; two times 100 logits: 800.

    Training rank 8 on 2 rows of 30 tokens in all: the adapter has 8 * 2 * (512 + 3 * 222.42) =
    18,868 weights of 16 bytes: 301,888; a token and layer 12 * 64 + 3 * 158.42 + 56 = 1,299.25
    numbers: 30 * 2 * 1,299.25 * 4 = 311,820; six times 2 * 100 logits: 4,800."""
    shape = Shape(parameters=100_000, layers=2, hidden=64, vocabulary=100)
    four = Fraction(4)
    assert memory_needed(100_000, four) == 400_000
    answered = memory_needed(100_000, four, shape, Load(sequences=1, tokens=30))
    assert answered == 400_000 + 148_810 + 800
    trained = memory_needed(100_000, four, shape, Load(sequences=2, tokens=30, rank=8))
    assert trained == 400_000 + 301_888 + 311_820 + 4_800


def test_a_model_larger_than_the_memory_has_no_costs(world: Any) -> None:
    """As above, and a tenth on top: 604,571 bytes to answer, 1,120,359 to train."""
    one = world()
    card = one.facts.cards["model.small"]
    box = replace(one.program.hardware["hardware.box"], memory=Quantity.parse("0.7 MB"))
    assert memory_reason(card, box, Load(sequences=1, tokens=30)) is None
    reason = memory_reason(card, box, Load(sequences=2, tokens=30, rank=8))
    assert reason is not None and "0.00112 GB" in reason and "0.7 MB" in reason
    # In 4 bits the weights take 50,000 bytes, and activations 2 a number: 571,600.
    assert memory_reason(card, box, Load(sequences=2, tokens=30, rank=8), quantized=True) is None


OVERHEADS = replace(
    PROFILE,
    batch_tokens=500,
    pass_seconds=0.05,
    step_seconds=0.02,
    update_seconds=0.3,
    request_seconds=0.001,
    pair_seconds=1e-6,
    cached_seconds=1e-5,
)


def test_a_request_alone_pays_for_its_pass_and_one_of_many_for_its_share() -> None:
    """100 prompt tokens of which 60 are cached, 2 answer tokens. Pairs: 40 * 60 + 40 * 40 / 2 +
    2 * (100 + 1) = 3,402. Read 40 / 1,000 = 0.04 s, attention 0.003402, cache 60e-5 = 0.0006, the
    request 0.001: 0.045002 s. Alone: a pass 0.05, two steps 0.04, two tokens 2 / 100 = 0.02:
    0.155002 s. Of many: a pass reads 500 tokens, so 40 / 500 of 0.05 = 0.004; (40 + 2) / 500 of two
    steps = 0.00336; two tokens 0.02: 0.072362 s."""
    work = answering(100.0, 60.0, 2.0)
    assert work.pairs == 3402
    assert latency(work, OVERHEADS) == pytest.approx(0.155002)
    assert seconds(work, OVERHEADS) == pytest.approx(0.072362)
    assert seconds(work.times(50), OVERHEADS) == pytest.approx(50 * 0.072362)


def test_training_pays_for_its_updates_tokens_and_attention() -> None:
    """8,000 tokens of examples of 20, 16 at a time: 25 updates of 0.3 s, 8,000 / 400 = 20 s, and
    thrice 8,000 * 20 / 2 pairs of 1e-6 s: 27.74 s."""
    work = training(8000.0, length=20.0, batch=16)
    assert work.updates == 25 and work.training_pairs == 80_000
    assert seconds(work, OVERHEADS) == pytest.approx(27.74)


def test_attention_is_counted_over_the_context() -> None:
    """1,000 parameters in 2 layers, 8 wide. A prompt of 100 and an answer of one token are
    101^2 / 2 = 5,100.5 pairs: 2,000 * 101 + 64 * 5,100.5 FLOPs."""
    card = ModelCard(
        weights="w",
        tokenizer="t",
        template=None,
        architecture="a",
        parameters=1000,
        layers=2,
        hidden=8,
        vocabulary=9,
        context=512,
        bytes_per_parameter=4,
    )
    assert flops(answering(100.0, 0.0, 1.0), card) == pytest.approx(2000 * 101 + 64 * 5100.5)
    # What is cached is not computed again, but attended to.
    less = flops(answering(100.0, 60.0, 1.0), card)
    assert less == pytest.approx(2000 * 41 + 64 * (5100.5 - 60 * 60 / 2))
    trained = flops(training(100.0, length=10.0, batch=1), card)
    assert trained == pytest.approx(4000 * 100 + 3 * 64 * 500)


def test_a_profile_without_overheads_is_read_as_it_was_meant() -> None:
    values = {
        "device": "cpu",
        "prefill": 1000.0,
        "decode": 100.0,
        "training": 400.0,
        "peak_flops": 4e9,
    }
    old = Observation(
        kind="profile", key="", asked={}, conditions={}, role=None, values=dict(values)
    )
    found = profile_of(old)
    assert found == replace(PROFILE, device="cpu")
    assert found is not None
    assert seconds(answering(50.0, 0.0, 1.0), found) == pytest.approx(0.06)
    new = replace(old, values=values | {"batch_tokens": 64, "pass_seconds": 0.5})
    assert profile_of(new) == replace(PROFILE, device="cpu", batch_tokens=64, pass_seconds=0.5)


def test_a_step_of_writing_reads_the_weights_once_for_a_batch(world: Any) -> None:
    """As above: 4e5 bytes at 1 GB/s are 4e-4 s a step, beside what a step took here; a token of it
    is 2e5 FLOPs at 5 % of 1e12: 4e-6 s. What was measured beside the tokens stays, attention is
    250 times as fast, and the 2 * 2 * 64 * 4 bytes of a cached token take 1.024e-6 s."""
    one = world()
    box = replace(
        one.program.hardware["hardware.box"],
        peak_flops=1e12,
        bandwidth=Quantity.parse("1 GB/s"),
    )
    found = rates_of(OVERHEADS, one.facts.cards["model.small"], box)
    assert isinstance(found, Rates)
    assert found.step_seconds == pytest.approx(0.0204)
    assert found.decode == pytest.approx(250_000)
    assert found.pass_seconds == 0.05 and found.update_seconds == 0.3
    assert found.pair_seconds == pytest.approx(4e-9)
    assert found.cached_seconds == pytest.approx(1.024e-6)


def item(row: int, prompt: int, completion: int = 1) -> Item:
    return Item(
        row=f"{row:064}",
        score=1.0,
        predicted=0,
        target=0,
        signals={},
        prompt_tokens=prompt,
        completion_tokens=completion,
    )


def tokens(
    *, prompt: float, cached: float, completion: float, items: tuple[Item, ...]
) -> RequestTokens:
    draws = np.ones(400)
    return RequestTokens(
        prompt=prompt * draws,
        cached=cached * draws,
        completion=completion * draws,
        basis="measured",
        items=items,
    )


RATES = Rates(prefill=1000.0, decode=100.0, training=400.0, basis="measured")


def test_percentiles_of_the_latency_are_those_of_the_rows() -> None:
    """Nineteen of twenty prompts have 10 tokens, one has 210: 0.02 s and 0.22 s with the answer.
    The mean of 20 tokens is 0.03 s; half of the requests wait 0.02 s, one in twenty 0.22 s."""
    items = tuple(item(row, 10 if row % 20 else 210) for row in range(400))
    asked = tokens(prompt=20.0, cached=0.0, completion=1.0, items=items)
    taken = row_latencies(asked, RATES)
    assert sorted(set(np.round(list(taken.values()), 6))) == [0.02, 0.22]
    found = serving(asked, RATES, Unmeasured("no price"), n_test=400, seed=0)
    assert measured(found, "latency").value == pytest.approx(0.03)
    draws = latency_draws(asked, RATES, np.full(400, 0.03), seed=0)
    # Every draw weighs the rows anew: its percentile moves with its mean, here held at 0.03.
    assert np.median(draws["latency_p50"]) == pytest.approx(0.02, abs=0.001)
    assert np.median(draws["latency_p99"]) == pytest.approx(0.22, abs=0.001)
    assert isinstance(found["serve_cost"], Unmeasured)


def test_rows_of_another_run_are_moved_to_the_mean_of_the_candidate() -> None:
    """Rows of 10 and 30 tokens, answered in a run with fewer shots: of a candidate whose prompts
    have 120 tokens on average, of which 90 are cached, they have 110 and 130."""
    items = tuple(item(row, 10 + 20 * (row % 2)) for row in range(10))
    taken = row_latencies(tokens(prompt=120.0, cached=90.0, completion=1.0, items=items), RATES)
    assert sorted(set(np.round(list(taken.values()), 6))) == [0.03, 0.05]


def test_a_quantile_is_a_value_that_was_seen() -> None:
    values = np.array([5.0, 1.0, 3.0, 2.0, 4.0])
    weights = np.ones((1, 5))
    for share, wanted in ((0.2, 1.0), (0.21, 2.0), (0.5, 3.0), (1.0, 5.0)):
        assert quantiles(values, weights, share).tolist() == [wanted]


def measured(found: Any, name: str) -> Distribution:
    one = found[name]
    assert isinstance(one, Distribution)
    return one


def price(**changes: Any) -> Price:
    found: dict[str, Any] = {
        "name": "price.hosted",
        "doc": None,
        "span": Span(Source("prices.cosmos", "x"), 0, 1),
        "input": Quantity.parse("2 USD/Mtok"),
        "output": Quantity.parse("8 USD/Mtok"),
        "cached_input": Quantity.parse("0.5 USD/Mtok"),
        "cache_from": 1024,
        "batch_discount": 0.5,
        "source": "invoice",
        "as_of": "2026-01-31",
    }
    return Price(**(found | changes))


def charges(priced: Price, *, prompt: float, cached: float) -> Any:
    items = tuple(item(row, int(prompt)) for row in range(10))
    asked = tokens(prompt=prompt, cached=cached, completion=10.0, items=items)
    return endpoint_costs(asked, priced, trains=False, n_test=100, seed=0)


def test_an_endpoint_bills_whole_prompts_and_discounts_what_it_cached() -> None:
    """2,000 prompt tokens of which 1,500 are cached, 10 answer tokens: 500 * 2 + 1,500 * 0.5 +
    10 * 8 = 1,830 millionths of a dollar. In a batch 2,000 * 2 + 80 = 4,080, halved: 2,040."""
    found = charges(price(), prompt=2000.0, cached=1500.0)
    assert measured(found, "endpoint_cost").value == pytest.approx(1830e-6)
    assert measured(found, "endpoint_cost").unit == "USD/request"
    assert measured(found, "batch_cost").value == pytest.approx(2040e-6)


def test_a_beginning_too_short_to_be_cached_is_paid_in_full() -> None:
    """1,000 tokens in common are below 1,024: 2,000 * 2 + 80 = 4,080 millionths."""
    found = charges(price(), prompt=2000.0, cached=1000.0)
    assert measured(found, "endpoint_cost").value == pytest.approx(4080e-6)
    known = charges(price(cached_input=None), prompt=2000.0, cached=1500.0)
    assert measured(known, "endpoint_cost").value == pytest.approx(4080e-6)


def test_what_an_endpoint_does_not_say_is_no_number() -> None:
    found = charges(price(batch_discount=None), prompt=100.0, cached=0.0)
    missing = found["batch_cost"]
    assert isinstance(missing, Unmeasured) and "batch_discount" in missing.reason
    asked = tokens(prompt=9.0, cached=0.0, completion=1.0, items=(item(0, 9),))
    adapted = endpoint_costs(asked, price(), trains=True, n_test=100, seed=0)
    assert all(isinstance(one, Unmeasured) for one in adapted.values())


def test_nothing_to_do_takes_nothing() -> None:
    assert seconds(Work(), OVERHEADS) == 0
