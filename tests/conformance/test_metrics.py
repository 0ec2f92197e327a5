"""What every metric promises: `cosmosql.contracts.metric`."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosmosql.contracts.metric import Metric
from cosmosql.schema import registry

LABELS = ("blue", "green", "red")
pairs = st.lists(
    st.tuples(st.sampled_from((*LABELS, "none of them")), st.sampled_from(LABELS)),
    min_size=1,
    max_size=25,
)


every_metric = pytest.mark.parametrize("name", registry.names("metric"))


def load(name: str) -> Metric:
    return cast(Metric, registry.load(registry.extension("metric", name)))


def index(label: str) -> int | None:
    return LABELS.index(label) if label in LABELS else None


def value(metric: Metric, answers: list[tuple[str, str]], weights: np.ndarray) -> np.ndarray:
    scores = np.array([metric.item(said, right) for said, right in answers])
    said, right = zip(*answers, strict=True)
    return metric.aggregate(
        scores, [index(one) for one in said], [index(r) for r in right], weights
    )


@every_metric
@given(answers=pairs, seed=st.integers(0, 1000))
def test_values_lie_between_0_and_1(name: str, answers: list[tuple[str, str]], seed: int) -> None:
    weights = np.random.default_rng(seed).dirichlet(np.ones(len(answers)), size=5) * len(answers)
    found = value(load(name), answers, weights)
    assert found.shape == (5,)
    assert ((found >= 0) & (found <= 1)).all()


@every_metric
@given(answers=pairs, data=st.data())
def test_weights_are_repetitions(
    name: str, answers: list[tuple[str, str]], data: st.DataObject
) -> None:
    counts = data.draw(
        st.lists(st.integers(0, 3), min_size=len(answers), max_size=len(answers)).filter(any)
    )
    repeated = [answer for answer, count in zip(answers, counts, strict=True) for _ in range(count)]
    weighted = value(load(name), answers, np.array([counts], dtype=float))
    plain = value(load(name), repeated, np.ones((1, len(repeated))))
    assert weighted == pytest.approx(plain)


@every_metric
@given(answers=pairs)
def test_a_metric_that_decomposes_is_the_mean_of_item_scores(
    name: str, answers: list[tuple[str, str]]
) -> None:
    metric = load(name)
    if metric.decomposes:
        scores = [metric.item(said, right) for said, right in answers]
        plain = value(metric, answers, np.ones((1, len(answers))))
        assert plain == pytest.approx([np.mean(scores)])


@every_metric
def test_all_right_is_1_and_all_wrong_is_0(name: str) -> None:
    right = [(label, label) for label in LABELS]
    wrong = [("blue", "red"), ("red", "green"), ("green", "blue")]
    ones = np.ones((1, 3))
    assert value(load(name), right, ones) == pytest.approx([1.0])
    assert value(load(name), wrong, ones) == pytest.approx([0.0])


@every_metric
def test_the_name_is_the_registered_one(name: str) -> None:
    assert load(name).name == name


@every_metric
def test_an_empty_draw_is_an_error(name: str) -> None:
    with pytest.raises(ValueError, match="draw of weights"):
        value(load(name), [("blue", "blue")], np.zeros((1, 1)))
