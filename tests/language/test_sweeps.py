"""`sweep(…)`: constants, expanded statically into candidates."""

from __future__ import annotations

from typing import Any

import pytest

from cosmosql.diagnostics.diagnostic import InputError
from cosmosql.plan.expand import expand

Desk = Any

TUNED = """
strategy tuned using lora {
  model = sweep(tiny.small, tiny.large)
  rank = sweep(4, 8)
  share = sweep(25%, 100%)
  on = hw.cpu
}
"""


def names(desk: Desk, text: str) -> list[str]:
    program = desk.program(text)
    (query,) = program.queries.values()
    return [item.name for item in expand(program, query)]


def test_sweeps_multiply_and_the_first_varies_slowest(desk: Desk) -> None:
    found = names(desk, desk.head + TUNED + desk.pick)
    assert found == [
        f"strategy.tuned[model={model},share={share},rank={rank}]"
        for model in ("small", "large")
        for share in ("25%", "100%")
        for rank in (4, 8)
    ]


def test_values_keep_the_order_written(desk: Desk) -> None:
    text = desk.whole.replace("shots = 4", "shots = sweep(8, 0, 4)")
    assert names(desk, text) == [f"strategy.few[shots={shots}]" for shots in (8, 0, 4)]


def test_a_sweep_of_one_value_still_names_it(desk: Desk) -> None:
    assert names(desk, desk.whole.replace("shots = 4", "shots = sweep(4)")) == [
        "strategy.few[shots=4]"
    ]


def test_a_sweep_may_have_a_name(desk: Desk) -> None:
    text = desk.whole.replace("shots = 4", "shots = ladder")
    text = text.replace(
        "strategy few", "let base = 2\nlet ladder = sweep(base, base * 2)\n\nstrategy few"
    )
    assert names(desk, text) == ["strategy.few[shots=2]", "strategy.few[shots=4]"]
    models = desk.whole.replace("tiny.small", "both").replace(
        "strategy few", "let both = sweep(tiny.small, tiny.large)\n\nstrategy few"
    )
    assert names(desk, models) == ["strategy.few[model=small]", "strategy.few[model=large]"]
    stranger = models.replace("sweep(tiny.small, tiny.large)", "sweep(tiny.small, hw.cpu)")
    assert desk.codes(stranger) == ["E0302"]


def test_a_sweep_of_retrievers(desk: Desk) -> None:
    text = desk.whole.replace(
        "  shots = 4", "  retriever = sweep(retriever.near, retriever.far)\n  shots = 4"
    )
    text += "".join(
        f"\nretriever {name} using {using} {{\n  corpus = tiny.dataset.desk\n}}\n"
        for name, using in (("near", "bm25"), ("far", "random"))
    )
    assert names(desk, text) == ["strategy.few[retriever=near]", "strategy.few[retriever=far]"]


@pytest.mark.parametrize(
    ("sweep", "label"),
    [
        ("sweep()", "it has no values"),
        ("sweep(1, sweep(2, 4))", "a sweep takes single values"),
        ("sweep(1, [2, 4])", "a sweep takes single values"),
        ("sweep(1, inner)", "a sweep takes single values"),
        ("sweep(1, 2, 1)", "this value stands in it already"),
        ("sweep(4, 2 + 2)", "this value stands in it already"),
        ("sweep(4, 4 examples)", "this value stands in it already"),
    ],
)
def test_what_is_no_sweep(desk: Desk, sweep: str, label: str) -> None:
    text = desk.whole.replace("shots = 4", f"shots = {sweep}")
    text = text.replace("strategy few", "let inner = sweep(2, 4)\n\nstrategy few")
    (found,) = desk.found(text)
    assert (found.code, found.labels[0].text) == ("E0303", label)


@pytest.mark.parametrize(
    ("attribute", "sweep"),
    [
        ("share", "sweep(25%, 0.25)"),
        ("share", "sweep(0.1, 0.1000000000000000000001)"),
        ("model", "sweep(tiny.small, tiny.model.small)"),
    ],
)
def test_values_that_are_one_make_no_two_candidates(desk: Desk, attribute: str, sweep: str) -> None:
    old = {"share": "share = sweep(25%, 100%)", "model": "model = sweep(tiny.small, tiny.large)"}
    text = (desk.head + TUNED + desk.pick).replace(old[attribute], f"{attribute} = {sweep}")
    assert desk.codes(text) == ["E0303"]


def test_every_value_of_a_sweep_is_checked(desk: Desk) -> None:
    text = desk.whole.replace("shots = 4", "shots = sweep(1, -1, 2.5, 3 USD)")
    assert desk.codes(text) == ["E0304", "E0302", "E0302"]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("on = hw.cpu", "on = sweep(hw.cpu, hw.l4)", "E0303"),
        ("within 1 USD", "within sweep(1 USD, 2 USD)", "E0302"),
        ("maximize accuracy", "maximize accuracy\n  require accuracy >= sweep(1, 2)", "E0302"),
        ("shots = 4", "shots = 2 * sweep(1, 2)", "E0302"),
        ("shots = 4", "shots = sweep(1, 2) + 1", "E0302"),
        ("shots = 4", "shots = sweeep(1, 2)", "E0201"),
        ("shots = 4", "shots = -sweep(1, 2)", "E0302"),
    ],
)
def test_where_no_sweep_can_stand(desk: Desk, old: str, new: str, code: str) -> None:
    assert desk.codes(desk.whole.replace(old, new)) == [code]


def test_a_sweep_stands_in_strategies_only(desk: Desk) -> None:
    text = 'dataset d using jsonl {\n  source = sweep("a.jsonl", "b.jsonl")\n}\n'
    assert desk.codes(text) == ["E0303"]
    assert desk.codes("probe p {\n  rows = sweep(10, 20)\n}\n") == ["E0303"]
    assert desk.codes("probe p {\n  sizes = sweep(10, 20)\n}\n") == ["E0303"]


def values(count: int) -> str:
    return f"sweep({', '.join(map(str, range(1, count + 1)))})"


def test_a_thousand_candidates_are_compared_and_no_more(desk: Desk) -> None:
    text = (desk.head + TUNED + desk.pick).replace("rank = sweep(4, 8)", f"rank = {values(250)}")
    assert len(names(desk, text)) == 1_000
    more = text.replace("sweep(25%, 100%)", "sweep(25%, 50%, 100%)")
    (found,) = desk.found(more)
    assert found.code == "E0402"
    assert found.labels[0].text == "expands to 1,500 candidates"
    assert "at most 1,000" in found.notes[0]


def test_the_limit_counts_all_strategies_of_a_query(desk: Desk) -> None:
    other = TUNED.replace("tuned", "more")
    text = (desk.head + TUNED + other + desk.pick).replace(
        "rank = sweep(4, 8)", f"rank = {values(200)}"
    )
    (found,) = desk.found(text)
    assert found.code == "E0402"
    assert "1,600" in found.notes[0]


def test_a_product_beyond_all_bounds_is_counted_and_never_walked(desk: Desk) -> None:
    """Seven sweeps of a thousand values: 10^21 candidates, of which not one is made."""
    attributes = "".join(
        f"  {name} = {values(1_000)}\n" for name in ("rank", "alpha", "batch_size", "epochs")
    )
    small = ", ".join(f"0.{i:04}" for i in range(1, 1_001))
    attributes += "".join(
        f"  {name} = sweep({small})\n" for name in ("share", "dropout", "learning_rate")
    )
    strategy = (
        f"\nstrategy tuned using lora {{\n  model = tiny.small\n{attributes}  on = hw.cpu\n}}\n"
    )
    path = desk.write(desk.head + strategy + desk.pick)
    (found,) = desk.found(path.read_text())
    assert found.code == "E0402"
    assert "1,000,000,000,000,000,000,000" in found.labels[0].text
    with pytest.raises(InputError):
        desk.compiled(path.read_text())


def test_a_sweep_of_many_values_takes_time_linear_in_them(desk: Desk) -> None:
    text = desk.whole.replace("shots = 4", f"shots = {values(20_000)}")
    (found,) = desk.found(text)
    assert (found.code, found.labels[0].text) == ("E0402", "expands to 20,000 candidates")
