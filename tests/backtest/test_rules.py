"""Simple rules under a cap, by hand, and what always holds of regret and caps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmosql.backtest.rules import (
    RULES,
    Option,
    best,
    best_at_last_probe,
    largest_in_context,
    largest_tuned,
    random_choice,
    regret,
    regret_draws,
    three_caps,
)


def option(
    name: str,
    truth: float,
    flops: float,
    *,
    trains: bool = False,
    parameters: int = 1,
    shots: float = 0,
    probed: float | None = None,
) -> Option:
    return Option(
        name=name,
        kind="lora" if trains else "icl",
        trains=trains,
        parameters=parameters,
        shots=shots,
        flops=flops,
        probed=probed,
        truth=truth,
        draws=np.linspace(truth - 0.01, truth + 0.01, 11),
    )


FREE = option("free", 0.4, 0, parameters=0, probed=0.4)
FEW = option("few", 0.5, 10, parameters=2, shots=2, probed=0.5)
MANY = option("many", 0.6, 20, parameters=2, shots=8, probed=0.45)
SMALL = option("small", 0.7, 30, trains=True, probed=0.3)
LARGE = option("large", 0.65, 90, trains=True, parameters=2)
ALL = (FREE, FEW, MANY, SMALL, LARGE)

OPTIONS = st.lists(
    st.tuples(st.floats(0, 1), st.floats(0, 1e12), st.booleans(), st.floats(0, 1) | st.none()),
    min_size=1,
    max_size=12,
).map(
    lambda rows: [
        option(str(index), truth, flops, trains=trains, shots=0 if trains else 2, probed=probed)
        for index, (truth, flops, trains, probed) in enumerate(rows)
    ]
)


def names(options: object) -> list[str]:
    return [one.name for one in options]  # type: ignore[attr-defined]


def test_what_each_rule_takes() -> None:
    assert names(largest_tuned(ALL)) == ["large"]
    assert names(largest_tuned([FREE, FEW, MANY])) == ["many"]
    assert names(best_at_last_probe(ALL)) == ["few"]
    assert names(best_at_last_probe([LARGE])) == ["large"]
    assert names(largest_in_context(ALL)) == ["many"]
    assert names(largest_in_context([FREE, SMALL])) == ["small"]
    assert names(random_choice(ALL)) == names(ALL)


def test_equal_scores_are_told_apart_by_cost() -> None:
    twin = option("twin", 0.5, 15, shots=2, probed=0.5)
    assert names(best_at_last_probe([FEW, twin])) == ["twin"]


def test_regret_is_what_the_best_has_more_than_the_mean_taken() -> None:
    assert best(ALL) is SMALL
    assert regret([LARGE], ALL) == pytest.approx(5)
    assert regret([FREE, SMALL], ALL) == pytest.approx(15)
    assert regret([SMALL], ALL) == 0
    assert regret_draws([LARGE], ALL) == pytest.approx(5)


@given(options=OPTIONS)
def test_every_rule_takes_what_fits_and_regrets_nothing_below_zero(options: list[Option]) -> None:
    for rule in RULES.values():
        taken = rule(options)
        assert taken
        assert set(names(taken)) <= set(names(options))
        assert regret(taken, options) >= -1e-9


@given(options=OPTIONS)
def test_caps_bind(options: list[Option]) -> None:
    """Each leaves something out and lets something in, and the truly best does not fit at least one
    of them unless nothing that costs anything is cheaper."""
    caps = three_caps(options)
    assert len(caps) <= 3
    assert list(caps) == sorted(set(caps))
    for cap in caps:
        fits = [one for one in options if one.flops <= cap]
        assert fits and len(fits) < len(options)
    limit = best(options).flops
    if caps and any(0 < one.flops < limit for one in options):
        assert min(caps) < limit


def test_three_caps_are_quartiles() -> None:
    options = [option(str(cost), 0.5 + cost / 100, cost) for cost in range(1, 9)]
    assert three_caps(options) == (2, 4, 6)
    assert three_caps([FREE]) == ()
