from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from cosmosql.contracts.strategy import Fidelity
from cosmosql.evidence.store import Recorded
from cosmosql.interval import Unmeasured
from cosmosql.predict.fits import Fits
from cosmosql.predict.forecast import Distribution, Forecast
from cosmosql.predict.forecasting import forecast
from cosmosql.predict.gather import proxy_points
from cosmosql.predict.items import row_scores
from cosmosql.predict.metric import metric_named
from cosmosql.predict.quantities import currency_of
from cosmosql.predict.spending import exhaustive, probing
from cosmosql.units import Quantity

Make = Callable[..., Any]


def no_fits() -> Fits:
    return Fits(Recorded(), replay=False)


def by_name(world: Any, *, seed: int = 0, draws: int = 500) -> dict[str, Forecast]:
    found = forecast(world.graph, world.measured, world.facts, no_fits(), seed=seed, draws=draws)
    return {one.candidate.name: one for one in found}


def metric(one: Forecast) -> Distribution:
    assert isinstance(one.metric, Distribution), one.metric
    return one.metric


def measure(one: Forecast, name: str) -> Distribution:
    found = one.measures[name]
    assert isinstance(found, Distribution), found
    return found


def test_what_was_run_in_full_is_measured_and_the_rest_predicted(world: Make) -> None:
    found = by_name(world())
    basis = {name: metric(one).basis for name, one in found.items()}
    assert basis == {
        "strategy.zero": "measured",
        "strategy.rag[shots=0]": "measured",
        "strategy.rag[shots=1]": "measured",
        "strategy.rag[shots=4]": "measured",
        "strategy.rag[shots=16]": "predicted",
        "strategy.rag[shots=64]": "predicted",
        "strategy.tuned[share=25%]": "predicted",
        "strategy.tuned[share=100%]": "predicted",
    }


def test_the_value_of_a_measured_candidate_is_the_plain_metric(world: Make) -> None:
    one = world()
    found = by_name(one)["strategy.zero"]
    items = one.items("prompt " + str(Fidelity()), 0.40, 20)
    assert metric(found).value == pytest.approx(np.mean([item.score for item in items]))


def test_draws_decide_and_the_shown_interval_foretells_test_rows(world: Make) -> None:
    for one in by_name(world()).values():
        shown = metric(one).estimate()
        low, high = np.quantile(metric(one).draws, [0.05, 0.95])
        assert shown.low <= low + 0.03 and shown.high >= high - 0.03
        if metric(one).basis == "measured":
            assert shown.high - shown.low > high - low


def test_the_same_evidence_gives_the_same_draws(world: Make) -> None:
    first, again = by_name(world()), by_name(world())
    for name, one in first.items():
        np.testing.assert_array_equal(metric(one).draws, metric(again[name]).draws)


def test_a_kept_fit_is_not_computed_again(world: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    one = world()
    fits = no_fits()
    first = forecast(one.graph, one.measured, one.facts, fits, seed=0, draws=200)
    monkeypatch.setattr("cosmosql.predict.predicting.predictor_named", lambda name: None)
    kept = Fits(Recorded(fits.used), replay=True)
    again = forecast(one.graph, one.measured, one.facts, kept, seed=0, draws=200)
    for left, right in zip(first, again, strict=True):
        np.testing.assert_array_equal(metric(left).draws, metric(right).draws)


def test_a_kept_fit_stands_for_its_outcomes_alone(world: Make) -> None:
    """The same questions answered otherwise, as on another device, are fitted anew."""
    one = world()
    fits = no_fits()
    forecast(one.graph, one.measured, one.facts, fits, seed=0, draws=200)
    kept = Fits(Recorded(fits.used), replay=True)
    otherwise = [
        replace(
            each,
            observation=replace(
                each.observation,
                items=tuple(replace(item, score=1 - item.score) for item in each.observation.items),
            ),
        )
        for each in one.measured
    ]
    again = forecast(one.graph, otherwise, one.facts, kept, seed=0, draws=200)
    fresh = forecast(one.graph, otherwise, one.facts, no_fits(), seed=0, draws=200)
    for left, right in zip(again, fresh, strict=True):
        np.testing.assert_array_equal(metric(left).draws, metric(right).draws)
    assert not {fit.key for fit in kept.used} & {fit.key for fit in fits.used}


def test_differences_are_paired(world: Make) -> None:
    """Rows are hard for all, so the difference of two candidates varies less than it would on
    rows of their own."""
    found = by_name(world(), draws=2000)
    one, other = metric(found["strategy.rag[shots=1]"]), metric(found["strategy.rag[shots=4]"])
    together = (one.draws - other.draws).var()
    assert together < 0.75 * (one.draws.var() + other.draws.var())
    predicted = metric(found["strategy.rag[shots=16]"])
    assert np.corrcoef(other.draws, predicted.draws)[0, 1] > 0.1


def test_intervals_cover_what_test_rows_show(world: Make) -> None:
    """Candidates of eight worlds, measured and predicted, on 500 test rows."""
    rng = np.random.default_rng(3)
    hits = total = 0
    for seed in range(8):
        one = world(seed=seed)
        fulls = {name: full for series in one.graph.series for name, full in series.full.items()}
        for name, found in by_name(one).items():
            truth = one.truth(found.candidate.kind, fulls[name])
            shown = metric(found).estimate()
            hits += shown.low <= rng.binomial(500, truth) / 500 <= shown.high
            total += 1
    # Candidates of a world share their rows: the band is that of a quarter as many.
    assert hits / total >= binom.ppf(0.001, total // 4, 0.9) / (total // 4), hits / total


def test_without_a_proxy_fine_tuning_rests_on_its_runs(world: Make) -> None:
    one = world(proxies=False)
    name = "strategy.tuned[share=100%]"
    found = metric(by_name(one)[name])
    full = next(series.full[name] for series in one.graph.series if name in series.full)
    low, high = np.quantile(found.draws, [0.05, 0.95])
    assert found.basis == "predicted" and low <= one.truth("lora", full) <= high


def test_nothing_measured_is_unmeasured_and_no_number(world: Make) -> None:
    one = world()
    found = forecast(one.graph, (), one.facts, no_fits(), seed=0, draws=100)
    assert all(isinstance(each.metric, Unmeasured) for each in found)
    assert all(isinstance(each.measures["serve_cost"], Unmeasured) for each in found)


def test_a_refusal_is_the_reason_that_is_shown(world: Make) -> None:
    one = world()
    measured = []
    for each in one.measured:
        if each.measurement.fidelity == Fidelity(shots=4):
            values = {"unmeasured": "900 tokens do not fit the context of 512"}
            each = replace(each, observation=replace(each.observation, values=values, items=()))
        measured.append(each)
    found = forecast(one.graph, measured, one.facts, no_fits(), seed=0, draws=100)
    refused = next(each for each in found if each.candidate.name == "strategy.rag[shots=4]")
    assert refused.metric == Unmeasured("900 tokens do not fit the context of 512")


def test_shots_beyond_the_context_are_unmeasured(world: Make) -> None:
    one = world()
    card = replace(one.facts.cards["model.small"], context=300)
    facts = replace(one.facts, cards={"model.small": card})
    found = {
        each.candidate.name: each
        for each in forecast(one.graph, one.measured, facts, no_fits(), seed=0, draws=100)
    }
    assert isinstance(found["strategy.rag[shots=16]"].metric, Distribution)
    refused = found["strategy.rag[shots=64]"].metric
    assert isinstance(refused, Unmeasured) and "context" in refused.reason


def test_test_rows_are_refused(world: Make) -> None:
    one = world()
    first = next(each for each in one.measured if each.measurement.kind == "evaluate")
    leaked = replace(first, observation=replace(first.observation, role="test"))
    with pytest.raises(ValueError, match="test rows"):
        forecast(one.graph, (leaked,), one.facts, no_fits(), seed=0, draws=100)
    asked = replace(first, measurement=replace(first.measurement, role="test"))
    with pytest.raises(ValueError, match="test rows"):
        forecast(one.graph, (asked,), one.facts, no_fits(), seed=0, draws=100)


def test_rows_of_a_predicted_candidate_move_to_its_forecast(world: Make) -> None:
    one = by_name(world())["strategy.rag[shots=64]"]
    assert one.items is not None and one.items.shift is not None
    scores = row_scores(one.items, one.items.rows, 500)
    assert scores.mean() == pytest.approx(metric(one).draws.mean(), abs=0.01)
    right = one.items.score == 1
    assert scores[:, right].mean() > scores[:, ~right].mean()


def test_costs_agree_with_an_invoice_written_by_hand(world: Make) -> None:
    """3.6 USD a GPU-hour is 0.001 USD a second; half of the paid time serves.

    rag, 16 shots: 20 + 16 * 15 = 260 prompt tokens at 1,000 a second and 1 answer token at 100:
    0.27 s, 0.27 * 0.001 / 0.5 = 0.00054 USD. tuned, all 1,000 rows: 25 tokens * 3 epochs * 1,000
    = 75,000 tokens at 500 a second: 150 s, 0.15 USD; its requests 20 tokens: 0.03 s, 0.00006 USD.
    """
    found = by_name(world())
    shots = found["strategy.rag[shots=16]"]
    assert measure(shots, "prompt_tokens").value == pytest.approx(260)
    assert measure(shots, "latency").value == pytest.approx(0.27)
    assert measure(shots, "serve_cost").value == pytest.approx(0.00054)
    assert measure(shots, "serve_cost").unit == "USD/request"
    assert measure(shots, "adapt_cost").value == 0
    tuned = found["strategy.tuned[share=100%]"]
    assert measure(tuned, "adapt_cost").value == pytest.approx(0.15)
    assert measure(tuned, "serve_cost").value == pytest.approx(0.00006)


def test_what_costs_nothing_costs_it_in_the_currency_of_the_query(world: Make) -> None:
    graph = world().graph
    dollars = graph.program.hardware["hardware.box"]
    euros = replace(dollars, price=Quantity.parse("2 EUR/GPU-hour"))
    unused = {"hardware.another": dollars, "hardware.box": euros}
    assert currency_of(replace(graph, program=replace(graph.program, hardware=unused))) == "EUR"
    without = replace(graph, program=replace(graph.program, hardware={}))
    assert currency_of(without) == "USD"
    budget = replace(graph.query.budget, probing={"money": Quantity.parse("3 GBP")})
    assert currency_of(replace(without, query=replace(graph.query, budget=budget))) == "GBP"


def test_an_index_reads_the_rows_of_its_own_corpus(world: Make) -> None:
    """A demonstration has 15 tokens, and so has each of the corpus's 300 train rows."""
    one = world()
    near = replace(
        one.program.retrievers["retriever.near"], using="dense", corpus="dataset.archive"
    )
    facts = replace(one.facts, pools={"dataset.rows": 1000, "dataset.archive": 300})
    graph = replace(one.graph, program=replace(one.program, retrievers={"retriever.near": near}))
    found = {
        each.candidate.name: each
        for each in forecast(graph, one.measured, facts, no_fits(), seed=0, draws=100)
    }
    once = found["strategy.rag[shots=4]"].adaptation
    assert once is not None and once.indexed_tokens == pytest.approx(300 * 15)


def test_exhaustive_search_is_every_candidate_in_full_once(world: Make) -> None:
    """On 500 test rows, seconds at 1,000 prompt and 100 answer tokens and 500 training tokens:
    zero 0.03 * 500 = 15; rag (20 + 15 k) / 1,000 + 0.01 for k = 0, 1, 4, 16, 64: 15, 22.5, 45, 135,
    495; tuned 37.5 + 15 and 150 + 15: 945 s, 0.945 USD.

    Every token is 2 * 100,000 FLOPs, or 4 in training; every pair of a token with one before it
    4 * 2 layers * 64 wide, thrice in training. A prompt of T tokens and its answer of one are
    T^2 / 2 + T + 1 / 2 = (T + 1)^2 / 2 pairs, a training token has 25 / 2."""
    one = world()
    found = forecast(one.graph, one.measured, one.facts, no_fits(), seed=0, draws=100)
    spent = exhaustive(one.graph, found, one.measured, one.facts)
    assert spent.seconds == pytest.approx(945)
    assert spent.money == Decimal("0.945") and spent.currency == "USD"
    assert spent.uncounted == ()
    prompts = [20, 20, 35, 80, 260, 980, 20, 20]
    tokens = 500 * sum(prompt + 1 for prompt in prompts)
    trained = 1000 * 75 + 250 * 75
    pairs = 500 * sum((prompt + 1) ** 2 / 2 for prompt in prompts)
    attention = 4 * 2 * 64 * (pairs + 3 * trained * 25 / 2)
    assert spent.flops == pytest.approx(100_000 * (2 * tokens + 4 * trained) + attention)


def test_probing_is_counted_by_the_same_rates(world: Make) -> None:
    """200 rows: zero 6 s; rag 0, 1, 2, 4 shots 6, 9, 12, 18; tuned on 64 and 128 rows 9.6 and 19.2
    of training and 6 each of answering: 91.8 s."""
    one = world()
    spent = probing(one.graph, one.measured, one.facts)
    assert spent.seconds == pytest.approx(91.8)
    assert spent.money == Decimal("0.0918")


def of_common_demonstrations(one: Any) -> Any:
    """The world's graph, with one random set of demonstrations in place of the nearest ones."""
    near = replace(one.program.retrievers["retriever.near"], using="random")
    return replace(one.graph, program=replace(one.program, retrievers={"retriever.near": near}))


@pytest.mark.parametrize("recorded", [True, False])
def test_a_beginning_that_prompts_share_is_read_once(world: Make, recorded: bool) -> None:
    """As above, with one set of demonstrations of 15 k tokens. Probing reads 200 rows of 20 tokens
    and the sets of 15, 30 and 60 tokens once: 4.1 s in place of 25 s for k = 1, 2, 4, so 91.8 s
    less 199 * (15 + 30 + 60) / 1,000 = 20.895 s. Exhaustive search on 500 rows: 945 s less
    499 * (15 + 60 + 240 + 960) / 1,000 = 636.225 s. Evidence that did not record it knows that a
    demonstration is a query of 20 tokens with an answer of 1: 21 k tokens by its rule, of prompts
    of 20 + 15 k: k / (k + 1) * (21 + 15 k) = 18, 34 and 64.8 tokens, and of a larger set what
    its prompts have beyond the 80 - 64.8 = 15.2 tokens of the largest run's own."""
    one = world()
    graph = of_common_demonstrations(one)

    def told(each: Any) -> Any:
        shots = each.measurement.fidelity.shots or 0
        cached = 15 * shots * (one.probe_rows - 1) if recorded else None
        usage = replace(each.observation.usage, cached_tokens=cached)
        return replace(each, observation=replace(each.observation, usage=usage))

    measured = [told(each) for each in one.measured]
    sets, fulls = (15 + 30 + 60, 15 + 60 + 240 + 960)
    if not recorded:
        sets, fulls = (18 + 34 + 64.8, 18 + 64.8 + (260 - 15.2) + (980 - 15.2))
    spent = probing(graph, measured, one.facts)
    assert spent.seconds == pytest.approx(91.8 - 0.199 * sets)
    found = forecast(graph, measured, one.facts, no_fits(), seed=0, draws=4000)
    everything = exhaustive(graph, found, measured, one.facts)
    assert everything.seconds == pytest.approx(945 - 0.499 * fulls, rel=1e-3)
    shots = next(each for each in found if each.candidate.name == "strategy.rag[shots=16]")
    assert measure(shots, "prompt_tokens").value == pytest.approx(260)
    own = 20 if recorded else 15.2
    assert measure(shots, "cached_tokens").value == pytest.approx(260 - own)
    assert measure(shots, "latency").value == pytest.approx(own / 1000 + 0.01)


def test_an_index_that_several_use_is_embedded_once(world: Make) -> None:
    """Each probe with demonstrations embedded 1,000 train rows of 15 tokens and 200 queries of 20:
    19,000 tokens, of which two of three are not counted. Exhaustive search embeds 1,000 rows and
    500 queries for four candidates once: 25 s."""
    one = world()
    near = replace(one.program.retrievers["retriever.near"], using="dense")
    graph = replace(one.graph, program=replace(one.program, retrievers={"retriever.near": near}))

    def embedded(each: Any) -> Any:
        usage = each.observation.usage
        extra = 19_000 if each.measurement.fidelity.shots else 0
        usage = replace(usage, prompt_tokens=usage.prompt_tokens + extra)
        return replace(each, observation=replace(each.observation, usage=usage))

    measured = [embedded(each) for each in one.measured]
    assert probing(graph, measured, one.facts).seconds == pytest.approx(91.8 + 19)
    found = forecast(graph, measured, one.facts, no_fits(), seed=0, draws=100)
    everything = exhaustive(graph, found, measured, one.facts)
    assert everything.seconds == pytest.approx(945 + 25)


def test_what_cannot_run_has_no_cost_a_request_and_bounds_what_fits(world: Make) -> None:
    one = world()
    reason = "900 tokens do not fit the context of 512"
    kept = {None, 0, 1}
    measured = [
        each
        if each.measurement.fidelity.shots in kept
        else replace(
            each, observation=replace(each.observation, values={"unmeasured": reason}, items=())
        )
        for each in one.measured
    ]
    found = {
        each.candidate.name: each
        for each in forecast(one.graph, measured, one.facts, no_fits(), seed=0, draws=100)
    }
    assert found["strategy.rag[shots=4]"].metric == Unmeasured(reason)
    beyond = found["strategy.rag[shots=16]"].metric
    assert isinstance(beyond, Unmeasured) and "at most 1 do" in beyond.reason
    for shots in (4, 16, 64):
        costs = found[f"strategy.rag[shots={shots}]"].measures
        assert isinstance(costs["serve_cost"], Unmeasured)
        assert isinstance(costs["prompt_tokens"], Unmeasured)


def test_a_proxy_curve_is_in_the_metric_of_the_task(world: Make) -> None:
    """Nine rows in ten have label 0 and a head that says so always: accuracy 0.9, macro F1
    0.9 / 1.9 = 0.474 over two labels."""
    one = world()
    (proxy,) = [each.observation for each in one.measured if each.measurement.kind == "proxy"]
    items = tuple(
        replace(item, predicted=0, target=int(index % 10 == 0), score=float(index % 10 != 0))
        for index, item in enumerate(proxy.items)
    )
    values = {"sizes": [16, 1000], "accuracy": [0.9, 0.9]}
    observation = replace(proxy, items=items, values=values)
    accuracy = proxy_points(observation, metric_named("accuracy"), draws=100, seed=0)
    assert [point.value for point in accuracy] == [0.9, 0.9]
    f1 = proxy_points(observation, metric_named("macro_f1"), draws=100, seed=0)
    assert [point.value for point in f1] == pytest.approx([0.9 / 1.9] * 2, abs=0.001)


def test_time_is_counted_where_no_price_is_known(world: Make) -> None:
    one = world()
    box = replace(one.program.hardware["hardware.box"], price=None)
    graph = replace(one.graph, program=replace(one.program, hardware={"hardware.box": box}))
    spent = probing(graph, one.measured, one.facts)
    assert spent.seconds == pytest.approx(91.8)
    assert spent.currency is None and "strategy.zero" in spent.uncounted


def test_the_length_of_demonstrations_that_all_queries_share_is_uncertain(world: Make) -> None:
    """Rows differ by 0 to 4 tokens (deviation sqrt 2), and four demonstrations were probed: a set
    of 16 has a deviation of sqrt(2 * (16 + 256 / 4)) = 12.65 tokens."""
    one = world()
    near = replace(one.program.retrievers["retriever.near"], using="random")

    def found(retrievers: Any) -> Distribution:
        graph = replace(one.graph, program=replace(one.program, retrievers=retrievers))
        measured = [
            replace(each, observation=replace(each.observation, items=varied(each)))
            for each in one.measured
        ]
        made = forecast(graph, measured, one.facts, no_fits(), seed=0, draws=4000)
        name = "strategy.rag[shots=16]"
        return measure(next(each for each in made if each.candidate.name == name), "prompt_tokens")

    def varied(each: Any) -> Any:
        items = enumerate(each.observation.items)
        return tuple(replace(i, prompt_tokens=i.prompt_tokens + at % 5) for at, i in items)

    assert found(one.program.retrievers).draws.std() < 0.5
    assert found({"retriever.near": near}).draws.std() == pytest.approx(12.65, rel=0.05)
